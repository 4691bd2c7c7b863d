"""Mirrors of other people's repositories have one budget of disk; the least recently used go first."""

import asyncio
import contextlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from bot.git.errors import MirrorBusy
from bot.git.lock import locked

_IN_USE_S = 3600.0
"""Nobody reads a mirror for longer than this without opening it again."""
_USED = "used"


@dataclass(frozen=True, slots=True, order=True)
class _Mirror:
    """`used_at` is a time of the file system's clock."""

    used_at: float
    git_dir: Path
    size_bytes: int


def mark_used(git_dir: Path) -> None:
    with contextlib.suppress(OSError):  # a full disk forgets who used what
        (git_dir.parent / _USED).touch()


async def make_room(home: Path, total_bytes: int) -> int:
    """Remove mirrors below `home` until the rest fits. What was used a moment ago stays, whatever its size.

    How many bytes there are still too many.
    """
    mirrors = await asyncio.to_thread(_mirrors, home)
    excess = sum(mirror.size_bytes for mirror in mirrors) - total_bytes
    for mirror in sorted(mirrors):
        if excess <= 0 or time.time() - mirror.used_at < _IN_USE_S:
            break
        with contextlib.suppress(MirrorBusy):
            async with locked(mirror.git_dir.parent / "lock", wait_s=0):
                await asyncio.to_thread(_remove, mirror.git_dir)
            excess -= mirror.size_bytes
    return max(0, excess)


def _mirrors(home: Path) -> list[_Mirror]:
    """Every one that there is; the directory of one that was removed stays, for its lock."""
    return [_mirror(git_dir) for git_dir in home.glob("*/*/repo.git")]


def _mirror(git_dir: Path) -> _Mirror:
    size_bytes = 0
    for file in git_dir.glob("objects/pack/*"):
        with contextlib.suppress(FileNotFoundError):
            size_bytes += file.stat().st_size
    try:
        used_at = (git_dir.parent / _USED).stat().st_mtime
    except FileNotFoundError:
        used_at = git_dir.stat().st_mtime if git_dir.exists() else 0.0
    return _Mirror(used_at, git_dir, size_bytes)


def _remove(git_dir: Path) -> None:
    """Away in one step, so that nobody finds half of it."""
    doomed = Path(mkdtemp(prefix="old-", dir=git_dir.parent))
    git_dir.rename(doomed / git_dir.name)
    shutil.rmtree(doomed, ignore_errors=True)
