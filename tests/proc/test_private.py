"""What processes leave in the temporary directory: real ones, killed while they hold something."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.proc.private import MARK, PREFIX, own_directory, remove_leftovers

HOLDING = """
import sys
from bot.proc.private import make_private
held = make_private()
(held / "decrypted").write_text("secret")
(held / "deep").mkdir()
(held / "deep" / "link").symlink_to(sys.argv[1])
print(held, flush=True)
sys.stdin.read()
"""
ENDING = "from bot.proc.private import make_private\n(make_private() / 'a').mkdir()"
LEAVING = "from bot.proc.private import remove_leftovers\nremove_leftovers()"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    directory = tmp_path / "tmp"
    directory.mkdir()
    return directory


def started(script: str, place: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ended(script: str, place: Path) -> None:
    with started(script, place) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.fixture
def holding(place: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a private directory with files in it until it is killed."""
    with started(HOLDING, place, str(tmp_path)) as process:
        assert process.stdout is not None
        held = process.stdout.readline().strip()
        assert (Path(held) / "decrypted").is_file()
        assert Path(held).parent.parent == place
        yield process
        process.kill()


def left_by(process: subprocess.Popen[str], place: Path) -> Path:
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    (left,) = place.iterdir()
    assert [file.read_text() for file in left.rglob("decrypted")] == ["secret"]
    return left


def marked(place: Path, name: str, mode: int = 0o700) -> Path:
    directory = place / name
    directory.mkdir()
    (directory / MARK).touch()
    (directory / "kept").mkdir()
    directory.chmod(mode)
    return directory


@pytest.mark.parametrize("script", [ENDING, LEAVING])
def test_what_a_killed_process_left_is_removed_by_the_next(
    holding: subprocess.Popen[str], place: Path, tmp_path: Path, script: str
) -> None:
    left_by(holding, place)
    ended(script, place)
    assert list(place.iterdir()) == []
    assert tmp_path.is_dir(), "what a link in it leads to stays"


def test_what_a_live_process_holds_stays(holding: subprocess.Popen[str], place: Path) -> None:
    before = sorted(place.rglob("*"))
    ended(ENDING, place)
    assert sorted(place.rglob("*")) == before
    assert holding.poll() is None


def test_a_process_that_ends_removes_its_own(place: Path) -> None:
    ended(ENDING, place)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "name", [f"{PREFIX}no-mark", f"{PREFIX}a-file", f"{PREFIX}open-to-others", "longshore-demo", "other"]
)
def test_what_does_not_carry_the_mark_or_others_may_enter_is_not_touched(place: Path, name: str) -> None:
    if name.endswith("a-file"):
        (place / name).write_text("kept")
    else:
        directory = marked(place, name, 0o755 if name.endswith("others") else 0o700)
        if name.endswith("no-mark"):
            (directory / MARK).unlink()
    before = sorted(place.rglob("*"))
    ended(ENDING, place)
    assert sorted(place.rglob("*")) == before


def test_links_are_not_followed(place: Path, tmp_path: Path) -> None:
    outside = marked(tmp_path, "outside")
    (place / f"{PREFIX}link").symlink_to(outside)
    inside = marked(place, f"{PREFIX}inside")
    (inside / MARK).unlink()
    (inside / MARK).symlink_to(outside / MARK)
    before = sorted(tmp_path.rglob("*"))
    ended(ENDING, place)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_belongs_to_somebody_else_is_not_touched(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marked(place, f"{PREFIX}theirs")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    ours = os.geteuid()
    with monkeypatch.context() as other:
        other.setattr(os, "geteuid", lambda: ours + 1)
        before = sorted(place.rglob("*"))
        remove_leftovers()
        assert sorted(place.rglob("*")) == before
    remove_leftovers()
    assert list(place.iterdir()) == []


def test_processes_that_start_at_once_take_nothing_from_each_other(place: Path, tmp_path: Path) -> None:
    for number in range(3):
        marked(place, f"{PREFIX}left-{number}")
    processes = [started(HOLDING, place, str(tmp_path)) for _ in range(6)]
    held = [process.stdout.readline().strip() for process in processes if process.stdout is not None]
    assert sum((Path(each) / "decrypted").is_file() for each in held) == 6
    assert len(list(place.iterdir())) == 6
    for process in processes:
        process.communicate(timeout=30)
    assert list(place.iterdir()) == []


def test_the_own_directory_is_ours_alone_and_made_again_where_it_was_cleaned_away(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import shutil\nfrom bot.proc.private import make_private, own_directory\nmake_private()\n"
        "first = own_directory()\nshutil.rmtree(first)\nassert make_private().is_dir() and own_directory() != first"
    )
    ended(script, place)
    assert list(place.iterdir()) == []
    own = own_directory()
    assert stat.S_IMODE(own.stat().st_mode) & 0o077 == 0
    assert own.parent == Path(tempfile.gettempdir())
    assert own_directory() == own
