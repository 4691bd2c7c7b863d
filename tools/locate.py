"""Where pinned programs live, and which copy of a program is used.

Invariant: the place of a build follows from what it is made of alone, so that every checkout, test worker and
`make` target finds the same file without asking anybody.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.programs import Family, family_of

OLDEST_ETCD = (3, 5, 13)
"""Older servers cannot serve consistent lists from the API server's cache (RequestWatchProgress)."""


def cache_dir() -> Path:
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "longshore" / "tools"


def link_dir() -> Path:
    """The stable directory of links to the pinned builds: what Longshore itself looks into."""
    return cache_dir() / "bin"


def build_dir(family: Family) -> Path:
    return cache_dir() / f"{family.name}-{family.version}-{family.key}"


def find(program: str) -> Path | None:
    """The program to run: the one named in the environment, the machine's, or our own build.

    The programs of the API server's own repository are taken from one place together, never mixed.
    """
    family = family_of(program)
    named = os.environ.get(f"LONGSHORE_{program.upper().replace('-', '_')}")
    if named:
        return Path(named)
    outside = find_outside(family)
    if outside is not None and (outside / program).is_file():
        return outside / program
    built = build_dir(family) / "bin" / program
    return built if built.is_file() else None


def find_outside(family: Family) -> Path | None:
    """The directory, in KUBEBUILDER_ASSETS or PATH, that has every program of the family in a usable version."""
    places = os.environ.get("PATH", "").split(os.pathsep)
    if family.of_plane:
        places = [os.environ.get("KUBEBUILDER_ASSETS", ""), *places]
    own = link_dir()
    for place in filter(None, places):
        directory = Path(place)
        if directory != own and all(_is_usable(directory, program) for program in family.required):
            return directory
    return None


def _is_usable(directory: Path, program: str) -> bool:
    path = directory / program
    if shutil.which(program, path=str(directory)) is None:
        return False
    return program != "etcd" or _etcd_version(path) >= OLDEST_ETCD


def _etcd_version(path: Path) -> tuple[int, ...]:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.search(r"etcd Version: (\d+)\.(\d+)\.(\d+)", said.stdout)
    return tuple(int(part) for part in found.groups()) if found else (0,)
