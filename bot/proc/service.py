"""A program that is to stay: started once, watched, and asked to end before it is made to.

For the processes that `longshore run` keeps: its own roles and the embedded store. Each has its own process group, and
on Linux the kernel ends it when we die, however we die.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from bot.proc.errors import ProgramMissing

KILL_WAIT_S = 5.0
_PR_SET_PDEATHSIG = 1
# Found before the fork: between fork and exec nothing may be loaded any more.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Service:
    """One running program."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        output: IO[bytes] | None = None,
    ) -> "Service":
        """Start it with exactly this environment; `output` takes both of its streams, ours do when there is none.

        Call it from the main thread: the kernel ends the program when the thread that started it ends.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=partial(_end_with_parent, os.getpid()) if _LIBC is not None else None,
            )
        except OSError as error:
            program = Path(argv[0]).name
            raise ProgramMissing(program, f"{program} cannot be started: {error.strerror}") from error
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.returncode

    async def wait(self) -> int:
        return await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone; one that has ended gets none."""
        with contextlib.suppress(ProcessLookupError):
            if self._process.returncode is None:
                self._process.send_signal(number)

    async def stop(self, timeout_s: float) -> int:
        """SIGTERM, and after `timeout_s` SIGKILL for its whole process group."""
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._process.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        async with asyncio.timeout(KILL_WAIT_S):
            return await self._process.wait()


def _end_with_parent(parent: int) -> None:
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the signal was set
