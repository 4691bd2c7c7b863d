"""Directories that only this process uses, below one of its own that goes with it however it ends.

A process that is killed removes nothing, and its temporary directory may outlive it, in memory, with decrypted files in it.
So each holds a lock on its own directory for as long as it lives, and the next one of the same user removes those that
nobody holds. Others write to the same place: only what carries our mark, is ours and closed to others, and is no link
is touched.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

PREFIX = "longshore-private-"
MARK = "held"
"""The file in it that is locked. A directory without one is not looked into."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_OTHERS = 0o077
_MOST_TRIES = 100
_MAKING = threading.Lock()


def make_private() -> Path:
    """A new directory, which whoever asked removes. Raises OSError."""
    return Path(tempfile.mkdtemp(dir=own_directory(), prefix=""))


@contextmanager
def private_directory() -> Iterator[Path]:
    """A new directory, for as long as the block lasts. Raises OSError."""
    with tempfile.TemporaryDirectory(dir=own_directory(), prefix="") as directory:
        yield Path(directory)


def own_directory() -> Path:
    """The one that is this process's alone; nothing is granted to read all of it. Raises OSError."""
    with _MAKING:
        own = _own(os.getpid())
        if not (own / MARK).exists():
            # NB: where old files are cleaned away, one day this is old.
            _own.cache_clear()
            own = _own(os.getpid())
        return own


def remove_leftovers() -> None:
    """Remove the directories of processes that are gone. What cannot be removed stays for the next one that asks."""
    place = Path(tempfile.gettempdir())
    with suppress(OSError):
        for name in os.listdir(place):  # noqa: PTH208 - a Path for every foreign file there would take longer
            if name.startswith(PREFIX):
                with suppress(OSError):
                    _remove_left(place / name)


@lru_cache(maxsize=1)
def _own(pid: int) -> Path:
    """`pid` is our own: a process that was forked off makes another one. What was left goes first, to have the room."""
    remove_leftovers()
    for _ in range(_MOST_TRIES):
        directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        if _is_held(directory):
            atexit.register(_end, directory, pid)
            return directory
    raise BlockingIOError(f"others lock what is made in {tempfile.gettempdir()}")


def _is_held(directory: Path) -> bool:
    """Lock it until this process ends; False where another one took it for a leftover, and removes it."""
    try:
        mark = os.open(directory / MARK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        directory.rmdir()
        raise
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(mark)
        return False
    except OSError:
        return True  # a file system without locks, where nobody else gets one either
    if os.fstat(mark).st_nlink:
        return True
    os.close(mark)
    return False


def _remove_left(directory: Path) -> None:
    """Raises OSError."""
    descriptor = os.open(directory, _DIRECTORY)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
            return
        mark = os.open(MARK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(directory, descriptor)
        finally:
            os.close(mark)
    finally:
        os.close(descriptor)


def _remove(directory: Path, descriptor: int) -> None:
    """The mark goes last, so that what stays for now is still known for ours. Raises OSError."""
    for name in os.listdir(descriptor):
        if name != MARK:
            shutil.rmtree(name, ignore_errors=True, dir_fd=descriptor)
    if os.listdir(descriptor) == [MARK]:
        os.unlink(MARK, dir_fd=descriptor)
        directory.rmdir()


def _end(directory: Path, pid: int) -> None:
    if os.getpid() != pid:
        return
    with suppress(OSError):
        descriptor = os.open(directory, _DIRECTORY)
        try:
            _remove(directory, descriptor)
        finally:
            os.close(descriptor)
