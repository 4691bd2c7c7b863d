"""Making a directory exactly once, however many processes ask for it at the same time.

Invariant: a directory at its final name is complete; what an interrupted run left lies under another name and is
removed by the next one.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.steps import Progress

LOCK_POLL_S = 0.1


def make_once(final: Path, make: Callable[[Path], None], progress: Progress) -> bool:
    """Fill `final` by calling `make` with an empty directory beside it; False when it was there already."""
    if final.is_dir():
        return False
    final.parent.mkdir(parents=True, exist_ok=True)
    with _locked(final, progress):
        if final.is_dir():
            return False
        for leftover in final.parent.glob(f".{final.name}.*"):
            if leftover.is_dir():
                shutil.rmtree(leftover)
        staging = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
        try:
            make(staging)
            staging.chmod(0o755)
            staging.rename(final)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return True


def link(name: Path, target: Path) -> None:
    """Point the symbolic link `name` at `target` in one step: no reader ever finds it missing."""
    if name.is_symlink() and name.readlink() == target:
        return
    name.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=name.parent, prefix=".link.") as staging:
        fresh = Path(staging) / name.name
        fresh.symlink_to(target)
        fresh.replace(name)


@contextmanager
def _locked(final: Path, progress: Progress) -> Iterator[None]:
    # NB: the lock file stays: removing it would let a third process lock a new file while the second waits here.
    began_s = time.monotonic()
    with (final.parent / f".{final.name}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress.alive(
                    lambda: f"{final.name}: waiting for another run, {time.monotonic() - began_s:.0f} s"
                )
                time.sleep(LOCK_POLL_S)
        yield
