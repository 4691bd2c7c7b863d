"""Watches what a confined program starts: how many they are at once, and how much memory they have together.

The kernel's limits are for each process by itself, and a program that may start others starts as many as it likes. So
they are watched by a thread of their own, which needs nobody to end them: on a machine that is full of them already, no
new thread is to be had, and nobody else's turn may come.
"""

import asyncio
import contextlib
import os
import signal
import threading
from pathlib import Path

from bot.proc.confine import MIB, Limits
from bot.proc.errors import ProgramTooGreedy

_EVERY_S = 0.1
_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_GROUP, _RESIDENT = 2, 21
"""Fields of `/proc/PID/stat`, counted from the one behind the name."""


async def watch_family(group: int, program: str, limits: Limits) -> None:
    """Until it is cancelled. Raises `ProgramTooGreedy` once all of the process group were ended."""
    loop, ended = asyncio.get_running_loop(), threading.Event()
    told: asyncio.Future[str] = loop.create_future()

    def tell(why: str) -> None:
        if not told.done():
            told.set_result(why)

    def watch() -> None:
        if why := _watched(group, limits, ended):
            with contextlib.suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(tell, why)

    threading.Thread(target=watch, name="family", daemon=True).start()
    try:
        why = await told
    finally:
        ended.set()
    raise ProgramTooGreedy(program, f"{program} {why}")


def _watched(group: int, limits: Limits, ended: threading.Event) -> str:
    """Ends all of the group where they are too greedy, and says how; empty once nobody has to watch any more."""
    while not ended.wait(_EVERY_S):
        processes, memory_bytes = _family(group, limits.processes)
        why = ""
        if processes > limits.processes:
            why = f"started more than {limits.processes} processes at once"
        elif memory_bytes > limits.memory_bytes:
            why = f"and what it started took more than {limits.memory_bytes // MIB} MiB of memory together"
        if why:
            # NB: they were there a moment ago, and a group's number is not given again while it has a member.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            return why
    return ""


def _family(group: int, most: int) -> tuple[int, int]:
    """How many there are, as far as it counts, and their resident memory."""
    count, pages = 0, 0
    for name in os.listdir(_PROC):  # noqa: PTH208 - thousands of names, of which only the text is needed
        if count > most:
            break
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
