"""`make demo` as a person runs it, in a process of its own."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
READY = "Ctrl-C ends everything"


@asynccontextmanager
async def demo(*arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.sandbox.demo", *arguments),
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.communicate()


async def text_until(process: asyncio.subprocess.Process, sign: str) -> str:
    """What it printed up to a line with the sign in it, or to its end."""
    assert process.stdout is not None
    lines: list[str] = []
    async for line in process.stdout:
        lines.append(line.decode())
        if sign in lines[-1]:
            break
    return "".join(lines)


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Where the demo keeps everything temporary. Short: a socket's path must fit."""
    with tempfile.TemporaryDirectory(prefix="ls-") as directory:
        yield Path(directory)


def left_behind(scratch: Path) -> list[str]:
    """Files below it, and processes that have to do with it."""
    found = [str(path) for path in scratch.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found += [command] if str(scratch) in command else []
    return found


def apps(fleet: Path) -> set[str]:
    return {file.parent.name for file in fleet.glob("apps/base/*/kustomization.yaml")}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("forge", ["github", "gitlab"])
async def test_tells_its_story_stays_up_when_asked_and_leaves_nothing(
    scratch: Path, tmp_path: Path, forge: str
) -> None:
    async with demo("--keep", "--forge", forge, TMPDIR=str(scratch)) as process:
        told = await text_until(process, READY)
        assert READY in told, told
        url = re.findall(r"git clone (\S+)", told)[-1]
        clone = ["git", "clone", "--quiet", url, str(tmp_path / "fleet")]
        await asyncio.to_thread(subprocess.run, clone, check=True, timeout=30)
        assert {"web", "api"} == apps(tmp_path / "fleet")

        process.send_signal(signal.SIGINT)
        rest, _ = await process.communicate()
        assert process.returncode == 0, rest.decode()
    assert left_behind(scratch) == []


async def test_a_failure_is_told_with_where_to_look(tmp_path: Path) -> None:
    broken = tmp_path / "git"
    broken.write_text("#!/bin/sh\necho 'git is broken here' >&2\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    async with demo("--dir", str(tmp_path / "demo"), PATH=f"{tmp_path}:{os.environ['PATH']}") as process:
        told = await text_until(process, "nothing has this text")
        assert await process.wait() == 1
    assert "git is broken here" in told
    assert f"all logs: {tmp_path / 'demo'}" in told


async def test_an_early_end_leaves_nothing(scratch: Path) -> None:
    async with demo(TMPDIR=str(scratch)) as process:
        told = await text_until(process, "GitHub")
        process.send_signal(signal.SIGTERM)
        rest, _ = await process.communicate()
    assert process.returncode == 130, told + rest.decode()
    assert left_behind(scratch) == []
