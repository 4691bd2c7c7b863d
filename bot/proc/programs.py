"""Where the programs that Longshore drives are, and which versions they are.

A program is looked for in `LONGSHORE_<NAME>`, then where `make tools` puts it, then in PATH: the pinned one wins over
whatever the machine has, because what it renders must not depend on the machine.
"""

import os
import re
import shutil
from pathlib import Path

from bot.proc.errors import ProgramMissing
from bot.proc.run import Command, run

_VERSION_ARGUMENTS = {
    "git": ("version",),
    "helm": ("version", "--short"),
    "kustomize": ("version",),
    "sops": ("--version", "--check-for-updates=false"),
}
_FROM_THE_SYSTEM = frozenset({"git"})
_versions: dict[tuple[str, int, int], str] = {}


def find(program: str) -> Path:
    """The absolute path of a program. Raises `ProgramMissing` with the way to get it."""
    variable = f"LONGSHORE_{program.upper().replace('-', '_')}"
    named = os.environ.get(variable)
    if named:
        if not os.access(named, os.X_OK):
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
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "longshore" / "tools" / "bin"


async def version(program: str) -> str:
    """The bare version (`5.8.1`), asked for once per file. Raises `ProgramMissing` and what `run` raises."""
    path = find(program)
    stat = path.stat()
    key = (str(path), stat.st_mtime_ns, stat.st_size)
    if key not in _versions:
        argv = [str(path), *_VERSION_ARGUMENTS.get(program, ("--version",))]
        answer = await run(Command(argv, timeout_s=20.0, max_stdout_bytes=64 * 1024))
        text = answer.stdout.decode(errors="replace").strip()
        number = re.search(r"\d+(\.\d+)+[-+.\w]*", text)
        _versions[key] = number.group() if number else text[:80]
    return _versions[key]
