"""Watches what a confined program starts: how many they are at once, and how much memory they have together.

The kernel's limits are for each process by itself, and a program that may start others starts as many as it likes.
"""

import asyncio
import os
from pathlib import Path

from bot.proc.confine import MIB, Limits
from bot.proc.errors import ProgramTooGreedy

_EVERY_S = 0.2
_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_GROUP, _RESIDENT = 2, 21
"""Fields of `/proc/PID/stat`, counted from the one behind the name."""


async def watch_family(group: int, program: str, limits: Limits) -> None:
    """Until it is cancelled. Raises `ProgramTooGreedy`; who hears of that ends all of the process group."""
    while True:
        await asyncio.sleep(_EVERY_S)
        processes, memory_bytes = await asyncio.to_thread(_family, group)
        if processes > limits.processes:
            raise ProgramTooGreedy(
                program, f"{program} started more than {limits.processes} processes at once"
            )
        if memory_bytes > limits.memory_bytes:
            raise ProgramTooGreedy(
                program,
                f"{program} and what it started took more than {limits.memory_bytes // MIB} MiB of memory together",
            )


def _family(group: int) -> tuple[int, int]:
    """How many there are, and their resident memory."""
    count, pages = 0, 0
    for name in os.listdir(_PROC):  # noqa: PTH208 - thousands of names, of which only the text is needed
        if not name.isdigit():
            continue
        try:
            # NB: a name may hold spaces and brackets; what counts stands behind the last one.
            fields = (_PROC / name / "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[_GROUP]) == group:
                count += 1
                pages += int(fields[_RESIDENT])
        except (OSError, IndexError, ValueError):
            continue  # it ended meanwhile
    return count, pages * _PAGE_BYTES
