"""Small asyncio pieces that several rooms need: bounded fan-out, and tasks that are ended in order."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def gather_bounded(limit: int, function: Callable[[T], Awaitable[R]], items: Iterable[T]) -> list[R]:
    """Call `function` for every item with at most `limit` under way; results in the order of the items.

    The first exception cancels the rest and is raised itself, not wrapped in a group.
    """
    gate = asyncio.Semaphore(limit)

    async def one(item: T) -> R:
        async with gate:
            return await function(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        await cancel_all(tasks)
        raise


async def cancel_all(tasks: Iterable[asyncio.Future[Any]], *, again_after_s: float = 5.0) -> None:
    """Cancel the tasks and wait until every one has ended, whatever they end with.

    NB: `asyncio.wait_for`, which redis and arq use, may forget a cancellation before Python 3.12, so whoever goes on
    is asked again.
    """
    all_of_them = list(tasks)
    pending = {task for task in all_of_them if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again_after_s)
    await asyncio.gather(*all_of_them, return_exceptions=True)


async def uncancelled(coroutine: Coroutine[Any, Any, T], undo: Callable[[T], Awaitable[object]]) -> T:
    """Run something short to its end even when we are cancelled; what it gave is then undone, and the cancellation goes on."""
    task = asyncio.create_task(coroutine, name=_UNCANCELLED)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled() and task.exception() is None:
            await undo(task.result())
        raise


def run(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, for work that may fail while other tasks of it go on: they are ended in order before the loop is."""
    return asyncio.run(_to_the_end(main))


async def _to_the_end(main: Coroutine[Any, Any, T]) -> T:
    try:
        return await main
    finally:
        await cancel_all(task for task in asyncio.all_tasks() - {asyncio.current_task()} if _may_end(task))


def _may_end(task: asyncio.Task[Any] | None) -> bool:
    """Who starts a program waits until it is started: cancelled half-way, asyncio's own task for it never ends."""
    if task is None or task.get_name() == _UNCANCELLED:
        return False
    return not getattr(task.get_coro(), "__qualname__", "").endswith("._connect_pipes")


_UNCANCELLED = "not to be cancelled"
