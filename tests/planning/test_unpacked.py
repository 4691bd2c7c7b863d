"""An unpacked archive reads as a Git tree of the same files does, and is never in memory as a whole."""

import asyncio
import gzip
import io
import os
import tarfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.git.repository import Repository
from bot.model.tree import EntryKind, TreeReader, UnreadableFile
from bot.planning.unpacked import UnpackedTree
from bot.planning.unpacked import unpacked as unpack_artifact
from bot.registry import ARTIFACT
from tests.git.repos import Work

FILES: dict[str, str | bytes] = {
    "a.yaml": "a",
    "a/b.yaml": "b",
    "a/c/d.yaml": "d",
    "a-b/e": b"\xff\x00",
    "empty": "",
    "ü/ß.yaml": "ü",
}


def unpacked(directory: Path, files: dict[str, str | bytes]) -> UnpackedTree:
    directory.mkdir(parents=True)
    Work(directory).write(files)
    return UnpackedTree(directory)


def walk(tree: TreeReader, directory: str = "") -> Iterator[tuple[str, str, bytes]]:
    for name, entry in tree.listing(directory):
        path = f"{directory}/{name}" if directory else name
        assert tree.entry(path) == entry
        if entry.kind is EntryKind.TREE:
            yield from walk(tree, path)
        else:
            yield path, entry.id, tree.read(path)


async def test_it_reads_as_a_git_tree_of_the_same_files_does(tmp_path: Path) -> None:
    work = Work.init(tmp_path / "work")
    work.commit(FILES)
    mine = unpacked(tmp_path / "files", FILES)
    async with Repository.open(work.path) as repository:
        theirs = await repository.tree(await repository.tree_of(await repository.resolve("HEAD")))
        assert sorted(walk(mine)) == sorted(walk(theirs))
        mine.prefetch(FILES)
    assert mine.size_bytes == sum(len(data) for _, _, data in walk(mine))


def test_it_is_listed_in_the_order_of_names(tmp_path: Path) -> None:
    tree = unpacked(tmp_path / "t", FILES)
    assert [name for name, _ in tree.listing("")] == ["a", "a-b", "a.yaml", "empty", "ü"]


def test_a_file_that_differs_shows_in_every_directory_above_and_nowhere_else(tmp_path: Path) -> None:
    one, two = unpacked(tmp_path / "1", FILES), unpacked(tmp_path / "2", {**FILES, "a/c/d.yaml": "other"})
    assert unpacked(tmp_path / "3", FILES).id == one.id
    assert one.id != two.id
    for path in ("a", "a/c"):
        assert one.listing_id(path) != two.listing_id(path)
    assert one.listing_id("a-b") == two.listing_id("a-b") != ""


def test_what_is_not_there_is_told_as_a_tree_tells_it(tmp_path: Path) -> None:
    tree = unpacked(tmp_path / "t", FILES)
    for path in ("none", "a.yaml/x", "../1", "/etc/passwd", "a/"):
        assert tree.entry(path) is None
        assert (tree.listing(path), tree.listing_id(path)) == ((), "")
        with pytest.raises(UnreadableFile):
            tree.read(path)
    assert tree.listing_id("a.yaml") == ""
    for path in ("a", "a.yaml"):
        with pytest.raises(UnreadableFile):
            tree.read_link(path)
    with pytest.raises(UnreadableFile):
        tree.read("a")


def test_a_name_that_is_no_text_and_a_deep_one_are_names_like_any_other(tmp_path: Path) -> None:
    directory = tmp_path / "t"
    deep = "/".join(["d"] * (ARTIFACT.depth - 1)) + "/f"
    (directory / deep).parent.mkdir(parents=True)
    (directory / deep).write_bytes(b"deep")
    odd = os.fsdecode(b"\xff.yaml")
    (directory / odd).write_bytes(b"odd")
    tree = UnpackedTree(directory)
    assert (tree.read(deep), tree.read(odd)) == (b"deep", b"odd")
    assert tree.id


def test_its_files_are_not_in_memory_together(tmp_path: Path) -> None:
    mib = 1 << 20
    directory = tmp_path / "t"
    directory.mkdir()
    for number in range(24):
        (directory / str(number)).write_bytes(bytes([number]) * mib)
    tracemalloc.start()
    try:
        tree = UnpackedTree(directory)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tree.size_bytes == 24 * mib
    assert peak < 6 * mib


def until_something_lies_in(home: Path) -> None:
    while not list(home.iterdir()):
        time.sleep(0.001)


async def test_who_stops_waiting_waits_until_nothing_is_written_any_more(tmp_path: Path) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for number in range(20_000):
            tar.addfile(tarfile.TarInfo(f"{number % 200}/{number}"))
    archive, home = tmp_path / "a.tgz", tmp_path / "home"
    archive.write_bytes(gzip.compress(plain.getvalue(), 1))
    home.mkdir()
    waiting = asyncio.create_task(unpack_artifact(archive, home))
    async with asyncio.timeout(30):
        await asyncio.to_thread(until_something_lies_in, home)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    count = sum(1 for _ in home.rglob("*"))
    assert count < 20_000
    await asyncio.sleep(0.1)
    assert sum(1 for _ in home.rglob("*")) == count
