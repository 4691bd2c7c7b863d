"""The small asyncio pieces."""

import asyncio
import contextlib

import pytest

from bot.aio import cancel_all, gather_bounded


async def test_results_come_in_the_order_of_the_items_however_long_each_takes() -> None:
    async def slow(number: int) -> int:
        await asyncio.sleep(0.01 * (3 - number))
        return number

    assert await gather_bounded(3, slow, range(3)) == [0, 1, 2]


async def test_no_more_are_under_way_than_the_limit() -> None:
    under_way = most = 0

    async def count(_: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    await gather_bounded(2, count, range(10))
    assert most == 2


async def test_the_first_failure_is_raised_itself_and_ends_the_rest() -> None:
    ended: list[int] = []

    async def work(number: int) -> None:
        if number == 1:
            raise LookupError("one")
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(number)

    with pytest.raises(LookupError, match="one"):
        await gather_bounded(3, work, range(3))
    assert sorted(ended) == [0, 2]


async def test_whoever_forgets_a_cancellation_is_asked_again() -> None:
    forgotten = 0

    async def forgetful() -> None:
        nonlocal forgotten
        while forgotten < 2:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(30)
            forgotten += 1
        await asyncio.sleep(30)

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    await cancel_all([task], again_after_s=0.01)
    assert task.cancelled()
    assert forgotten == 2


async def test_what_has_ended_already_is_no_obstacle() -> None:
    async def fails() -> None:
        raise LookupError

    done = asyncio.create_task(fails())
    await asyncio.wait([done])
    await cancel_all([done])
    await cancel_all([])
