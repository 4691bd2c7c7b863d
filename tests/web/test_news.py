"""A pull request is news for the plans that asked about it, also where its own repository is not served."""

import time

import pytest

from bot.model.repo import RepoId
from bot.store import keys
from bot.store.askers import Askers
from bot.store.connection import Store
from bot.store.shared import Shared
from bot.web.routing import ASKED_DELAY_S
from tests.web.conftest import Client, Signed, pull_request, send

FLEET = RepoId("gh", "acme/fleet")


async def pending(store: Store) -> dict[str, float]:
    """What waits for a run, and for how many seconds still."""
    found = await store.redis.zrange(keys.PENDING, 0, -1, withscores=True)
    return {key.decode(): due_ms / 1000 - time.time() for key, due_ms in found}


async def test_who_asked_is_swept_a_little_later_however_many_events_there_are(
    client: Client, store: Store
) -> None:
    await Askers(Shared(store)).remember(FLEET, RepoId("gh", "other/shop"))
    for number in (7, 8, 9):
        assert (await send(client, pull_request(number, repo="other/shop")))[1]["result"] == "woken"
    ((key, wait_s),) = (await pending(store)).items()
    assert key == "sweep:gh:acme/fleet"
    assert ASKED_DELAY_S - 10 < wait_s <= ASKED_DELAY_S


async def test_its_own_plan_is_woken_at_once_all_the_same(client: Client, store: Store) -> None:
    await Askers(Shared(store)).remember(FLEET, FLEET)
    assert (await send(client, pull_request()))[1]["result"] == "woken"
    waits = await pending(store)
    assert waits.keys() == {"plan:gh:acme/fleet#7", "sweep:gh:acme/fleet"}
    assert waits["plan:gh:acme/fleet#7"] <= 0 < waits["sweep:gh:acme/fleet"]


@pytest.mark.parametrize(
    ("asker", "event"),
    [
        (RepoId("gh", "other/fleet"), pull_request(repo="other/shop")),
        (RepoId("gl", "acme/fleet"), pull_request(repo="other/shop")),
    ],
)
async def test_nobody_else_is_woken(client: Client, store: Store, asker: RepoId, event: Signed) -> None:
    await Askers(Shared(store)).remember(asker, RepoId(asker.forge, "other/shop"))
    assert (await send(client, event))[1]["result"] == "not_served"
    assert await pending(store) == {}
