"""A directory that holds about as much as it may."""

import os
import time
from pathlib import Path

from bot.disk import BoundedDirectory, mark_used


def test_what_is_not_moved_away_leaves_nothing_behind(tmp_path: Path) -> None:
    disk = BoundedDirectory(tmp_path / "disk", 1 << 20)
    with disk.under_way(disk.path / "a") as (stream, path):
        stream.write(b"half")
        assert path.exists()
    assert list((disk.path / "a").iterdir()) == []


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    disk = BoundedDirectory(tmp_path, 1 << 20)
    disk.write(tmp_path / "a" / "file", b"one", b"two")
    assert [(file.name, file.read_bytes()) for file in (tmp_path / "a").iterdir()] == [("file", b"onetwo")]


def test_what_a_dead_writer_left_goes_in_time_and_counts_until_then(tmp_path: Path) -> None:
    old, young = tmp_path / "old.new", tmp_path / "young.new"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (1, 1))
    BoundedDirectory(tmp_path, 1 << 20).write(tmp_path / "file", b"x")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "young.new"]


def test_what_is_in_use_stays_and_then_nothing_more_is_written(tmp_path: Path) -> None:
    disk = BoundedDirectory(tmp_path, 100_000, in_use_s=600)
    for name in "abc":
        disk.write(tmp_path / name, bytes(40_000))
    assert not disk.has_room()
    disk.write(tmp_path / "d", b"x")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "b", "c"]
    an_hour_ago = time.time() - 3600
    for name in "abc":
        os.utime(tmp_path / name, (an_hour_ago, an_hour_ago))
    mark_used(tmp_path / "a")
    assert disk.has_room()
    assert "a" in {file.name for file in tmp_path.iterdir()}
