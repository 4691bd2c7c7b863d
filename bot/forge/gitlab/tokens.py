"""The access token, read again while we run: whoever replaces the file (or mount) it lies in restarts nothing.

The invariant: a token that GitLab refused is used again only when nothing else is found in its place.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from bot.errors import LongshoreError
from bot.forge.errors import ForgeUnauthorized

LIFETIME_S: Final = 30.0
"""How old what we read may get: a token that is replaced before it expires is taken up within this."""


class Tokens:
    def __init__(self, read: Callable[[], str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._reading = asyncio.Lock()
        # What cannot be read at the start is told at the start.
        self._token = read()
        self._read_at = clock()

    async def current(self) -> str:
        """Where it cannot be read just now, what was read last."""
        async with self._reading:
            if self._clock() - self._read_at >= LIFETIME_S:
                await self._reread()
            return self._token

    async def renewed(self, refused: str) -> bool:
        """Whether there is another token in place of one that was refused."""
        async with self._reading:
            if self._token == refused:
                await self._reread()
            return self._token != refused

    async def _reread(self) -> None:
        self._read_at = self._clock()
        try:
            self._token = await asyncio.to_thread(self._read)
        except LongshoreError:
            # While it is replaced it may be gone for a moment.
            return


def refused() -> ForgeUnauthorized:
    return ForgeUnauthorized(
        "GitLab does not take the token: it expired, was revoked, or belongs to another GitLab",
        hint="make a new one and put it where `token` points; no restart is needed for a file",
    )
