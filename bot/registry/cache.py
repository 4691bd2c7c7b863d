"""What was fetched, on disk: archives by digest, documents by address, and what a name was resolved to.

Several processes share it and any of it can be lost at any moment. A file appears whole or not at all, an archive is
checked against its digest each time it is taken out, and what was used least recently goes first.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from bot.disk import BoundedDirectory, mark_used

T = TypeVar("T")

ARCHIVES, DOCUMENTS, RECORDS = "archives", "documents", "records"
_IN_USE_S = 600.0
"""What was used this recently may be under somebody's hands and stays."""
_READ_BYTES = 1 << 20
_MOST_STAMP_BYTES = 16 << 10


class Stamp(msgspec.Struct, frozen=True):
    """By what a host knows the state of a document: `ETag` and `Last-Modified`, empty where it did not say."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What an address gave when it was last looked at, `age_s` ago."""

    body: bytes
    stamp: Stamp
    age_s: float


class Cache:
    """At most about `max_bytes` below `directory`. Safe in threads and processes."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._disk = BoundedDirectory(directory, max_bytes, in_use_s=_IN_USE_S)

    def has_room(self) -> bool:
        """Whether more may be written: not while what is in use is as much as there may be."""
        return self._disk.has_room()

    def archive(self, digest: str) -> Path | None:
        """The archive with that digest, if it is here and whole."""
        file = self._archive_file(digest)
        try:
            found = digest_of(file)
        except OSError:
            return None
        if found != digest:
            file.unlink(missing_ok=True)
            return None
        mark_used(file)
        return file

    def keep_archive(self, incoming: "Incoming") -> Path:
        """Make what came in an archive by its digest."""
        file = self._archive_file(incoming.digest)
        incoming.move(file)
        self._disk.account(incoming.size_bytes)
        return file

    @contextmanager
    def incoming(self) -> Iterator["Incoming"]:
        """A place to write to; removed unless it is kept. Raises OSError."""
        with self._disk.under_way(self._disk.path / ARCHIVES) as (stream, path):
            yield Incoming(stream, path)

    def record(self, key: str, shape: type[T]) -> tuple[T, float] | None:
        """What was put down under the key, and its age in seconds."""
        file = self._file(RECORDS, key)
        try:
            data, age_s = file.read_bytes(), time.time() - file.stat().st_mtime
            return msgspec.json.decode(data, type=shape), age_s
        except OSError:
            return None
        except msgspec.DecodeError:
            file.unlink(missing_ok=True)
            return None

    def put_record(self, key: str, value: Any) -> None:
        """A disk that is full or read-only costs the record, never the caller."""
        with contextlib.suppress(OSError):
            self._disk.write(self._file(RECORDS, key), msgspec.json.encode(value))

    def forget_record(self, key: str) -> None:
        with contextlib.suppress(OSError):
            self._file(RECORDS, key).unlink(missing_ok=True)

    def document(self, url: str) -> Document | None:
        file = self._file(DOCUMENTS, url)
        try:
            with file.open("rb") as stream:
                stamp = msgspec.json.decode(stream.readline(_MOST_STAMP_BYTES), type=Stamp)
                return Document(stream.read(), stamp, time.time() - os.fstat(stream.fileno()).st_mtime)
        except OSError:
            return None
        except msgspec.DecodeError:
            file.unlink(missing_ok=True)
            return None

    def document_bytes(self, url: str) -> int:
        """How much there is of it, 0 for nothing."""
        try:
            return self._file(DOCUMENTS, url).stat().st_size
        except OSError:
            return 0

    def put_document(self, url: str, body: bytes, stamp: Stamp) -> None:
        """In one file, so that a body never bears another's stamp."""
        head = msgspec.json.encode(stamp)
        with contextlib.suppress(OSError):
            self._disk.write(
                self._file(DOCUMENTS, url), head if len(head) < _MOST_STAMP_BYTES else b"{}", b"\n", body
            )

    def renew_document(self, url: str) -> None:
        """It was looked at again, and is still the same."""
        mark_used(self._file(DOCUMENTS, url))

    def _archive_file(self, digest: str) -> Path:
        kind, _, digits = digest.partition(":")
        return self._disk.path / ARCHIVES / kind / digits[:2] / f"{digits}.tgz"

    def _file(self, kind: str, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        return self._disk.path / kind / name[:2] / name


class Incoming:
    """A file that is being fetched, hashed while it is."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.path = path
        self.size_bytes = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def take(self, part: bytes) -> None:
        self._stream.write(part)
        self._hash.update(part)
        self.size_bytes += len(part)

    def restart(self) -> None:
        self._stream.seek(0)
        self._stream.truncate()
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def move(self, file: Path) -> None:
        self._stream.flush()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.replace(file)


def digest_of(file: Path) -> str:
    """The sha256 of a file's content. Raises OSError."""
    hashed = hashlib.sha256()
    with file.open("rb") as stream:
        while part := stream.read(_READ_BYTES):
            hashed.update(part)
    return f"sha256:{hashed.hexdigest()}"
