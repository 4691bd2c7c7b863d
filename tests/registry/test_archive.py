"""A stranger's archive is unpacked below one directory, within limits, or refused with a reason."""

import gzip
import io
import os
import random
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.registry import ARTIFACT, Corrupt, NoRoom, SourceError, Stopped, TooLarge, UnpackLimits, unpack

SMALL = UnpackLimits(
    files=5, file_bytes=1 << 20, total_bytes=2 << 20, ratio=20, free_bytes=256 << 10, depth=6
)
Adding = Callable[[tarfile.TarFile], None]


def add(name: str, content: bytes = b"x") -> Adding:
    def to(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))

    return to


def special(name: str, kind: bytes, target: str = "", size: int = 0) -> Adding:
    def to(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, target, size
        tar.addfile(member)

    return to


def packed(*adding: Adding) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for one in adding:
            one(tar)
    return gzip.compress(plain.getvalue())


def unpacked(tmp_path: Path, data: bytes, **options: object) -> dict[str, bytes]:
    archive, into = tmp_path / "a.tgz", tmp_path / "into"
    archive.write_bytes(data)
    into.mkdir()
    options = {"limits": SMALL, **options}
    paths = unpack(archive, into, **options)  # type: ignore[arg-type]
    found = {str(file.relative_to(into)): file.read_bytes() for file in into.rglob("*") if file.is_file()}
    assert sorted(found) == sorted(paths)
    return found


def test_a_chart_lies_in_one_directory_whatever_that_is_called(tmp_path: Path) -> None:
    data = packed(
        special("odd name", tarfile.DIRTYPE), add("odd name/Chart.yaml", b"name: web"), add("./x/a/b.txt")
    )
    assert unpacked(tmp_path, data) == {"Chart.yaml": b"name: web", "a/b.txt": b"x"}


def test_a_chart_that_helm_packed_is_unpacked_whole(tmp_path: Path, packed: Path) -> None:
    found = unpacked(tmp_path, (packed / "web-1.0.0.tgz").read_bytes())
    assert set(found) == {"Chart.yaml", "values.yaml", "templates/config.yaml"}


def test_an_artifact_has_no_directory_and_its_links_are_left_out(tmp_path: Path) -> None:
    data = packed(
        add("./kustomization.yaml"), special("link", tarfile.SYMTYPE, "/etc/passwd"), add("a/b.yaml")
    )
    found = unpacked(tmp_path, data, strip=0, skips_links=True, limits=ARTIFACT)
    assert set(found) == {"kustomization.yaml", "a/b.yaml"}


@pytest.mark.parametrize(
    "adding",
    [
        *(add("../out"), add("c/../../out"), add("/etc/out"), add("c/a/../../../out"), add("c\\..\\..\\out")),
        *(special("c/l", tarfile.SYMTYPE, "/etc"), special("c/l", tarfile.LNKTYPE, "c/a")),
        *(special("c/p", tarfile.FIFOTYPE), special("c/d", tarfile.CHRTYPE), special("c/b", tarfile.BLKTYPE)),
        *(
            add("Chart.yaml"),
            add("c/a\nb"),
            add("c/" + "n" * 256),
            add("c/" + "d/" * 9 + "f"),
            add("c/\udcff"),
        ),
    ],
)
def test_nothing_is_written_outside_and_no_link_or_device_is_made(tmp_path: Path, adding: Adding) -> None:
    with pytest.raises(Corrupt):
        unpacked(tmp_path, packed(add("c/Chart.yaml"), adding))
    assert {file.name for file in tmp_path.iterdir()} == {"a.tgz", "into"}
    assert not any(file.is_symlink() for file in tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("c/../../x", "outside"),
        ("c/\udcff", "no UTF-8"),
        ("c/a\nb", "no name that can be shown"),
        ("c/a\x1b[31mb", "no name that can be shown"),
        ("c/" + "d/" * 9 + "f", "too deep"),
    ],
)
def test_a_name_that_is_refused_is_told_with_what_is_wrong_with_it(
    tmp_path: Path, name: str, word: str
) -> None:
    with pytest.raises(Corrupt, match=word) as caught:
        unpacked(tmp_path, packed(add("c/Chart.yaml"), add(name)))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>not found</html>", id="a page"),
        pytest.param(gzip.compress(b""), id="nothing compressed"),
        pytest.param(gzip.compress(b"no tar at all" * 100), id="no tar"),
        pytest.param(packed(), id="no entry"),
        pytest.param(packed(add("c/Chart.yaml"))[:-9], id="without its end"),
        pytest.param(packed(add("c/Chart.yaml"))[:40], id="its beginning only"),
        pytest.param(packed(add("c/Chart.yaml"))[:-8] + b"\0" * 8, id="wrong sum"),
        pytest.param(packed(add("c/Chart.yaml"), add("c/Chart.yaml")), id="a file twice"),
        pytest.param(packed(add("c/a"), add("c/a/b")), id="a file, then a directory"),
        pytest.param(packed(add("c/a/b"), add("c/a")), id="a directory, then a file"),
    ],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Corrupt):
        unpacked(tmp_path, data)


