"""Running one long command so that a person sees it live and learns what to do when it fails.

Invariant: a command either succeeds or raises `ToolFailure` with the last lines it said and a way out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

TAIL_LINES = 20
KEEP_ALIVE_S = 15.0
REDRAW_S = 0.5

WAYS_OUT = (
    (
        ("dial tcp", "no such host", "i/o timeout", "proxyconnect", "connection refused"),
        "the module or package source cannot be reached: check the network, and the settings that name it",
    ),
    (
        ("no space left on device",),
        "the disk is full: free some space (a full build needs about 6 GB) and run again",
    ),
    (
        ("signal: killed", "cannot allocate memory"),
        "memory ran out: the build needs about 3 GB, close something",
    ),
    (
        ("checksum mismatch", "missing go.sum entry"),
        "the module files were changed: restore tools/go/ from Git",
    ),
)
NO_BETTER_IDEA = (
    "run the command by hand to see more; a build that was interrupted can simply be started again"
)


class ToolFailure(Exception):
    """A program could not be built or fetched; the text is meant for a person."""

    def __init__(self, what: str, said: str, way_out: str) -> None:
        super().__init__(what, said, way_out)
        self.what = what
        self.said = said
        self.way_out = way_out

    def __str__(self) -> str:
        quoted = "".join(f"\n    {line}" for line in self.said.splitlines())
        return f"{self.what}{quoted}\n  way out: {self.way_out}"


@dataclass
class Progress:
    """Says that something is still going on: one line redrawn on a terminal, a line now and then elsewhere."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    keep_alive_s: float = KEEP_ALIVE_S
    _drawn: bool = False
    _last_s: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        self._print(line, end="\n")
        self._drawn = False
        self._last_s = time.monotonic()

    def alive(self, line: Callable[[], str]) -> None:
        now_s = time.monotonic()
        if self.out.isatty():
            self._print(line(), end="")
            self._drawn = True
        elif now_s - self._last_s >= self.keep_alive_s:
            self.say(line())

    def _print(self, line: str, end: str) -> None:
        print(f"\r\x1b[K{line}" if self._drawn else line, end=end, file=self.out, flush=True)


@dataclass(frozen=True)
class Command:
    """One program run: what it is called on the screen, and how it is started."""

    title: str
    argv: Sequence[str | Path]
    cwd: Path | None = None
    env: Mapping[str, str] | None = None


def run(
    command: Command, progress: Progress, *, is_progress: Callable[[str], bool] = lambda _line: False
) -> str:
    """Run to the end; lines for which `is_progress` holds are counted on the screen, the others are returned."""
    began_s = time.monotonic()
    counted = 0
    said: deque[str] = deque(maxlen=2000)
    process = subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        env={**os.environ, **(command.env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )

    def read() -> None:
        nonlocal counted
        assert process.stdout is not None
        with process.stdout as lines:
            for line in map(str.rstrip, lines):
                if is_progress(line):
                    counted += 1
                else:
                    said.append(line)

    def state() -> str:
        steps = f", {counted} packages" if counted else ""
        return f"{command.title}: {time.monotonic() - began_s:.0f} s{steps}"

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while reader.is_alive():
            reader.join(REDRAW_S)
            progress.alive(state)
        status = process.wait()
    finally:
        process.kill()
        process.wait()
    if status != 0:
        raise _failure(command, status, list(said))
    return "\n".join(said)


def _failure(command: Command, status: int, said: list[str]) -> ToolFailure:
    tail = "\n".join(said[-TAIL_LINES:])
    everything = "\n".join(said)
    way_out = next(
        (way for signs, way in WAYS_OUT if any(sign in everything for sign in signs)), NO_BETTER_IDEA
    )
    shown = " ".join(str(part) for part in command.argv)
    where = f" (in {command.cwd})" if command.cwd else ""
    return ToolFailure(f"{command.title}: exit status {status} from `{shown}`{where}", tail, way_out)
