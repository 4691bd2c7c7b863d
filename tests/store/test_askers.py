"""What asked about the pull requests of a repository, as far as the store remembers."""

from bot.model.keys import BranchKey, PullKey
from bot.model.repo import RepoId
from bot.model.steps import StepKey
from bot.store import askers
from bot.store.askers import Askers
from bot.store.shared import Shared

SHOP = RepoId("hub", "acme/shop")


FLEET = RepoId("hub", "acme/fleet")


def plan(number: int) -> StepKey:
    return PullKey(FLEET, number).plan


async def test_whoever_asked_is_found_once_the_newest_first(shared: Shared) -> None:
    known = Askers(shared)
    assert await known.of(SHOP) == ()
    for number in (1, 2, 1):
        await known.remember(plan(number), SHOP)
    assert await known.of(RepoId("hub", "Acme/Shop")) == (plan(1), plan(2))
    assert await known.of(RepoId("lab", "acme/shop")) == ()
    assert await known.of(FLEET) == ()


async def test_of_many_plans_the_oldest_are_forgotten_and_no_delivery(shared: Shared) -> None:
    known, delivery = Askers(shared), BranchKey(FLEET, "release/1.x").deliver
    await known.remember(delivery, SHOP)
    for number in range(askers.MOST + 1):
        await known.remember(plan(number), SHOP)
    assert await known.of(SHOP) == (*(plan(number) for number in range(askers.MOST, 0, -1)), delivery)
