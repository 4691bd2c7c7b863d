"""Which repository a path is, as far as the store remembers."""

from bot.model.repo import RepoId
from bot.store import keys
from bot.store.connection import Store
from bot.store.names import NUMBERS, KnownNames
from bot.store.shared import Shared

FLEET = RepoId("hub", "acme/fleet")


async def test_a_path_and_its_number_are_found_by_each_other(shared: Shared) -> None:
    names = KnownNames(shared)
    assert await names.number_of(FLEET) is None
    await names.remember(FLEET, 4711)
    assert await names.number_of(RepoId("hub", "Acme/Fleet")) == 4711
    assert await names.path_of("hub", 4711) == "acme/fleet"
    assert await names.number_of(RepoId("lab", "acme/fleet")) is None
    assert await names.path_of("lab", 4711) is None


async def test_what_is_no_number_counts_as_not_known(shared: Shared, store: Store) -> None:
    await KnownNames(shared).remember(FLEET, 4711)
    await store.redis.set(f"{keys.CACHE}{NUMBERS}:{FLEET}", b"garbage")
    assert await KnownNames(shared).number_of(FLEET) is None
