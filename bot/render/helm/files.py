"""The files of a chart by their paths inside it, from wherever they come, within limits that no chart needs.

Packaged subcharts (`charts/NAME.tgz`) are unpacked in place, so that whoever looks at the files sees all of them.
"""

import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from gzip import GzipFile
from typing import IO

from bot.render.contents import LFS_REASON, is_lfs_pointer
from bot.render.errors import Unrenderable

ChartFiles = dict[str, bytes]
"""`Chart.yaml`, `templates/a.yaml`, `charts/sub/Chart.yaml`: clean relative paths."""

MIB = 1024 * 1024
MAX_ARCHIVE_BYTES = 10 * MIB
MAX_FILE_BYTES = 5 * MIB
MAX_TOTAL_BYTES = 64 * MIB
MAX_FILES = 10_000
MAX_NESTED_ARCHIVES = 200

_BOM = b"\xef\xbb\xbf"
_SUBCHART_ARCHIVE = re.compile(r"((?:charts/[^/]+/)*charts/)([^/_.][^/]*)\.tgz")
_DRIVE = re.compile(r"[A-Za-z]:/")
_UNREADABLE = (
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
)


class TooLarge(Unrenderable):
    """A limit was reached: a chart that unpacks to this much is not a chart."""


class Budget:
    """What the files of one chart may still need, all its archives together."""

    def __init__(self) -> None:
        self._bytes = MAX_TOTAL_BYTES
        self._files = MAX_FILES
        self._archives = MAX_NESTED_ARCHIVES

    def file(self, path: str, size_bytes: int) -> None:
        self._files -= 1
        self._bytes -= size_bytes
        if size_bytes > MAX_FILE_BYTES:
            raise TooLarge(f"the chart's file {path[:200]} is larger than {MAX_FILE_BYTES // MIB} MiB")
        if self._bytes < 0:
            raise TooLarge(f"the chart's files have more than {MAX_TOTAL_BYTES // MIB} MiB together")
        if self._files < 0:
            raise TooLarge(f"the chart has more than {MAX_FILES} files")

    def archive(self) -> None:
        self._archives -= 1
        if self._archives < 0:
            raise TooLarge(f"the chart holds more than {MAX_NESTED_ARCHIVES} archives")


def whole(files: Mapping[str, bytes], budget: Budget) -> ChartFiles:
    """The files as a chart's: counted, without byte order marks, packaged subcharts unpacked. Raises `Unrenderable`."""
    result: ChartFiles = {}
    for path, data in files.items():
        budget.file(path, len(data))
        if is_lfs_pointer(data):
            raise Unrenderable(f"the chart's file {path[:200]} {LFS_REASON}")
        result[path] = data.removeprefix(_BOM)
    return _unpacked(result, budget)


def unpack(data: bytes, budget: Budget) -> ChartFiles:
    """The files of a packaged chart, below its one directory. Raises `Unrenderable` for whatever is wrong with it."""
    if len(data) > MAX_ARCHIVE_BYTES:
        raise TooLarge(f"the chart's archive is larger than {MAX_ARCHIVE_BYTES // MIB} MiB")
    budget.archive()
    files: ChartFiles = {}
    try:
        with (
            GzipFile(fileobj=io.BytesIO(data)) as inflated,
            tarfile.open(fileobj=_Capped(inflated), mode="r|", errorlevel=1) as archive,
        ):
            for path, content in _members(archive, budget):
                files[path] = content
    except _UNREADABLE:
        raise Unrenderable("the chart's archive cannot be unpacked") from None
    if not files:
        raise Unrenderable("the chart's archive holds no files")
    return _unpacked(files, budget)


def _unpacked(files: ChartFiles, budget: Budget) -> ChartFiles:
    result: ChartFiles = {}
    for path, data in files.items():
        packaged = _SUBCHART_ARCHIVE.fullmatch(path)
        if packaged is None:
            result[path] = data
            continue
        directory = f"{packaged[1]}{packaged[2]}"
        while any(other.startswith(f"{directory}/") for other in (*files, *result)):
            directory += "-packaged"
        for below, content in unpack(data, budget).items():
            result[f"{directory}/{below}"] = content
    return result


def _members(archive: tarfile.TarFile, budget: Budget) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        if not member.isreg():
            continue  # Helm makes empty files of links, and reads nothing through them
        path = _inside(member.name)
        budget.file(path, abs(member.size))
        stream = archive.extractfile(member)
        assert stream is not None
        yield path, stream.read().removeprefix(_BOM)


def _inside(name: str) -> str:
    """The path below the archive's one directory, by Helm's rules. Raises `Unrenderable`."""
    top, _, rest = name.replace("\\", "/").partition("/")
    names = [part for part in rest.split("/") if part not in ("", ".")]
    if (
        rest.startswith("/")
        or not names
        or ".." in names
        or _DRIVE.match(rest)
        or top == "Chart.yaml"
        or "\0" in rest
        or len(rest) > 1000
    ):
        raise Unrenderable(f"the chart's archive holds {name[:200]!r}, which lies in no chart")
    return "/".join(names)


class _Capped(io.RawIOBase):
    """A stream that ends in an error when it gives more than a chart may hold, headers and padding included."""

    def __init__(self, stream: IO[bytes] | GzipFile) -> None:
        super().__init__()
        self._stream = stream
        self._left = MAX_TOTAL_BYTES + MAX_FILES * 2048

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size if 0 <= size <= self._left else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"the chart's files have more than {MAX_TOTAL_BYTES // MIB} MiB together")
        return data
