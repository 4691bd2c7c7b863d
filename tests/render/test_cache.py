import os
import time
from multiprocessing import get_context
from pathlib import Path

from bot.model.objects import Digest, Object
from bot.model.rendering import ContentKey, Diagnostic, MaskedRendering, Severity, Trust
from bot.render.cache import CacheKey, RenderingCache


def rendering(name: str = "a", filler_bytes: int = 0) -> MaskedRendering:
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {
            "filler": os.urandom(filler_bytes).hex(),
            "big": 2**63,
            "small": -(2**63),
            "half": 0.5,
            "none": None,
        },
    }
    remark = Diagnostic(Severity.WARNING, "said", "a.yaml", 3)
    return MaskedRendering((Object.of(manifest),), Digest("sha256:1"), (remark,))


def key(content: str = "k", trust: Trust = Trust.TRUSTED, mask: str = "m1") -> CacheKey:
    return CacheKey(ContentKey(content), trust, mask)


def test_what_was_put_is_got_by_another_cache_over_the_same_directory(tmp_path: Path) -> None:
    RenderingCache(tmp_path / "c", 10**6).put(key(), rendering())
    assert RenderingCache(tmp_path / "c", 10**6).get(key()) == rendering()


def test_each_part_of_the_key_keeps_renderings_apart(tmp_path: Path) -> None:
    cache = RenderingCache(tmp_path, 10**6)
    cache.put(key(trust=Trust.PULL_REQUEST), rendering())
    assert cache.get(key(trust=Trust.TRUSTED)) is None
    assert cache.get(key(trust=Trust.PULL_REQUEST, mask="m2")) is None
    assert cache.get(key("other", trust=Trust.PULL_REQUEST)) is None


def test_a_broken_entry_is_removed_and_missed(tmp_path: Path) -> None:
    cache = RenderingCache(tmp_path, 10**6)
    cache.put(key(), rendering())
    (file,) = tmp_path.glob("*/*")
    whole = file.read_bytes()
    for broken in (b"", b"rubbish", whole[:-5], whole[:40] + b"\0\0\0" + whole[43:]):
        file.write_bytes(broken)
        assert cache.get(key()) is None
        assert not file.exists()


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    cache = RenderingCache(tmp_path, 40_000)
    for number in range(6):
        cache.put(key(str(number)), rendering(filler_bytes=4_000))
        time.sleep(0.01)
        cache.get(key("0"))
    for number in range(6, 12):
        cache.put(key(str(number)), rendering(filler_bytes=4_000))
        time.sleep(0.01)
        cache.get(key("0"))
    assert sum(f.stat().st_size for f in tmp_path.glob("*/*")) <= 44_000
    assert cache.get(key("0")) is not None
    assert cache.get(key("1")) is None
    assert cache.get(key("11")) is not None


def test_what_a_dead_writer_left_is_swept_in_time(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    old, new = tmp_path / "ab" / "x.new", tmp_path / "ab" / "y.new"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    RenderingCache(tmp_path, 10**6).put(key(), rendering())
    assert (old.exists(), new.exists()) == (False, True)


def test_an_entry_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    cache = RenderingCache(tmp_path, 1_000)
    cache.put(key(), rendering(filler_bytes=5_000))
    assert cache.get(key()) is None


def test_a_directory_that_cannot_be_written_costs_only_the_entry(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = RenderingCache(tmp_path / "file" / "below", 10**6)
    cache.put(key(), rendering())
    assert cache.get(key()) is None


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    RenderingCache(tmp_path / "c", 10**6).put(key(), rendering())
    assert (tmp_path / "c").stat().st_mode & 0o077 == 0


def test_several_processes_may_share_it(tmp_path: Path) -> None:
    context = get_context("spawn")
    writers = [context.Process(target=_write_many, args=(tmp_path,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert [writer.exitcode for writer in writers] == [0, 0]


def _write_many(directory: Path) -> None:
    cache = RenderingCache(directory, 30_000)
    for number in range(60):
        cache.put(key(str(number % 10)), rendering(filler_bytes=2_000))
        found = cache.get(key(str((number + 3) % 10)))
        assert found is None or found.digest == "sha256:1"
