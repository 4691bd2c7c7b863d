"""Runs a program of the operator's on what the author of a change wrote: confined, bounded, and with words of ours only.

The program is the operator's, and does what its input says: whatever that makes of it, it reads what it was given and
writes nothing. That takes the kernel: where it does not confine programs, none of these runs, for nobody's change.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.model.manifests import canonical_json
from bot.model.programs import Program, Programs
from bot.proc.confine import Confinement, Layers
from bot.proc.errors import (
    ProgramError,
    ProgramFailed,
    ProgramOutputTooLarge,
    ProgramTimeout,
    ProgramTooGreedy,
)
from bot.proc.run import Command, run
from bot.render.errors import Unrenderable
from bot.render.sandbox import Sandbox
from bot.render.words import presentable

_LAUNCH_FAILED = 125
_MOST_PROCESSES = 64
_NULL, _RANDOM = Path("/dev/null"), Path("/dev/urandom")
_UNCONFINED = "it runs only where the kernel confines renderers, which it does not here"
_MISSING = "it is missing where this is planned; `longshore config check` tells the operator what of it"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: `root` is all of the repository that may be read, `cwd` lies in or is it. `what` names it to people.

    `explain` makes of its words, and of the path of `root` in them, what may be shown; empty for nothing.
    """

    what: str
    program: Program
    root: Path
    cwd: Path
    env: Mapping[str, str]
    arguments: Sequence[str] = ()
    explain: Callable[[str, str], str] = presentable


async def printed(asked: Run, sandbox: Sandbox) -> bytes:
    """What the program writes to its standard output. Raises `Unrenderable`."""
    program = asked.program
    if program.refused:
        raise Unrenderable(f"{asked.what}: {program.refused}")
    granted = tuple(Path(path) for path in program.read)
    confinement = Confinement(
        sandbox.layers,
        read=(asked.root, *granted, _RANDOM),
        write=(_NULL,),
        execute=(Path(program.command[0]), *granted),
        limits=replace(sandbox.limits, processes=_MOST_PROCESSES),
    )
    command = Command(
        (*program.command, *asked.arguments),
        cwd=asked.cwd,
        env={**program.env, **asked.env},
        timeout_s=sandbox.timeout_s,
        max_stdout_bytes=sandbox.max_output_bytes,
        confinement=confinement,
    )
    try:
        return (await run(command)).stdout
    except ProgramFailed as error:
        raise Unrenderable(f"{asked.what}: {_reason(error, asked)}") from None
    except (ProgramTimeout, ProgramOutputTooLarge, ProgramTooGreedy) as error:
        raise Unrenderable(f"{asked.what}: {error.message}, and was ended") from None
    except ProgramError:
        # NB: what the system says of it may quote a variable.
        name = Path(program.command[0]).name
        raise Unrenderable(f"{asked.what}: {name} cannot be started with what the source gives it") from None


def as_of_now(programs: Programs, layers: Layers) -> Programs:
    """With the identity of each, and why one may not run."""
    # NB: what is started for a family has no socket, with a namespace or without.
    return programs.changed(lambda program: _looked_at(program, is_confined=layers.landlock_abi > 0))


def missing_from(program: Program) -> str:
    """What of it is not on this machine, as a sentence; empty where all of it is."""
    start = Path(program.command[0])
    if not (start.is_file() and os.access(start, os.X_OK)):
        return f"{start} is no program that can be executed on this machine"
    absent = [path for path in program.read if not Path(path).exists()]
    return f"{absent[0]}, which it is to read, does not exist on this machine" if absent else ""


def _looked_at(program: Program, *, is_confined: bool) -> Program:
    why = program.refused or ("" if is_confined else _UNCONFINED)
    # NB: where it is missing is said to the operator alone: who reads a plan need not know this machine's paths.
    why = why or (_MISSING if missing_from(program) else "")
    return replace(program, identity=_identity(program), refused=why)


def _identity(program: Program) -> str:
    """Of its text and of every file that the command names: what else it reads has the operator's `edition`."""
    files = []
    for part in program.command:
        if part.startswith("/"):
            try:
                seen = os.stat(part)  # noqa: PTH116 - any text of a command may be no path at all
                files.append([part, seen.st_size, seen.st_mtime_ns])
            except (OSError, ValueError):
                files.append([part, None, None])
    told = [
        program.command,
        program.read,
        dict(program.env),
        program.reads_whole_tree,
        program.edition,
        files,
    ]
    return hashlib.sha256(canonical_json(told)).hexdigest()


def _reason(error: ProgramFailed, asked: Run) -> str:
    if error.exit_code == _LAUNCH_FAILED:
        return "the sandbox could not be set up, so nothing was run"
    if error.exit_code < 0:
        return f"{error.message}: it crashed, or needed more memory or processor time than it may have"
    if said := asked.explain(error.stderr, str(asked.root)):
        return f"{error.message}: {said}"
    return (
        f"{error.message}; its words may hold values, so they are not shown; to see them run it by hand in the source's "
        "directory"
    )
