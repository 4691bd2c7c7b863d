"""A pull request is news for what asked about it, and for nothing else, also where its own repository is not served."""

import time

import pytest

from bot.model.keys import BranchKey, PullKey
from bot.model.repo import RepoId
from bot.model.steps import StepKey
from bot.store import keys
from bot.store.askers import Askers
from bot.store.connection import Store
from bot.store.shared import Shared
from bot.web.routing import ASKED_DELAY_S
from tests.web.conftest import Client, Signed, pull_request, send

FLEET = RepoId("gh", "acme/fleet")
SHOP = RepoId("gh", "other/shop")


async def pending(store: Store) -> dict[str, float]:
    """What waits for a run, and for how many seconds still."""
    found = await store.redis.zrange(keys.PENDING, 0, -1, withscores=True)
    return {key.decode(): due_ms / 1000 - time.time() for key, due_ms in found}


def plan(number: int, repo: RepoId = FLEET) -> StepKey:
    return PullKey(repo, number).plan


async def test_what_asked_is_woken_a_little_later_however_many_events_there_are(
    client: Client, store: Store
) -> None:
    askers, delivery = Askers(Shared(store)), BranchKey(FLEET, "main").deliver
    for asker in (plan(3), delivery):
        await askers.remember(asker, SHOP)
    for number in (7, 8, 9):
        assert (await send(client, pull_request(number, repo="other/shop")))[1]["result"] == "woken"
    waits = await pending(store)
    assert waits.keys() == {str(plan(3)), str(delivery)}
    assert all(ASKED_DELAY_S - 10 < wait_s <= ASKED_DELAY_S for wait_s in waits.values())


async def test_a_pull_request_that_asks_about_its_own_repository_wakes_itself_and_nothing_more(
    client: Client, store: Store
) -> None:
    await Askers(Shared(store)).remember(plan(7), FLEET)
    for action in ("closed", "reopened", "closed", "reopened"):
        assert (await send(client, pull_request(action=action)))[1]["result"] == "woken"
    ((key, wait_s),) = (await pending(store)).items()
    assert key == str(plan(7))
    assert wait_s <= 0


async def test_its_own_plan_is_woken_at_once_and_what_asked_about_it_at_leisure(
    client: Client, store: Store
) -> None:
    for number in (7, 8):
        await Askers(Shared(store)).remember(plan(number), FLEET)
    assert (await send(client, pull_request()))[1]["result"] == "woken"
    waits = await pending(store)
    assert waits.keys() == {str(plan(7)), str(plan(8))}
    assert waits[str(plan(7))] <= 0
    assert waits[str(plan(8))] > ASKED_DELAY_S - 10


@pytest.mark.parametrize(
    ("asker", "event"),
    [
        (PullKey(RepoId("gh", "other/fleet"), 3).plan, pull_request(repo="other/shop")),
        (BranchKey(RepoId("gh", "other/fleet"), "main").deliver, pull_request(repo="other/shop")),
    ],
)
async def test_what_is_not_served_is_not_woken(
    client: Client, store: Store, asker: StepKey, event: Signed
) -> None:
    await Askers(Shared(store)).remember(asker, SHOP)
    assert (await send(client, event))[1]["result"] == "not_served"
    assert await pending(store) == {}


async def test_a_repository_of_the_same_name_elsewhere_is_another_one(client: Client, store: Store) -> None:
    elsewhere = RepoId("gl", "acme/fleet")
    await Askers(Shared(store)).remember(plan(3, elsewhere), RepoId("gl", "other/shop"))
    assert (await send(client, pull_request(repo="other/shop")))[1]["result"] == "not_served"
    assert await pending(store) == {}
