"""The sandbox a renderer runs in: the programs, what the kernel holds them to, and how much it may use.

A renderer sees a fresh directory with the trace's files, nothing of our environment, no HOME, no network and no other
program. The allow-list keeps hostile input from reaching it; the kernel's layers hold without the allow-list.

Limits: `Bounds`, half of its time as processor time, and no file written; in the trace, 20,000 files, 40 kustomizations deep and 128 MiB together.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.model.programs import Programs
from bot.proc.confine import MIB, Confinement, Layers, Limits
from bot.proc.errors import (
    ProgramError,
    ProgramFailed,
    ProgramMissing,
    ProgramOutputTooLarge,
    ProgramTimeout,
)
from bot.proc.private import private_directory
from bot.proc.programs import find
from bot.proc.run import Command, run
from bot.proc.sandbox import layers
from bot.render import builder
from bot.render.builder import Builders
from bot.render.errors import Unrenderable
from bot.render.words import presentable

ARCHIVE = "chart.tgz"
_BUILD = ("build", "--load-restrictor", "LoadRestrictionsNone", ".")
# All of a renderer's environment. Go's default garbage collection costs a third of such a short run, and several threads
# only get in each other's way where one of these runs per core.
_ENV = {"GOGC": "400", "GOMAXPROCS": "1"}
_LAUNCH_FAILED = 125
_GO_CRASHED = 2
_LIMITS = Limits(memory_bytes=1024 * MIB, cpu_s=30, file_bytes=0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many renderers run `at_once`, and how much each of them may use; the operator's to say."""

    at_once: int = 1
    timeout_s: float = 60.0
    memory_bytes: int = 1024 * MIB
    output_bytes: int = 16 * MIB


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`check_fields=False` renders what the allow-list refuses, to see the kernel's layers hold alone.

    `helm` is None where it is not installed: only targets that need it are unknown then. `builders` are asked before
    the stock programs, where there are any for input of this trust. `programs` are the operator's, for what none of these
    renders.
    """

    kustomize: Path
    layers: Layers
    limits: Limits = _LIMITS
    timeout_s: float = 60.0
    max_output_bytes: int = 16 * MIB
    check_fields: bool = True
    helm: Path | None = None
    builders: Builders = field(default_factory=Builders)
    programs: Programs = field(default_factory=Programs)

    @classmethod
    def here(cls, bounds: Bounds | None = None) -> "Sandbox":
        """The best that this machine allows. Raises `ProgramMissing` where there is no kustomize."""
        most = bounds or Bounds()
        try:
            helm = find("helm")
        except ProgramMissing:
            helm = None
        limits = replace(_LIMITS, memory_bytes=most.memory_bytes, cpu_s=math.ceil(most.timeout_s / 2))
        return cls(
            *(find("kustomize"), layers(), limits),
            timeout_s=most.timeout_s,
            max_output_bytes=most.output_bytes,
            helm=helm,
        )


async def kustomize_build(root: Path, directory: str, sandbox: Sandbox) -> bytes:
    """Build `directory` below `root`, the only place that can be read. Raises `Unrenderable`."""
    quick = sandbox.builders.kustomize
    output = await quick.answer(lambda: builder.build(root, directory)) if quick else None
    if output is not None:
        return output
    argv: list[str | Path] = [sandbox.kustomize, *_BUILD]
    return await _run(argv, root, root / directory, sandbox, lambda error: _reason(error, root, directory))


async def helm_archive(
    archive: bytes,
    arguments: Sequence[str],
    values: bytes,
    sandbox: Sandbox,
    explain: Callable[[str, str], str],
) -> bytes:
    """Run `helm template` over a packaged chart, which the arguments call by the name `ARCHIVE`.

    `explain` makes of Helm's words, and of the directory that they may name, what may be shown. Raises `Unrenderable`.
    """
    quick = sandbox.builders.helm if sandbox.helm is not None else None
    if quick is not None and arguments[1] == f"./{ARCHIVE}":
        output = await quick.answer(lambda: builder.template(archive, arguments, values))
        if output is not None:
            return output
    with private_directory() as private:
        root = private / "release"
        await asyncio.to_thread(_written, archive, root / ARCHIVE)
        return await helm_template(root, arguments, values, sandbox, lambda said: explain(said, str(root)))


def _written(data: bytes, file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(data)


async def helm_template(
    root: Path, arguments: Sequence[str], values: bytes, sandbox: Sandbox, explain: Callable[[str], str]
) -> bytes:
    """Run the stock `helm template` in `root`, the only place that can be read, with values that lie in no file.

    `explain` makes of Helm's words what may be shown. Raises `Unrenderable`.
    """
    if sandbox.helm is None:
        raise Unrenderable("helm is not installed; run `make tools`, or set LONGSHORE_HELM")
    argv: list[str | Path] = [sandbox.helm, "template", *arguments, "--values=-"]
    return await _run(
        argv, root, root, sandbox, lambda error: _end(error) or explain(error.stderr), stdin=values or b"{}"
    )


async def _run(
    argv: Sequence[str | Path],
    root: Path,
    cwd: Path,
    sandbox: Sandbox,
    explain: Callable[[ProgramFailed], str],
    stdin: bytes = b"",
) -> bytes:
    program = Path(argv[0])
    confinement = Confinement(sandbox.layers, read=(root,), execute=(program,), limits=sandbox.limits)
    command = Command(
        argv,
        cwd=cwd,
        env=_ENV,
        stdin=stdin,
        timeout_s=sandbox.timeout_s,
        max_stdout_bytes=sandbox.max_output_bytes,
        confinement=confinement,
    )
    try:
        return (await run(command)).stdout
    except ProgramFailed as error:
        raise Unrenderable(explain(error)) from None
    except (ProgramTimeout, ProgramOutputTooLarge) as error:
        raise Unrenderable(error.message) from None
    except ProgramError as error:
        raise Unrenderable(str(error)) from error


def _end(error: ProgramFailed) -> str:
    """Why it ended, where that says enough."""
    if error.exit_code == _LAUNCH_FAILED:
        return "the sandbox could not be set up, so nothing was rendered"
    if error.exit_code < 0 or error.exit_code == _GO_CRASHED:
        return f"{error.message}: it crashed, or needed more memory or processor time than it may have"
    return ""


def _reason(error: ProgramFailed, root: Path, directory: str) -> str:
    if ended := _end(error):
        return ended
    said = presentable(error.stderr, str(root))
    if said:
        return f"kustomize: {said}"
    return (
        "kustomize failed, and its words may hold values, so they are not shown; to see them run "
        f"`kustomize build --load-restrictor LoadRestrictionsNone {directory or '.'}`"
    )
