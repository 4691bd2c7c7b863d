"""Masked renderings on disk, so that a restart or another process need not render again.

Only a `MaskedRendering` fits in: the types keep secrets out. What an untrusted change made lies under another key
than what a delivery may read. The cache may be shared by processes and lost at any moment; whatever in it cannot be
read is removed and rendered again.
"""

import contextlib
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot.disk import BoundedDirectory, mark_used
from bot.model.rendering import ContentKey, MaskedRendering, Trust

_MAGIC = b"longshore-rendering-2\n"
_SUFFIX = ".rendering"
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
        self._disk = BoundedDirectory(directory, max_bytes)
        self._max_bytes = max_bytes

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
        mark_used(file)
        return rendering

    def put(self, key: CacheKey, rendering: MaskedRendering) -> None:
        """A disk that is full or read-only costs the entry, never the caller."""
        data = _MAGIC + zlib.compress(_encoder.encode(rendering), level=1)
        if len(data) > self._max_bytes:
            return
        with contextlib.suppress(OSError):
            self._disk.write(self._file(key), data)

    def _file(self, key: CacheKey) -> Path:
        name = hashlib.sha256(f"{key.content}\n{key.trust.value}\n{key.mask_key_id}".encode()).hexdigest()
        return self._disk.path / name[:2] / f"{name}{_SUFFIX}"


def _unpack(data: bytes) -> MaskedRendering:
    if not data.startswith(_MAGIC):
        raise ValueError("not a rendering of this version")
    inflate = zlib.decompressobj()
    packed = inflate.decompress(data[len(_MAGIC) :], _MAX_ENTRY_BYTES)
    if not inflate.eof:
        raise ValueError("cut off, or larger than any rendering")
    return _decoder.decode(packed)
