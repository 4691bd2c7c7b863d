"""kustomize and helm that stay: confined programs that render one thing after another.

`kustomize build` spends nine tenths of its time on its start and on its own schema, `helm template` on its start. The
programs here are the same code over files that they are sent (`tools/go/*/builder`); they may open none. They are there
to be quick: what they do not render is for the stock programs to render, or to explain. Input of one trust never meets
that of another.
"""

import asyncio
import contextlib
import json
import os
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.proc.confine import MIB, Confinement, Layers, Limits
from bot.proc.errors import ProgramError
from bot.proc.pipe import PipedProgram

# Measured on 500 builds and 340 releases: twice the memory makes them a tenth quicker, less of it a third slower.
_ENV = {"GOGC": "200", "GOMAXPROCS": "1", "GOMEMLIMIT": "36MiB"}
_LIMITS = Limits(memory_bytes=512 * MIB, cpu_s=60, file_bytes=0)
_BUILDS = 500
"""Then a program is replaced, long before its processor time is used up by work that is well."""
_IDLE_S = 60.0
_NEVER = b"openapi"
"""A schema is for the whole process: whoever may bring one has a process of its own."""

_OBJECT = b"{apiVersion: apps/v1, kind: Deployment, metadata: {name: first}}"
_PATCHED = {
    "kustomization.yaml": b"{resources: [object.yaml], patches: [{path: patch.yaml}]}",
    "object.yaml": _OBJECT,
    "patch.yaml": _OBJECT,
}

_Idle = list[tuple[PipedProgram, int]]
Question = Callable[[], bytes | None]
"""Reads from disk what is asked; None for what a program of its own is for."""


class Builder:
    """For input of one trust. At most `programs` at once; each is started when it is first needed, and ended when none
    was needed for a while.
    """

    def __init__(
        self,
        program: Path,
        layers: Layers,
        *,
        programs: int = 1,
        timeout_s: float = 60.0,
        max_output_bytes: int = 16 * MIB,
        memory_bytes: int = _LIMITS.memory_bytes,
    ) -> None:
        self._program = program
        limits = replace(_LIMITS, memory_bytes=min(memory_bytes, _LIMITS.memory_bytes))
        self._confinement = Confinement(layers, execute=(program,), limits=limits)
        self._timeout_s = timeout_s
        self._max_output_bytes = max_output_bytes
        self._gate = asyncio.Semaphore(programs)
        self._idle: _Idle = []
        self._rest: asyncio.TimerHandle | None = None
        self._warming: asyncio.Task[None] | None = None
        weakref.finalize(self, _end, self._idle)

    async def answer(self, question: Question) -> bytes | None:
        """What the stock program would print; None where only it can say."""
        try:
            async with self._gate:
                return await asyncio.to_thread(self._answer, question)
        finally:
            if self._rest is not None:
                self._rest.cancel()
            self._rest = asyncio.get_running_loop().call_later(_IDLE_S, self.close)

    def warm_up(self, question: Question) -> None:
        """Have a program started and asked something small, while nobody waits for it: it has loaded then what it needs."""
        if not self._idle and (self._warming is None or self._warming.done()):
            self._warming = asyncio.create_task(self._warmed(question))

    async def _warmed(self, question: Question) -> None:
        with contextlib.suppress(ProgramError):  # whoever asks in earnest will hear of it
            await self.answer(question)

    def close(self) -> None:
        """End the programs that wait. Building again starts new ones."""
        _end(self._idle)

    def _answer(self, question: Question) -> bytes | None:
        asked = question()
        if asked is None:
            return None
        program, builds = self._taken()
        is_in_step = False
        try:
            program.write(asked)
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


@dataclass(frozen=True, slots=True)
class Builders:
    """For input of one trust; None where the program is missing."""

    kustomize: Builder | None = None
    helm: Builder | None = None

    def close(self) -> None:
        for builder in (self.kustomize, self.helm):
            if builder is not None:
                builder.close()


def build(root: Path, directory: str) -> bytes | None:
    """A `Question`: `kustomize build` of `directory`, with everything below `root` below a root of the same name."""
    files: dict[str, bytes] = {}
    for path, data in _files(root):
        if data is None:
            return None
        files[path] = data
    return asked(files, directory, root.name)


def patched() -> bytes | None:
    """A `Question`: a build that needs kustomize's own schema, which takes it longest to load."""
    return asked(_PATCHED, "", "first")


def asked(files: Mapping[str, bytes], directory: str, name: str) -> bytes | None:
    """A request for the kustomize that stays: `files` lie below a root called `name`. None for what it never gets."""
    if any(_NEVER in data for data in files.values()):
        return None
    parts: list[bytes] = []
    for path, data in files.items():
        at = os.fsencode(f"/{name}/{path}")
        parts += [b"%d %d\n" % (len(at), len(data)), at, data]
    wanted = os.fsencode(f"/{name}/{directory}" if directory else f"/{name}")
    return b"".join([b"%d %d\n" % (len(wanted), len(files)), wanted, *parts])


def template(archive: bytes, arguments: Sequence[str], values: bytes) -> bytes:
    """A request for the helm that stays: `helm template` with these arguments, of which the second names the chart."""
    parts = (json.dumps(list(arguments)).encode(), values or b"{}", archive)
    return b"%d %d %d\n" % tuple(map(len, parts)) + b"".join(parts)


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
