"""kustomize that stays: one confined program that builds one kustomization after another.

`kustomize build` spends nine tenths of its time on its start and on its own schema. The program here is the same
command over files that it is sent (`tools/go/kustomize/builder`); it may open none. It is there to be quick: whatever
it does not build is for the stock program to build, or to explain. One serves one piece of work for input of one trust.
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.proc.confine import MIB, Confinement, Layers, Limits
from bot.proc.errors import ProgramError
from bot.proc.pipe import PipedProgram

_ENV = {"GOGC": "400", "GOMAXPROCS": "1", "GOMEMLIMIT": "40MiB"}
_LIMITS = Limits(memory_bytes=512 * MIB, cpu_s=60, file_bytes=0)
_BUILDS = 500
"""Then it is replaced, long before its processor time is used up by work that is well."""


class Builder:
    """Started when it is first needed. Safe in several tasks; each of `at_once` programs builds for one at a time."""

    def __init__(
        self,
        program: Path,
        layers: Layers,
        *,
        at_once: int,
        timeout_s: float = 60.0,
        max_output_bytes: int = 16 * MIB,
    ) -> None:
        self._program = program
        self._confinement = Confinement(layers, execute=(program,), limits=_LIMITS)
        self._gate = asyncio.Semaphore(at_once)
        self._timeout_s = timeout_s
        self._max_output_bytes = max_output_bytes
        self._idle: list[tuple[PipedProgram, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._idle:
            self._idle.pop()[0].close()

    async def build(self, root: Path, directory: str) -> bytes | None:
        """What `kustomize build` of `directory` below `root` would print; None where only it can say."""
        async with self._gate:
            return await asyncio.to_thread(self._build, root, directory)

    def _build(self, root: Path, directory: str) -> bytes | None:
        question = _question(root, directory)
        if question is None:
            return None
        program, builds = self._idle.pop() if self._idle else (self._started(), 0)
        is_in_step = False
        try:
            program.write(question)
            verdict, size = program.read_line().split()
            if int(size) > self._max_output_bytes:
                return None
            answer = program.read_exactly(int(size))
            is_in_step = True
        except (ProgramError, ValueError):
            return None
        finally:
            if is_in_step and builds + 1 < _BUILDS:
                self._idle.append((program, builds + 1))
            else:
                program.close()
        return answer if verdict == b"ok" else None

    def _started(self) -> PipedProgram:
        return PipedProgram(
            [self._program], env=_ENV, timeout_s=self._timeout_s, confinement=self._confinement
        )


def _question(root: Path, directory: str) -> bytes | None:
    """Everything below `root`, at its place below a root of the same name; None where there is a link."""
    at = f"/{root.name}"
    files: list[bytes] = []
    for path, data in _files(root):
        if data is None:
            return None
        name = os.fsencode(f"{at}/{path}")
        files += [b"%d %d\n" % (len(name), len(data)), name, data]
    wanted = os.fsencode(f"{at}/{directory}" if directory else at)
    return b"".join([b"%d %d\n" % (len(wanted), len(files) // 3), wanted, *files])


def _files(root: Path) -> Iterator[tuple[str, bytes | None]]:
    for place, directories, names in os.walk(root):
        for name in (*directories, *names):
            file = Path(place, name)
            if file.is_symlink():
                yield "", None
            elif name in names:
                yield str(file.relative_to(root)), file.read_bytes()
