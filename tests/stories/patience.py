"""Waiting for what other processes do: by looking, never by sleeping for as long as it usually takes."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

POLL_S = 0.05
PATIENCE_S = 60.0
"""Many times what anything takes: a machine that others use too may stand still for seconds."""


class NeverCame(AssertionError):
    """What was waited for did not come about."""


@overload
async def until(
    look: Callable[[], Awaitable[T | None]],
    what: str,
    *,
    within_s: float = ...,
    dump: Callable[[], str] = ...,
) -> T: ...
@overload
async def until(
    look: Callable[[], T | None], what: str, *, within_s: float = ..., dump: Callable[[], str] = ...
) -> T: ...
async def until(
    look: Callable[[], Any], what: str, *, within_s: float = PATIENCE_S, dump: Callable[[], str] = str
) -> Any:
    """The first truthy answer. After `within_s`, `NeverCame` with what `dump` tells."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                found = look()
                if inspect.isawaitable(found):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise NeverCame(f"not within {within_s:g} s: {what}\n{dump()}") from None
