"""Unpack a chart or artifact that a stranger packed.

Invariant: nothing is written outside `into`, no link and no special file is made, and files, directories, sizes and the
ratio of unpacked to packed bytes are capped while reading, not afterwards.
"""

import contextlib
import errno
import gzip
import os
import tarfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from bot.registry.errors import Corrupt, NoRoom, SourceError, Stopped, TooLarge
from bot.registry.limits import DIRECTORY_BYTES, UnpackLimits

_READ_BYTES = 64 * 1024
_MOST_PATH_BYTES = 2048
"""Of a whole path: the system takes 4096, of which some are of the directory."""
_UNREADABLE = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
)
"""What Python raises of headers that make no sense."""
_TWICE = (IsADirectoryError, NotADirectoryError, FileExistsError)


def unpack(
    archive: Path,
    into: Path,
    *,
    strip: int = 1,
    skips_links: bool = False,
    limits: UnpackLimits | None = None,
    stop: threading.Event | None = None,
) -> tuple[str, ...]:
    """Write the archive's files below the empty directory `into`; their paths, in the archive's order.

    `strip` leading parts of each name are left out: a chart lies in one directory, whatever that is called. A link is
    refused, or with `skips_links` left out, as Flux does with an artifact. Blocks: call it in a thread; it ends soon
    after `stop` is set. Raises `Corrupt`, `TooLarge`, `NoRoom` and `Stopped`.
    """
    caps = limits or UnpackLimits()
    paths: list[str] = []
    stop = stop or threading.Event()
    try:
        with archive.open("rb") as packed, gzip.GzipFile(fileobj=packed) as plain:
            counted: Any = _Counted(plain, archive.stat().st_size, caps)
            room = _Room(counted, caps)
            with tarfile.open(fileobj=counted, mode="r|", encoding="utf-8", errors="strict") as tar:
                for member in _files(tar, room, caps, skips_links=skips_links):
                    if stop.is_set():
                        raise Stopped("the archive is no longer wanted")
                    path = _path(member.name, strip, caps)
                    room.lead_to(path)
                    _write(tar, member, into / path)
                    paths.append(path)
            # To the end, where gzip says whether all of it was right.
            while counted.read(_READ_BYTES):
                pass
    except SourceError:
        raise
    except UnicodeError:
        raise Corrupt("the archive holds a name that is no UTF-8") from None
    except _UNREADABLE as error:
        raise Corrupt("the archive is damaged, or no .tgz") from error
    except _TWICE:
        raise Corrupt("the archive names one place twice") from None
    except OSError as error:
        raise _of_disk(error) from error
    if not paths:
        raise Corrupt("the archive holds no file")
    return tuple(paths)


def _files(
    tar: tarfile.TarFile, room: "_Room", caps: UnpackLimits, *, skips_links: bool
) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        room.take_entry()
        if member.isdir():
            continue
        if member.issym() or member.islnk():
            if skips_links:
                continue
            raise Corrupt(f"the archive holds a link, {_short(member.name)}")
        if not member.isreg() or member.issparse():
            raise Corrupt(f"the archive holds {_short(member.name)}, which is no plain file")
        if member.size < 0:
            raise Corrupt(f"the archive holds {_short(member.name)}, which is smaller than nothing")
        if member.size > caps.file_bytes:
            raise TooLarge(f"{_short(member.name)} in the archive is larger than {caps.file_bytes >> 20} MiB")
        yield member


def _path(name: str, strip: int, caps: UnpackLimits) -> str:
    given = PurePosixPath(name.replace("\\", "/"))
    parts = [part for part in given.parts if part != "."]
    if given.is_absolute() or ".." in parts:
        raise Corrupt(f"the archive names {_short(name)}, which lies outside of it")
    if not name.isprintable():
        raise Corrupt(f"the archive names {_short(name)}, which is no name that can be shown")
    if len(parts) <= strip:
        raise Corrupt(f"the archive holds {_short(name)} beside its directory")
    is_long = len(name.encode()) > _MOST_PATH_BYTES or any(len(part.encode()) > 255 for part in parts)
    if is_long or len(parts) > caps.depth:
        raise Corrupt(f"the archive names {_short(name)}, which is too long, or lies too deep")
    return "/".join(parts[strip:])


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, file: Path) -> None:
    content = tar.extractfile(member)
    assert content is not None  # a plain file has content
    file.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(file, flags, 0o644), "wb") as out:
        left = member.size
        while left and (part := content.read(min(left, _READ_BYTES))):
            out.write(part)
            left -= len(part)
    if left:
        raise Corrupt("the archive is cut off")


def _of_disk(error: OSError) -> SourceError:
    if error.errno == errno.ENAMETOOLONG:
        return Corrupt("the archive names a place that is too long")
    return NoRoom(f"the archive cannot be written to our disk: {error.strerror or type(error).__name__}")


class _Room:
    """What the entries, and the directories that are made on the way to them, may still take."""

    def __init__(self, counted: "_Counted", caps: UnpackLimits) -> None:
        self._counted = counted
        self._caps = caps
        self._left = caps.files
        self._made: set[str] = {""}

    def take_entry(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooLarge(f"the archive holds more than {self._caps.files} entries")

    def lead_to(self, path: str) -> None:
        """Before the directories above `path` are made."""
        above = path.rpartition("/")[0]
        while above not in self._made:
            self.take_entry()
            self._counted.take(DIRECTORY_BYTES)
            self._made.add(above)
            above = above.rpartition("/")[0]


class _Counted:
    """What comes out of the gzip, as far as it may."""

    def __init__(self, inner: gzip.GzipFile, packed_bytes: int, caps: UnpackLimits) -> None:
        self._inner = inner
        self._left = caps.total_bytes
        self._caps = caps
        self._ratio_left = max(caps.free_bytes, packed_bytes * caps.ratio)

    def read(self, size: int) -> bytes:
        data = self._inner.read(size)
        self._ratio_left -= len(data)
        self.take(len(data))
        if self._ratio_left < 0:
            raise TooLarge(f"the archive unpacks to more than {self._caps.ratio} times its size")
        return data

    def take(self, size_bytes: int) -> None:
        self._left -= size_bytes
        if self._left < 0:
            raise TooLarge(f"the archive unpacks to more than {self._caps.total_bytes >> 20} MiB")


def _short(name: str) -> str:
    with contextlib.suppress(UnicodeError):
        name = name.encode("utf-8", "replace").decode()
    return repr(name[:100])
