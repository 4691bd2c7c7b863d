"""The cache is shared, bounded, whole, and can be lost at any moment."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from bot.registry.cache import ARCHIVES, RECORDS, Cache, Stamp, digest_of


class Note(msgspec.Struct):
    text: str


def put(cache: Cache, data: bytes) -> tuple[str, Path]:
    with cache.incoming() as one:
        one.take(b"of a try that broke off")
        one.restart()
        one.take(data[:2])
        one.take(data[2:])
        return one.digest, cache.keep_archive(one)


def test_an_archive_is_found_by_its_digest_in_another_process_too(tmp_path: Path) -> None:
    digest, file = put(Cache(tmp_path, 1 << 20), b"content")
    assert digest == digest_of(file)
    assert Cache(tmp_path, 1 << 20).archive(digest) == file
    assert file.read_bytes() == b"content"


def test_a_damaged_archive_is_not_an_archive(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1 << 20)
    digest, file = put(cache, b"content")
    file.write_bytes(b"c0ntent")
    assert cache.archive(digest) is None
    assert not file.exists()


def test_what_is_not_kept_leaves_nothing_behind(tmp_path: Path) -> None:
    with Cache(tmp_path, 1 << 20).incoming() as one:
        one.take(b"x")
    assert list((tmp_path / ARCHIVES).iterdir()) == []


def test_what_was_used_least_recently_goes_first_and_what_is_in_use_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 100_000)
    digests = [put(cache, bytes([number]) * 26_000)[0] for number in range(3)]
    hour_ago = time.time() - 3600
    for age, digest in enumerate(reversed(digests)):
        file = cache.archive(digest)
        assert file is not None
        os.utime(file, (hour_ago - age, hour_ago - age))
    assert cache.archive(digests[0]) is not None  # used now
    newest, _ = put(cache, b"n" * 26_000)
    assert [cache.archive(digest) is not None for digest in (*digests, newest)] == [True, False, True, True]


def test_what_a_process_left_behind_counts_and_goes(tmp_path: Path) -> None:
    left = tmp_path / ARCHIVES / "abc.new"
    left.parent.mkdir()
    left.write_bytes(bytes(200_000))
    os.utime(left, (1, 1))
    put(Cache(tmp_path, 100_000), b"content")
    assert not left.exists()


def test_many_at_once_write_the_same_and_none_sees_half(tmp_path: Path) -> None:
    data = os.urandom(300_000)

    def work(_: int) -> bool:
        cache = Cache(tmp_path, 1 << 20)
        digest = put(cache, data)[0]
        return cache.archive(digest) is not None

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))


def test_a_record_has_an_age_and_one_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1 << 20)
    cache.put_record("key", Note("x"))
    found = cache.record("key", Note)
    assert found is not None
    assert found[0] == Note("x")
    assert 0 <= found[1] < 60
    (written,) = (tmp_path / RECORDS).glob("*/*")
    written.write_bytes(b"{")
    assert cache.record("key", Note) is None
    assert not written.exists()


def test_a_disk_that_takes_nothing_costs_the_record_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file", 1 << 20)
    cache.put_record("key", Note("x"))
    cache.put_document("key", b"x", Stamp())
    assert cache.record("key", Note) is None
    assert cache.document("key") is None


def test_what_is_in_use_may_not_outgrow_the_cache(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 100_000)
    for number in range(3):
        put(cache, bytes([number]) * 40_000)
    assert not cache.has_room()
    cache.put_document("key", b"x", Stamp())
    assert cache.document("key") is None
    for file in tmp_path.rglob("*.tgz"):
        os.utime(file, (1, 1))
    assert cache.has_room()
