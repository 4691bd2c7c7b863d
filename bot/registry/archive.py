"""Unpack a chart or artifact that a stranger packed.

Invariant: nothing is written outside `into`, no link and no special file is made, and files, sizes and the ratio of
unpacked to packed bytes are capped while reading, not afterwards.
"""

import contextlib
import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from bot.registry.errors import Corrupt, SourceError, TooLarge
from bot.registry.limits import UnpackLimits

_READ_BYTES = 64 * 1024


def unpack(
    archive: Path,
    into: Path,
    *,
    strip: int = 1,
    skips_links: bool = False,
    limits: UnpackLimits | None = None,
) -> tuple[str, ...]:
    """Write the archive's files below the empty directory `into`; their paths, in the archive's order.

    `strip` leading parts of each name are left out: a chart lies in one directory, whatever that is called. A link is
    refused, or with `skips_links` left out, as Flux does with an artifact. Blocks: call it in a thread. Raises
    `Corrupt` and `TooLarge`.
    """
    caps = limits or UnpackLimits()
    paths: list[str] = []
    try:
        with archive.open("rb") as packed, gzip.GzipFile(fileobj=packed) as plain:
            counted: Any = _Counted(plain, archive.stat().st_size, caps)
            with tarfile.open(fileobj=counted, mode="r|", encoding="utf-8", errors="strict") as tar:
                for member in _files(tar, caps, skips_links=skips_links):
                    path = _path(member.name, strip, caps)
                    _write(tar, member, into / path)
                    paths.append(path)
            # To the end, where gzip says whether all of it was right.
            while counted.read(_READ_BYTES):
                pass
    except SourceError:
        raise
    except UnicodeError:
        raise Corrupt("the archive holds a name that is no UTF-8") from None
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, OverflowError) as error:
        raise Corrupt("the archive is damaged, or no .tgz") from error
    except (IsADirectoryError, NotADirectoryError, FileExistsError):
        raise Corrupt("the archive names one place twice") from None
    if not paths:
        raise Corrupt("the archive holds no file")
    return tuple(paths)


def _files(tar: tarfile.TarFile, caps: UnpackLimits, *, skips_links: bool) -> Iterator[tarfile.TarInfo]:
    count = 0
    while (member := tar.next()) is not None:
        count += 1
        if count > caps.files:
            raise TooLarge(f"the archive holds more than {caps.files} entries")
        if member.isdir():
            continue
        if member.issym() or member.islnk():
            if skips_links:
                continue
            raise Corrupt(f"the archive holds a link, {_short(member.name)}")
        if not member.isreg() or member.issparse():
            raise Corrupt(f"the archive holds {_short(member.name)}, which is no plain file")
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
    if len(parts) > caps.depth or any(len(part.encode()) > 255 for part in parts):
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


class _Counted:
    """What comes out of the gzip, as far as it may."""

    def __init__(self, inner: gzip.GzipFile, packed_bytes: int, caps: UnpackLimits) -> None:
        self._inner = inner
        self._left = caps.total_bytes
        self._caps = caps
        self._ratio_left = max(caps.free_bytes, packed_bytes * caps.ratio)

    def read(self, size: int) -> bytes:
        data = self._inner.read(size)
        self._left -= len(data)
        self._ratio_left -= len(data)
        if self._left < 0:
            raise TooLarge(f"the archive unpacks to more than {self._caps.total_bytes >> 20} MiB")
        if self._ratio_left < 0:
            raise TooLarge(f"the archive unpacks to more than {self._caps.ratio} times its size")
        return data


def _short(name: str) -> str:
    with contextlib.suppress(UnicodeError):
        name = name.encode("utf-8", "replace").decode()
    return repr(name[:100])
