"""A program small enough to be built for real in a test."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.programs import Family
from tools.steps import Progress
from tools.toolchain import go_for

GO_MOD = """module example.invalid/tools/greeter

go 1.21

require example.invalid/greeter v1.2.3

replace example.invalid/greeter => ./greeter
"""
PROGRAM = 'package main\n\nfunc main() { println("hello") }\n'

MakeFamily = Callable[..., Family]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of ours; Go is the usual one and keeps its own, so that nothing is fetched or compiled twice."""
    go = go_for((1, 21), Progress(io.StringIO()))
    found = subprocess.run([go, "env", "GOCACHE"], capture_output=True, text=True, check=True)
    monkeypatch.setenv("GOCACHE", found.stdout.strip())
    monkeypatch.setenv("PATH", f"{go.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "longshore" / "tools"


@pytest.fixture
def make_family(tmp_path: Path) -> MakeFamily:
    def make(program: str = PROGRAM, go_mod: str = GO_MOD, go_sum: str = "") -> Family:
        directory = tmp_path / "modules" / "greeter"
        source = directory / "greeter"
        source.mkdir(parents=True, exist_ok=True)
        (directory / "go.mod").write_text(go_mod)
        (directory / "go.sum").write_text(go_sum)
        (source / "go.mod").write_text("module example.invalid/greeter\n\ngo 1.21\n")
        (source / "main.go").write_text(program)
        return Family(
            "greeter",
            "example.invalid/greeter",
            {"greeter": "example.invalid/greeter"},
            go_modules=tmp_path / "modules",
        )

    return make
