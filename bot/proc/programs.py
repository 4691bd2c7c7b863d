"""Where the programs that Longshore drives are, and which versions they are.

A program is looked for in `LONGSHORE_<NAME>`, then where `make tools` puts it, then in PATH: the pinned one wins over
whatever the machine has, because what it renders must not depend on the machine.
"""

import contextlib
import hashlib
import os
import re
import shutil
from pathlib import Path

from bot.errors import UserError
from bot.proc.errors import ProgramMissing
from bot.proc.run import Command, run

_VERSION_ARGUMENTS = {
    "git": ("version",),
    "helm": ("version", "--short"),
    "kustomize": ("version",),
    "sops": ("--version", "--check-for-updates=false"),
}
_FROM_THE_SYSTEM = frozenset({"git"})
_versions: dict[str, str] = {}


def find(program: str) -> Path:
    """The absolute path of a program. Raises `ProgramMissing` with the way to get it."""
    variable = f"LONGSHORE_{program.upper().replace('-', '_')}"
    named = os.environ.get(variable)
    if named:
        if not (Path(named).is_file() and os.access(named, os.X_OK)):
            raise ProgramMissing(program, f"{variable} names {named}, which cannot be executed")
        return Path(named).resolve()
    found = shutil.which(program, path=str(tools_dir())) or shutil.which(program)
    if found is None:
        way = (
            "install it with the system's package manager"
            if program in _FROM_THE_SYSTEM
            else "run `make tools`"
        )
        raise ProgramMissing(program, f"{program} is not installed", hint=f"{way}, or set {variable}")
    return Path(found).resolve()


def tools_dir() -> Path:
    """Where `make tools` installs what it builds."""
    return cache_dir() / "tools" / "bin"


def cache_dir() -> Path:
    """Below the user's caches. A relative XDG_CACHE_HOME does not count, as its specification has it. Raises `UserError`."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():
        return given / "longshore"
    try:
        return Path.home() / ".cache" / "longshore"
    except RuntimeError:
        raise UserError(
            "there is no home directory to keep caches in", hint="set HOME, or XDG_CACHE_HOME"
        ) from None


async def version(program: str) -> str:
    """The bare version (`5.8.1`), asked for once per file. Raises `ProgramMissing` and what `run` raises.

    The answer is kept beside the user's caches: asking costs more than many a plan.
    """
    path = find(program)
    stat = path.stat()
    key = f"{path}\0{stat.st_mtime_ns}\0{stat.st_size}\0{stat.st_ino}"
    if key not in _versions:
        note = cache_dir() / "versions" / hashlib.sha256(os.fsencode(key)).hexdigest()
        try:
            _versions[key] = note.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            _versions[key] = await _ask(program, path)
            _note(note, _versions[key])
    return _versions[key]


async def _ask(program: str, path: Path) -> str:
    argv = [str(path), *_VERSION_ARGUMENTS.get(program, ("--version",))]
    answer = await run(Command(argv, timeout_s=20.0, max_stdout_bytes=64 * 1024))
    text = answer.stdout.decode(errors="replace").strip()
    number = re.search(r"\d+(\.\d+)+[-+.\w]*", text)
    return number.group() if number else text[:80]


def _note(file: Path, text: str) -> None:
    """A cache that cannot be written costs time only."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.{os.getpid()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)
