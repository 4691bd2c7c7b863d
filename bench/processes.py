"""Programs that a bench starts, and what they take."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.measure import WrongResult
from bot.proc.programs import find

READY_S, STOP_S = 60.0, 30.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Program:
    """One Python program, ended in order when its block ends."""

    process: asyncio.subprocess.Process
    log: Path

    @classmethod
    @asynccontextmanager
    async def running(
        cls, argv: tuple[str, ...], log: Path, environment: Mapping[str, str]
    ) -> "AsyncIterator[Program]":
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *argv),
                env={**os.environ, **environment, "LONGSHORE_LOG_FORMAT": "json"},
                stdout=output,
                stderr=output,
                stdin=asyncio.subprocess.DEVNULL,
            )
        try:
            yield cls(process, log)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_S):
                await process.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    async def until_it_answers(self, port: int, path: str) -> None:
        async with asyncio.timeout(READY_S), aiohttp.ClientSession() as session:
            while not await _answers(session, f"http://127.0.0.1:{port}{path}"):
                if self.process.returncode is not None:
                    raise WrongResult(f"it ended at once: {self.log.read_text(errors='replace')[-2000:]}")
                await asyncio.sleep(_POLL_S)


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.ok
    except aiohttp.ClientConnectionError:
        return False


def share_mib(pid: int) -> float:
    """What the process takes now, with pages that it shares counted by its share of them (PSS)."""
    return _field_mib(Path(f"/proc/{pid}/smaps_rollup"), "Pss")


def peak_mib(pid: int) -> float:
    """The most that the process ever took, with shared pages counted in full (peak RSS)."""
    return _field_mib(Path(f"/proc/{pid}/status"), "VmHWM")


def _field_mib(file: Path, field: str) -> float:
    found = re.search(rf"^{field}:\s+(\d+) kB$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def environment(cache: Path) -> dict[str, str]:
    """As installed: compiled modules are kept, and every program is where it was."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    names = ("kustomize", "kustomize-builder", "helm", "helm-builder", "sops", "argocd-template")
    programs = {f"LONGSHORE_{name.upper().replace('-', '_')}": str(find(name)) for name in names}
    return {**kept, **programs, "XDG_CACHE_HOME": str(cache)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
