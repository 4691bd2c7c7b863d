"""Whose turn it is to be asked: how much is under way at one host and in all, and who did not answer just now.

Invariant: a host that is away neither takes the turns of others, nor is waited for once more by each thing that it has.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import aiohttp

from bot.registry.address import endpoint_of, shown
from bot.registry.errors import TooManyRequests, Unreachable
from bot.registry.limits import Limits


class Turns:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all = asyncio.Semaphore(limits.in_flight)
        self._by_host: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._away: dict[str, tuple[float, str, Unreachable | TooManyRequests]] = {}

    @asynccontextmanager
    async def at(self, url: str) -> AsyncIterator[None]:
        """For one question with all its tries.

        Raises what was raised less than `away_s` ago for the same host, and `BadSource` for what is no address.
        """
        asked = endpoint_of(url)
        host = f"{asked.scheme}://{asked.name}"
        gate = self._by_host.setdefault(host, asyncio.Semaphore(self._limits.in_flight_at_host))
        async with gate, self._all:
            self._require_there(host, url)
            try:
                yield
            except (Unreachable, TooManyRequests) as error:
                if _is_away(error):
                    self._away[host] = time.monotonic(), url, error
                raise

    def _require_there(self, host: str, url: str) -> None:
        if host not in self._away:
            return
        since, asked, error = self._away[host]
        if time.monotonic() - since >= self._limits.away_s:
            del self._away[host]
            return
        raise type(error)(
            _said_of(url, asked, error),
            hint=error.hint,
            retry_after_s=error.retry_after_s,
        )


def _said_of(url: str, asked: str, error: Unreachable | TooManyRequests) -> str:
    """In the same words whichever was asked first, where they are about the host: then they are said once of both."""
    if isinstance(error.__cause__, TimeoutError):
        return f"{shown(url)} was not asked for, because of what its host did a moment ago: {error.message}"
    return error.message.replace(shown(asked), shown(url))


def _is_away(error: Unreachable | TooManyRequests) -> bool:
    """Rather than having begun to answer, which says nothing of the next question."""
    if isinstance(error, TooManyRequests):
        return True
    return error.__cause__ is not None and not isinstance(error.__cause__, aiohttp.ClientPayloadError)
