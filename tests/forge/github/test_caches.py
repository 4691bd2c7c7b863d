"""What is remembered, for how long, and who fetches it."""

import asyncio
import random

import pytest

from bot.forge.caches import ExpiringCache
from bot.forge.github.caches import Answer, AnswerCache


class Source:
    """Counts how often it is asked; every answer is another."""

    def __init__(self) -> None:
        self.asked = 0

    async def fetch(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        return self.asked


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_of_many_who_miss_one_fetches() -> None:
    cache, source = ExpiringCache[str, int](lifetime_s=60), Source()
    assert await asyncio.gather(*(cache.get("a", source.fetch) for _ in range(10))) == [1] * 10
    assert source.asked == 1


async def test_a_caller_who_gives_up_does_not_take_the_others_along() -> None:
    cache, source = ExpiringCache[str, int](lifetime_s=60), Source()
    first, second = (asyncio.create_task(cache.get("a", source.fetch)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 2


async def test_it_expires() -> None:
    clock, source = Clock(), Source()
    cache = ExpiringCache[str, int](lifetime_s=60, clock=clock)
    assert await cache.get("a", source.fetch) == 1
    clock.now = 59.9
    assert await cache.get("a", source.fetch) == 1
    clock.now = 60
    assert await cache.get("a", source.fetch) == 2


async def test_a_failure_is_not_remembered() -> None:
    async def fail() -> int:
        raise ValueError

    cache, source = ExpiringCache[str, int](lifetime_s=60), Source()
    with pytest.raises(ValueError):
        await cache.get("a", fail)
    assert await cache.get("a", source.fetch) == 1


async def test_only_the_refused_value_is_forgotten() -> None:
    cache, source = ExpiringCache[str, int](lifetime_s=60), Source()
    await cache.get("a", source.fetch)
    cache.forget("a", 99)
    assert await cache.get("a", source.fetch) == 1
    cache.forget("a", 1)
    assert await cache.get("a", source.fetch) == 2


async def test_it_is_bounded() -> None:
    cache, source = ExpiringCache[int, int](lifetime_s=60, max_entries=2), Source()
    for key in (1, 2, 3, 2, 1):
        await cache.get(key, source.fetch)
    assert source.asked == 4


def make_answer(text: str) -> Answer:
    return '"etag"', None, {"items": [{"name": text, "half": "\ud800"}]}, "https://api.example/?page=2"


def test_an_answer_comes_back_as_it_was() -> None:
    cache = AnswerCache()
    cache["a"] = make_answer("x")
    assert cache["a"] == make_answer("x")


def test_the_answers_unused_for_longest_make_room() -> None:
    noise = [random.Random(seed).randbytes(1000).hex() for seed in range(3)]
    cache = AnswerCache(max_size_bytes=2800)
    cache["a"], cache["b"] = (make_answer(text) for text in noise[:2])
    assert cache["a"]
    cache["c"] = make_answer(noise[2])
    assert list(cache) == ["a", "c"]
    cache["a"] = make_answer("small now")
    cache["b"] = make_answer(noise[1])
    assert list(cache) == ["c", "a", "b"]
    del cache["a"]
    assert len(cache) == 2


def test_an_answer_larger_than_all_the_room_is_not_kept() -> None:
    cache = AnswerCache(max_size_bytes=10)
    cache["a"] = make_answer("x")
    assert len(cache) == 0
    with pytest.raises(KeyError):
        cache["a"]
