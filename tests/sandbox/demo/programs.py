"""Building the programs that are missing, beside whatever else goes on.

Invariant: a build that is not wanted any more ends with everything it started; what it had finished stays.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.demo.narrator import DemoFailed, Narrator

PROJECT = Path(__file__).resolve().parents[3]
TIMEOUT_S = 3600.0


@dataclass(slots=True)
class Build:
    """A running `tools/build.py NAME`."""

    name: str
    log: Path
    process: asyncio.subprocess.Process
    began_s: float

    async def done(self, narrator: Narrator) -> None:
        """Wait for it, showing what it does. Raises DemoFailed with its own words."""
        status = await narrator.until(f"the build of {self.name}", self._status, TIMEOUT_S, self._last_line)
        if status != 0:
            raise DemoFailed(
                f"{self.name} could not be built:\n{self.log.read_text(encoding='utf-8')[-3000:]}"
            )

    async def _status(self) -> int | None:
        return self.process.returncode

    def _last_line(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else ""


@asynccontextmanager
async def building(name: str, log: Path) -> AsyncIterator[Build]:
    """Quick when there is nothing to build."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-u", str(PROJECT / "tools" / "build.py"), name),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Build(name, log, process, time.monotonic())
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            await process.wait()