def test_a_file_that_ends_before_its_size_is_refused(tmp_path: Path) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        add("c/Chart.yaml", os.urandom(50_000))(tar)
    with pytest.raises(Corrupt):
        unpacked(tmp_path, gzip.compress(plain.getvalue()[:20_000]))


@pytest.mark.parametrize(
    ("adding", "word"),
    [
        ([add(f"c/{number}") for number in range(6)], "more than 5 entries"),
        ([special(f"c/{number}", tarfile.DIRTYPE) for number in range(9)], "more than 5 entries"),
        ([add("c/big", os.urandom((1 << 20) + 1))], "larger than 1 MiB"),
        ([add(f"c/{number}", os.urandom(1 << 20)) for number in range(3)], "more than 2 MiB"),
        ([add("c/zeros", bytes(1 << 20))], "20 times"),
        ([special("c/huge", tarfile.REGTYPE, size=1 << 40)], "larger than 1 MiB"),
    ],
)
def test_what_is_too_much_is_refused_before_it_is_written(
    tmp_path: Path, adding: list[Adding], word: str
) -> None:
    with pytest.raises(TooLarge, match=word):
        unpacked(tmp_path, packed(*adding))
    assert sum(file.stat().st_size for file in (tmp_path / "into").rglob("*") if file.is_file()) <= 3 << 20


def test_a_bomb_in_the_headers_is_no_way_around_the_limits(tmp_path: Path) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("c/Chart.yaml")
        member.pax_headers = {"comment": "z" * (4 << 20)}
        tar.addfile(member)
    with pytest.raises(TooLarge):
        unpacked(tmp_path, gzip.compress(plain.getvalue()))


@pytest.mark.timeout(60)
def test_no_damage_gets_further_than_a_refusal(tmp_path: Path, packed: Path) -> None:
    chance = random.Random(11)
    whole = gzip.decompress((packed / "web-1.0.0.tgz").read_bytes())
    for number in range(150):
        spoiled = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            spoiled[chance.randrange(min(len(spoiled), 3000))] = chance.randrange(256)
        place = tmp_path / str(number)
        place.mkdir()
        try:
            unpacked(place, gzip.compress(bytes(spoiled), 1))
        except SourceError:
            continue


def raw_header(name: str, kind: bytes, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    return member.tobuf(tarfile.GNU_FORMAT)


def with_pax(**headers: str) -> bytes:
    """A file whose pax header says these things of it."""
    records = b""
    for key, value in headers.items():
        line = f" {key.replace('_', '.')}={value}\n".encode()
        length = len(line) + 2
        records += f"{length}".encode() + line
    block = records + bytes(-len(records) % 512)
    pax = raw_header("x", tarfile.XHDTYPE, len(records)) + block
    return pax + raw_header("c/a", tarfile.REGTYPE, 0) + bytes(1024)


@pytest.mark.parametrize(
    "plain",
    [
        (raw_header("n", tarfile.GNUTYPE_LONGNAME, 2) + b"ab" + bytes(510)) * 1500,
        (raw_header("n", tarfile.XHDTYPE, 6) + b"6 a=b\n" + bytes(506)) * 1500,
        with_pax(GNU_sparse_map="a,b"),
        with_pax(GNU_sparse_major="1", GNU_sparse_minor="0", GNU_sparse_size="x"),
        with_pax(size="-5"),
    ],
)
def test_headers_that_make_no_sense_are_a_damaged_archive(tmp_path: Path, plain: bytes) -> None:
    limits = UnpackLimits(ratio=100_000)
    with pytest.raises(Corrupt):
        unpacked(tmp_path, gzip.compress(plain), limits=limits)


def test_a_path_that_no_system_takes_is_refused(tmp_path: Path) -> None:
    name = "c/" + "/".join(["n" * 250] * 30)
    with pytest.raises(Corrupt, match="too long"):
        unpacked(tmp_path, packed(add(name)), limits=UnpackLimits())


def test_a_disk_that_takes_nothing_is_trouble_of_ours(tmp_path: Path) -> None:
    archive = tmp_path / "a.tgz"
    archive.write_bytes(packed(add("c/a")))
    with pytest.raises(NoRoom):
        unpack(archive, Path("/proc/self/none"))


def test_directories_on_the_way_count_as_entries_and_take_room(tmp_path: Path) -> None:
    deep = [add(f"c/{number}/a/b/c/f") for number in range(3)]
    with pytest.raises(TooLarge, match="more than 5 entries"):
        unpacked(tmp_path, packed(*deep))
    made = [path for path in (tmp_path / "into").rglob("*") if path.is_dir()]
    assert len(made) <= 5
    roomy = UnpackLimits(files=10_000, total_bytes=1 << 20)
    (tmp_path / "more").mkdir()
    many = [add(f"c/{number}/a/f") for number in range(200)]
    with pytest.raises(TooLarge, match="more than 1 MiB"):
        unpacked(tmp_path / "more", packed(*many), limits=roomy)


def test_what_is_no_longer_wanted_is_not_unpacked_to_its_end(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        unpacked(tmp_path, packed(add("c/a")), stop=stop)
    assert not list((tmp_path / "into").iterdir())
