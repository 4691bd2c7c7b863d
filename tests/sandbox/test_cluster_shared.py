"""The plane that all workers of a run share: started once, and gone when the last lets go."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sandbox.cluster.shared import SharedPlaneFailed, shared_plane

PROJECT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from tests.sandbox.cluster.shared import shared_plane
with shared_plane(Path(sys.argv[1])) as access:
    print(access.server, access.directory, flush=True)
    sys.stdin.read()
"""


def holder(directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def gone(path: Path) -> bool:
    deadline_s = time.monotonic() + 15
    while path.exists() and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return not path.exists()


def test_processes_share_one_plane_until_the_last_lets_go_even_by_being_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as first, holder(tmp_path) as second:
        server, directory = first_line(first).split()
        assert first_line(second).split() == [server, directory]
        first.kill()
        first.wait()
        with shared_plane(tmp_path) as access:
            assert access.server == server
            second.communicate("")
            assert Path(directory).exists()
        assert gone(Path(directory))


def test_a_plane_that_is_gone_is_started_anew(tmp_path: Path) -> None:
    with shared_plane(tmp_path) as access:
        first = access.directory
    assert gone(first)
    with shared_plane(tmp_path) as access:
        assert access.directory != first
        assert access.directory.exists()


def test_a_plane_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SharedPlaneFailed, match="etcd is not built yet"), shared_plane(tmp_path / "run"):
        pytest.fail("there is nothing to start")
