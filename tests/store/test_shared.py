"""What workers share: a cache that stays within bounds, budgets, turns and who is there."""

import asyncio

import pytest

from bot.model.plan import Protection
from bot.store import keys
from bot.store.connection import Store
from bot.store.shared import MAX_VALUE_BYTES, Rate, Shared, WorkerReport


async def test_a_cached_value_comes_back_byte_for_byte_until_it_expires(shared: Shared) -> None:
    value = bytes(range(256))
    assert await shared.cache_put("plans", "a", value, ttl_s=0.2)
    assert await shared.cache_get("plans", "a") == value
    assert await shared.cache_get("other", "a") is None
    await asyncio.sleep(0.25)
    assert await shared.cache_get("plans", "a") is None


async def test_the_oldest_makes_room_within_its_own_namespace_only(shared: Shared, store: Store) -> None:
    await shared.cache_put("other", "keep", b"x" * 100, ttl_s=60)
    for name in "abcdef":
        await shared.cache_put("plans", name, b"x" * 100, ttl_s=60, max_bytes=1000)
        await asyncio.sleep(0.002)
    kept = [name for name in "abcdef" if await shared.cache_get("plans", name)]
    assert kept == ["d", "e", "f"]
    assert await shared.cache_get("other", "keep")
    assert await store.call(lambda: store.redis.hget(keys.CACHE_SIZES + "plans", "")) == b"903"


async def test_putting_a_name_again_counts_its_size_once(shared: Shared, store: Store) -> None:
    for size in (300, 10, 20):
        await shared.cache_put("plans", "a", b"x" * size, ttl_s=60)
    assert await store.call(lambda: store.redis.hgetall(keys.CACHE_SIZES + "plans")) == {
        b"": b"221",
        b"a": b"221",
    }


async def test_a_value_that_is_too_large_is_not_kept(shared: Shared) -> None:
    assert not await shared.cache_put("plans", "a", b"x" * (MAX_VALUE_BYTES + 1), ttl_s=60)
    assert not await shared.cache_put("plans", "a", b"xx", ttl_s=60, max_bytes=1)
    assert await shared.cache_get("plans", "a") is None


async def test_a_budget_is_shared_and_says_how_long_to_wait(shared: Shared, store: Store) -> None:
    rate = Rate(capacity=3, per_s=10)
    grants = [await who.take("github", rate) for who in (shared, Shared(store), shared)]
    assert grants == [0, 0, 0]
    wait_s = await shared.take("github", rate)
    assert 0 < wait_s <= 0.1
    await asyncio.sleep(wait_s + 0.02)
    assert await shared.take("github", rate) == 0
    assert await shared.take("elsewhere", rate) == 0


async def test_a_cost_no_budget_can_pay_is_a_bug(shared: Shared) -> None:
    with pytest.raises(ValueError, match="never fits"):
        await shared.take("github", Rate(capacity=3, per_s=1), cost=4)


async def test_a_turn_is_taken_by_one(shared: Shared, store: Store) -> None:
    assert await shared.claim("sweep", 0.1)
    assert not await Shared(store).claim("sweep", 0.1)
    await asyncio.sleep(0.15)
    assert await Shared(store).claim("sweep", 0.1)


async def test_workers_are_known_until_they_fall_silent_or_leave(shared: Shared, store: Store) -> None:
    first = WorkerReport("w1", "1.0", 5.0, (Protection("landlock", active=True, detail="ABI 4"),))
    second = WorkerReport("w2", "1.0", 6.0)
    await shared.report(first)
    await shared.report(second)
    assert set(await shared.workers()) == {first, second}
    await shared.withdraw("w2")
    assert await shared.workers() == (first,)
    await store.redis.delete(keys.WORKER + "w1")  # as its expiry does
    assert await shared.workers() == ()
