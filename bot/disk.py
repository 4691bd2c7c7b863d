"""A directory that holds about as much as it may: files appear whole, and what was used least recently goes first.

Several processes share it, and any of it can be lost at any moment.
"""

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_UNDER_WAY = ".new"
_LEFT_BEHIND_S = 3600.0
"""Nobody writes one file for as long: whoever did has died."""
_KEEP_AFTER_EVICTION = 0.8
_BLOCK_BYTES = 4096


class BoundedDirectory:
    """Safe in threads and processes. What was used in the last `in_use_s` may be under somebody's hands and stays."""

    def __init__(self, path: Path, max_bytes: int, *, in_use_s: float = 0.0) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._in_use_s = in_use_s
        self._held_bytes = 0
        self._written_bytes = max_bytes  # so that the first write looks at what earlier processes left
        self._lock = threading.Lock()

    def has_room(self) -> bool:
        """Whether more may be written: not while what is in use is as much as there may be."""
        if self._held_bytes + self._written_bytes <= self._max_bytes:
            return True
        self._evict()
        return self._held_bytes <= self._max_bytes

    def write(self, file: Path, *parts: bytes) -> None:
        """Nothing where there is no room. Raises OSError."""
        if not self.has_room():
            return
        with self.under_way(file.parent) as (stream, path):
            stream.writelines(parts)
            stream.flush()
            path.replace(file)
        self.account(sum(map(len, parts)))

    @contextmanager
    def under_way(self, place: Path) -> Iterator[tuple[BinaryIO, Path]]:
        """A file below the directory to write to, and where it is; removed unless somebody moves it. Raises OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=place, suffix=_UNDER_WAY)
        path = Path(name)
        with os.fdopen(descriptor, "wb") as stream:
            try:
                yield stream, path
            finally:
                path.unlink(missing_ok=True)

    def account(self, size_bytes: int) -> None:
        """So much was written. A look reads every name there is: it is had after each tenth of what there may be."""
        with self._lock:
            self._written_bytes += max(size_bytes, _BLOCK_BYTES)
            if self._written_bytes < self._max_bytes // 10:
                return
        self._evict()

    def _evict(self) -> None:
        with self._lock:
            self._written_bytes = 0
        self._held_bytes = self._shrunk()

    def _shrunk(self) -> int:
        """How much is left when what may go has gone."""
        now = time.time()
        entries: list[tuple[float, int, Path]] = []
        for folder, _, names in os.walk(self.path):
            for name in names:
                file = Path(folder, name)
                with contextlib.suppress(OSError):  # another process was quicker
                    stat = file.stat()
                    if name.endswith(_UNDER_WAY) and stat.st_mtime < now - _LEFT_BEHIND_S:
                        file.unlink()
                    else:
                        entries.append((stat.st_mtime, max(stat.st_size, _BLOCK_BYTES), file))
        total = sum(size for _, size, _ in entries)
        if total <= self._max_bytes:
            return total
        for used_at, size, file in sorted(entries):
            if total <= self._max_bytes * _KEEP_AFTER_EVICTION or used_at > now - self._in_use_s:
                break
            file.unlink(missing_ok=True)
            total -= size
        return total


def mark_used(file: Path) -> None:
    """Costs nothing but the mark where it cannot be made."""
    with contextlib.suppress(OSError):
        os.utime(file)
