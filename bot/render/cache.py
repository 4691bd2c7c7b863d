"""Masked renderings on disk, so that a restart or another process need not render again.

Only a `MaskedRendering` fits in: the types keep secrets out. What an untrusted change made lies under another key
than what a delivery may read. The cache may be shared by processes and lost at any moment; whatever in it cannot be
read is removed and rendered again.
"""

import contextlib
import hashlib
import os
import tempfile
import threading
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot.model.rendering import ContentKey, MaskedRendering, Trust

_MAGIC = b"longshore-rendering-2\n"
_SUFFIX = ".rendering"
_KEEP_AFTER_EVICTION = 0.8
_STALE_AFTER_S = 3600.0
_MAX_ENTRY_BYTES = 256 * 1024 * 1024

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(MaskedRendering)


@dataclass(frozen=True, slots=True)
class CacheKey:
    """`mask_key_id` names the key of the keyed hashes that stand for secret values."""

    content: ContentKey
    trust: Trust
    mask_key_id: str


class RenderingCache:
    """At most about `max_bytes` on disk; what was used least recently goes first. Safe in threads and processes."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._written_bytes = max_bytes  # so that the first write looks at what earlier processes left
        self._lock = threading.Lock()

    def get(self, key: CacheKey) -> MaskedRendering | None:
        file = self._file(key)
        try:
            data = file.read_bytes()
        except OSError:
            return None
        try:
            rendering = _unpack(data)
        except (ValueError, zlib.error, msgspec.MsgspecError):
            file.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        return rendering

    def put(self, key: CacheKey, rendering: MaskedRendering) -> None:
        """A disk that is full or read-only costs the entry, never the caller."""
        data = _MAGIC + zlib.compress(_encoder.encode(rendering), level=1)
        if len(data) > self._max_bytes:
            return
        with contextlib.suppress(OSError):
            self._write(self._file(key), data)
            self._account(len(data))

    def _file(self, key: CacheKey) -> Path:
        name = hashlib.sha256(f"{key.content}\n{key.trust.value}\n{key.mask_key_id}".encode()).hexdigest()
        return self._directory / name[:2] / f"{name}{_SUFFIX}"

    def _write(self, file: Path, data: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, suffix=".new")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
            Path(temporary).replace(file)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _account(self, size_bytes: int) -> None:
        """Look at the directory only after a tenth of the cache was written: a look reads every name in it."""
        with self._lock:
            self._written_bytes += size_bytes
            if self._written_bytes < self._max_bytes // 10:
                return
            self._written_bytes = 0
        self._evict()

    def _evict(self) -> None:
        entries: list[tuple[float, int, Path]] = []
        for file in self._directory.glob("*/*"):
            try:
                stat = file.stat()
            except OSError:
                continue  # another process was quicker
            if file.suffix == _SUFFIX:
                entries.append((stat.st_mtime, stat.st_size, file))
            elif stat.st_mtime < time.time() - _STALE_AFTER_S:
                file.unlink(missing_ok=True)  # left behind by a process that died while writing
        total = sum(size for _, size, _ in entries)
        if total <= self._max_bytes:
            return
        for _, size, file in sorted(entries):
            file.unlink(missing_ok=True)
            total -= size
            if total <= self._max_bytes * _KEEP_AFTER_EVICTION:
                return


def _unpack(data: bytes) -> MaskedRendering:
    if not data.startswith(_MAGIC):
        raise ValueError("not a rendering of this version")
    inflate = zlib.decompressobj()
    packed = inflate.decompress(data[len(_MAGIC) :], _MAX_ENTRY_BYTES)
    if not inflate.eof:
        raise ValueError("cut off, or larger than any rendering")
    return _decoder.decode(packed)
