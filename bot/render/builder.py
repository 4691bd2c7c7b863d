"""kustomize that stays: a confined program that builds one kustomization after another.

`kustomize build` spends nine tenths of its time on its start and on its own schema. The program here is the same
command over files that it is sent (`tools/go/kustomize/builder`); it may open none. It is there to be quick: what it
does not build is for the stock program to build, or to explain. Input of one trust never meets that of another.
"""

import asyncio
import contextlib
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

from bot.proc.confine import MIB, Confinement, Layers, Limits
from bot.proc.errors import ProgramError
from bot.proc.pipe import PipedProgram

_ENV = {"GOGC": "400", "GOMAXPROCS": "1", "GOMEMLIMIT": "40MiB"}
_LIMITS = Limits(memory_bytes=512 * MIB, cpu_s=60, file_bytes=0)
_BUILDS = 500
"""Then a program is replaced, long before its processor time is used up by work that is well."""
_IDLE_S = 60.0
_NEVER = b"openapi"
"""A schema is for the whole process: whoever may bring one has a process of its own."""

_Idle = list[tuple[PipedProgram, int]]


class Builder:
    """For input of one trust. As many programs as are asked at once; each is started when it is first needed, and
    ended when none was needed for a while.
    """

    def __init__(
        self, program: Path, layers: Layers, *, timeout_s: float = 60.0, max_output_bytes: int = 16 * MIB
    ) -> None:
        self._program = program
        self._confinement = Confinement(layers, execute=(program,), limits=_LIMITS)
        self._timeout_s = timeout_s
        self._max_output_bytes = max_output_bytes
        self._idle: _Idle = []
        self._rest: asyncio.TimerHandle | None = None
        weakref.finalize(self, _end, self._idle)

    async def build(self, root: Path, directory: str) -> bytes | None:
        """What `kustomize build` of `directory` below `root` would print; None where only it can say."""
        try:
            return await asyncio.to_thread(self._build, root, directory)
        finally:
            if self._rest is not None:
                self._rest.cancel()
            self._rest = asyncio.get_running_loop().call_later(_IDLE_S, self.close)

    def close(self) -> None:
        """End the programs that wait. Building again starts new ones."""
        _end(self._idle)

    def _build(self, root: Path, directory: str) -> bytes | None:
        question = _question(root, directory)
        if question is None:
            return None
        program, builds = self._taken()
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

    def _taken(self) -> tuple[PipedProgram, int]:
        while self._idle:
            # NB: one `pop` is one step for other threads; an empty list in spite of the question is none.
            with contextlib.suppress(IndexError):
                program, builds = self._idle.pop()
                if program.is_alive:
                    return program, builds
                program.close()
        started = PipedProgram(
            [self._program], env=_ENV, timeout_s=self._timeout_s, confinement=self._confinement
        )
        return started, 0


def _end(idle: _Idle) -> None:
    while idle:
        idle.pop()[0].close()


def _question(root: Path, directory: str) -> bytes | None:
    """Everything below `root`, at its place below a root of the same name; None for what a build of its own is for."""
    at = f"/{root.name}"
    files: list[bytes] = []
    for path, data in _files(root):
        if data is None or _NEVER in data:
            return None
        name = os.fsencode(f"{at}/{path}")
        files += [b"%d %d\n" % (len(name), len(data)), name, data]
    wanted = os.fsencode(f"{at}/{directory}" if directory else at)
    return b"".join([b"%d %d\n" % (len(wanted), len(files) // 3), wanted, *files])


def _files(root: Path) -> Iterator[tuple[str, bytes | None]]:
    """Every file with its content; None in place of a link's."""
    for place, directories, names in os.walk(root):
        for name in (*directories, *names):
            file = Path(place, name)
            path = str(file.relative_to(root))
            if file.is_symlink():
                yield path, None
            elif name in names:
                yield path, file.read_bytes()
