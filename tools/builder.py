"""Building a family of programs from its pinned module.

Invariant: only complete builds appear in the cache, under the key of what they are made of.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from tools.locate import build_dir, find_outside, link_dir
from tools.once import link, make_once
from tools.programs import Family
from tools.steps import Command, Progress, run
from tools.toolchain import go_env, go_for


def ensure(family: Family, progress: Progress) -> Path:
    """The directory that has the family's programs, built first where needed.

    Programs of the control plane are taken from the machine when it has them; renderers are always built, because
    a plan's keys and the tests' expectations hold for the pinned version.
    """
    outside = find_outside(family) if family.of_plane else None
    if outside is not None:
        progress.say(f"{family.name}: found in {outside}")
        return outside
    final = build_dir(family)
    began_s = time.monotonic()
    if make_once(final, lambda staging: _build(family, staging, progress), progress):
        progress.say(f"{family.name} {family.version}: built in {time.monotonic() - began_s:.0f} s")
    else:
        progress.say(f"{family.name} {family.version}: ready")
    for program in family.binaries:
        link(link_dir() / program, final / "bin" / program)
    return final / "bin"


def _build(family: Family, staging: Path, progress: Progress) -> None:
    go = go_for(family.go_version, progress)
    (staging / "bin").mkdir()
    for count, (program, package) in enumerate(family.binaries.items(), start=1):
        position = f" ({count} of {len(family.binaries)})" if len(family.binaries) > 1 else ""
        command = Command(
            f"building {program} {family.version}{position}",
            [go, "build", "-v", *family.flags, "-o", staging / "bin" / program, package],
            cwd=family.directory,
            env=go_env(),
        )
        progress.say(command.title)
        run(command, progress, is_progress=_names_package)
    if family.files:
        _keep_files(family, staging, go, progress)


def _keep_files(family: Family, staging: Path, go: Path, progress: Progress) -> None:
    """A copy, because the cache of modules may be emptied at any time."""
    asked: list[str | Path] = [go, "list", "-m", "-f", "{{.Dir}}", family.module]
    command = Command(f"looking for {family.module}", asked, cwd=family.directory, env=go_env())
    module = Path(run(command, progress))
    for name, directory in family.files.items():
        for file in (module / directory).rglob("*"):
            if file.is_file():
                copy = staging / name / file.relative_to(module / directory)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)


def _names_package(line: str) -> bool:
    # `go build -v` names what it compiles or downloads, one a line; anything with other words is the compiler's.
    return bool(line) and (" " not in line or line.startswith("go: downloading "))
