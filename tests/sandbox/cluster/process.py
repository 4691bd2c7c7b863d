"""One program of the control plane as a child process.

Invariant: a component that was started is either running or reaped; it is a session of its own, so that a ^C meant
for the tests does not reach it, and it never outlives this process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")
TAIL_LINES = 25
INHERITED = ("PATH", "TMPDIR", "GOMAXPROCS", "GOGC", "GOMEMLIMIT")


class ComponentFailed(Exception):
    """A component could not be started or stopped by itself; carries the end of its log."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        tail = "".join(f"\n    {line}" for line in read_tail(log))
        super().__init__(f"{name} {reason}; the end of {log}:{tail}")
        self.name = name


@dataclass(slots=True)
class Component:
    """A program, its command line and its log; started, and where a test says so killed and started again."""

    name: str
    argv: Sequence[str | Path]
    log: Path
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        assert not self.is_running, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                # NB: -S -I keep start-up near 10 ms and this folder, whose names are its own, off the import path.
                *(sys.executable, "-S", "-I", str(LAUNCHER), str(os.getpid())),
                *map(str, self.argv),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {**inherited, "HOME": str(self.log.parent)}

    def check(self) -> None:
        """Raise when it ended without being asked to."""
        if self._process is not None and self._process.returncode is not None:
            raise ComponentFailed(self.name, f"ended with status {self._process.returncode}", self.log)

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """End it at once, paused or not: nothing in a sandbox is worth a farewell."""
        if self._process is None:
            return
        self.signal(signal.SIGKILL)
        await self._process.wait()
        self._process = None


def read_tail(log: Path) -> list[str]:
    if not log.exists():
        return []
    with log.open(encoding="utf-8", errors="replace") as lines:
        return [line.rstrip() for line in deque(lines, maxlen=TAIL_LINES)]
