"""Archives of charts, from people who may mean harm."""

import gzip
import io
import tarfile

import pytest

from bot.render.errors import Unrenderable
from bot.render.helm.files import MAX_FILE_BYTES, Budget, unpack, whole
from tests.render.helm.releases import packed


def tar(*members: tarfile.TarInfo, data: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def member(name: str, *, size: int = 0, **about: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = size
    for field, value in about.items():
        setattr(made, field, value)
    return made


def test_the_files_of_an_archive_are_those_below_its_directory() -> None:
    data = packed({"Chart.yaml": "name: a", "templates/x.yaml": "\ufeffx", "charts/b/Chart.yaml": "name: b"})
    assert unpack(data, Budget()) == {
        "Chart.yaml": b"name: a",
        "templates/x.yaml": b"x",
        "charts/b/Chart.yaml": b"name: b",
    }


def test_packaged_subcharts_are_unpacked_where_they_lie() -> None:
    inner = packed({"Chart.yaml": "name: c"}, "c")
    middle = packed({"Chart.yaml": "name: b", "charts/c-1.0.0.tgz": inner}, "b")
    found = unpack(packed({"Chart.yaml": "name: a", "charts/b.tgz": middle, "charts/_x.tgz": "x"}), Budget())
    assert set(found) == {
        "Chart.yaml",
        "charts/b/Chart.yaml",
        "charts/b/charts/c-1.0.0/Chart.yaml",
        "charts/_x.tgz",
    }


def test_a_packaged_subchart_does_not_mix_with_a_directory_of_its_name() -> None:
    files = {"charts/b.tgz": packed({"Chart.yaml": "packed"}, "b"), "charts/b/Chart.yaml": b"directory"}
    assert sorted(whole(files, Budget()).values()) == [b"directory", b"packed"]


def test_links_and_devices_are_not_files() -> None:
    data = tar(
        member("a/Chart.yaml"),
        member("a/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("a/hard", type=tarfile.LNKTYPE, linkname="a/Chart.yaml"),
        member("a/pipe", type=tarfile.FIFOTYPE),
        member("a/dir", type=tarfile.DIRTYPE),
    )
    assert unpack(data, Budget()) == {"Chart.yaml": b""}


@pytest.mark.parametrize(
    "name",
    [
        "a/../../etc/x",
        "/etc/passwd/..",
        "a//etc/x",
        "Chart.yaml",
        "a",
        "a/..",
        "a/c:/x/../..",
        "a\\..\\x",
        "a/C:/x",
    ],
)
def test_names_that_lie_in_no_chart_are_refused(name: str) -> None:
    with pytest.raises(Unrenderable, match="lies in no chart"):
        unpack(tar(member(name)), Budget())


def test_windows_names_are_read() -> None:
    assert set(unpack(tar(member("a\\templates\\x.yaml")), Budget())) == {"templates/x.yaml"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        gzip.compress(b"no tar"),
        packed({"a": "x" * 5000})[:-200],
        gzip.compress(b"\0" * 512 * 30),
    ],
    ids=["nothing", "text", "no tar", "cut off", "zeros"],
)
def test_what_is_no_archive_is_a_reason(data: bytes) -> None:
    with pytest.raises(Unrenderable, match="the chart's archive"):
        unpack(data, Budget())


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    data = tar(member("a/x", size=MAX_FILE_BYTES + 1), data=b"\0" * (MAX_FILE_BYTES + 1))
    with pytest.raises(Unrenderable, match="larger than 5 MiB"):
        unpack(data, Budget())


def test_a_bomb_is_refused() -> None:
    zeros = b"\0" * MAX_FILE_BYTES
    data = tar(*(member(f"a/{n}", size=len(zeros)) for n in range(14)), data=zeros)
    with pytest.raises(Unrenderable, match="more than 64 MiB"):
        unpack(data, Budget())


def test_a_bomb_in_a_header_is_refused() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        made = member("a/x")
        made.pax_headers = {"comment": "x" * (90 * 1024 * 1024)}
        archive.addfile(made)
    with pytest.raises(Unrenderable):
        unpack(stream.getvalue(), Budget())


def test_archives_in_archives_have_an_end() -> None:
    data = packed({"Chart.yaml": "x"}, "x")
    many = {f"charts/{n}.tgz": data for n in range(300)}
    with pytest.raises(Unrenderable, match="more than 200 archives"):
        unpack(packed(many), Budget())


def test_many_files_are_refused() -> None:
    with pytest.raises(Unrenderable, match="more than 10000 files"):
        unpack(tar(*(member(f"a/{n}") for n in range(10_001))), Budget())


def test_a_large_file_pointer_is_no_chart_file() -> None:
    with pytest.raises(Unrenderable, match="Git LFS"):
        whole({"charts/x.tgz": b"version https://git-lfs.github.com/spec/v1\n"}, Budget())
