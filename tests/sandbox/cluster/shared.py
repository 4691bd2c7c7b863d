"""One control plane for all workers of a test run.

Invariant: it runs while at least one process holds it, and ends when the last lets go, however that one ended: the
holders keep a named pipe open, and the kernel tells the host when nobody does any more.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.plane import ControlPlane

PROJECT = Path(__file__).resolve().parents[3]
HOST_TIMEOUT_S = 60.0


class SharedPlaneFailed(Exception):
    """The control plane of this test run did not start."""


@contextmanager
def shared_plane(directory: Path) -> Iterator[ClusterAccess]:
    """The control plane that belongs to `directory`, started by whoever comes first."""
    place = _Place(directory)
    with place.locked():
        holding = place.hold()
        try:
            if not place.announcement.exists():
                _start_host(directory)
        except BaseException:
            os.close(holding)
            raise
    try:
        yield ClusterAccess.read(Path(place.announcement.read_text(encoding="utf-8")))
    finally:
        os.close(holding)


def _start_host(directory: Path) -> None:
    host = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.cluster.shared", str(directory)],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HOST_TIMEOUT_S,
        check=False,
    )
    if host.stdout.strip() != "ready":
        raise SharedPlaneFailed(host.stdout + host.stderr)


class _Place:
    """The files by which the processes of one test run meet."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = directory / "lock"
        self._pipe = directory / "holders"
        self.announcement = directory / "plane"

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def hold(self) -> int:
        if not self._pipe.exists():
            os.mkfifo(self._pipe, mode=0o600)
        # NB: opened for both, because opening for writing alone fails as long as the host does not read.
        return os.open(self._pipe, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def wait_until_released(self) -> None:
        reader = os.open(self._pipe, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(reader, True)
        try:
            while not self._is_released(reader):
                continue
        finally:
            os.close(reader)

    def _is_released(self, reader: int) -> bool:
        """Sleep until nobody holds it; False when somebody came in the last moment."""
        os.read(reader, 1)
        with self.locked():
            os.set_blocking(reader, False)
            try:
                os.read(reader, 1)
            except BlockingIOError:
                return False
            else:
                self.announcement.unlink()
                return True
            finally:
                os.set_blocking(reader, True)


async def _host(directory: Path) -> None:
    place = _Place(directory)
    async with await ControlPlane.start() as plane:
        place.announcement.write_text(str(plane.access.directory), encoding="utf-8")
        _answer("ready")
        await asyncio.to_thread(place.wait_until_released)


def _answer(text: str) -> None:
    """Tell the one who asked, who waits until both streams are closed."""
    os.write(1, f"{text}\n".encode())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def main() -> None:
    """The host: a process of its own, so that no worker has to outlive the others."""
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    try:
        asyncio.run(_host(Path(sys.argv[1])))
    except Exception as error:  # noqa: BLE001 - whatever it is, the asking process shows it
        _answer(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
