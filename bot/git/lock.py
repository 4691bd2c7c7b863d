"""A lock on a file that several processes share, and that the kernel releases however its holder ends."""

import asyncio
import fcntl
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from bot.git.errors import MirrorBusy


@asynccontextmanager
async def locked(path: Path, *, wait_s: float) -> AsyncIterator[None]:
    """Hold the lock alone. Raises `MirrorBusy` when nobody gives it up within `wait_s`."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + wait_s
    with _opened(path) as file:
        while not _taken(file):
            if clock.time() > deadline:
                raise MirrorBusy(f"another process has been working on {path.parent.name} for {wait_s:g} s")
            await asyncio.sleep(random.uniform(0.02, 0.1))  # noqa: S311 - spreads the askers, protects nothing
        yield


def _opened(path: Path) -> BinaryIO:
    return path.open("ab")


def _taken(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
