"""Who asked about the pull requests of whom, as far as the store remembers."""

from bot.model.repo import RepoId
from bot.store import askers
from bot.store.askers import Askers
from bot.store.shared import Shared

SHOP = RepoId("hub", "acme/shop")


def fleet(number: int) -> RepoId:
    return RepoId("hub", f"acme/fleet-{number}")


async def test_whoever_asked_is_found_once_the_newest_first(shared: Shared) -> None:
    known = Askers(shared)
    assert await known.of(SHOP) == ()
    for number in (1, 2, 1):
        await known.remember(fleet(number), SHOP)
    assert await known.of(RepoId("hub", "Acme/Shop")) == (fleet(1), fleet(2))
    assert await known.of(RepoId("lab", "acme/shop")) == ()
    assert await known.of(fleet(1)) == ()


async def test_of_many_the_oldest_are_forgotten(shared: Shared) -> None:
    known = Askers(shared)
    for number in range(askers.MOST + 1):
        await known.remember(fleet(number), SHOP)
    found = await known.of(SHOP)
    assert (len(found), found[0], fleet(0) in found) == (askers.MOST, fleet(askers.MOST), False)
