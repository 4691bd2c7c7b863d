"""Writes the files of a trace into a private directory, and nothing else."""

from collections.abc import Iterable
from pathlib import Path

from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import TreeReader, UnreadableFile
from bot.render.contents import LFS_REASON, is_lfs_pointer
from bot.render.errors import Unrenderable

MAX_TOTAL_BYTES = 128 * 1024 * 1024


def write_files(tree: TreeReader, entries: Iterable[TraceEntry], root: Path) -> None:
    """Write files and links below `root`, which exists and is empty. Raises `Unrenderable`.

    The entries come from a trace: their paths are clean, and links lead nowhere but to other entries.
    """
    wanted = list(entries)
    files = [entry for entry in wanted if entry.kind is TraceKind.FILE]
    tree.prefetch([entry.path for entry in files])
    total_bytes = 0
    made: set[Path] = set()
    for entry in wanted:
        try:
            match entry.kind:
                case TraceKind.FILE:
                    data = _content(tree, entry.path)
                    total_bytes += len(data)
                    if total_bytes > MAX_TOTAL_BYTES:
                        raise Unrenderable(
                            f"its files are larger than {MAX_TOTAL_BYTES // 1024**2} MiB together"
                        )
                    _parent(root, entry.path, made).write_bytes(data)
                case TraceKind.LINK:
                    _parent(root, entry.path, made).symlink_to(tree.read_link(entry.path))
                case TraceKind.LISTING:
                    (root / entry.path).mkdir(parents=True, exist_ok=True)
                case TraceKind.ABSENT:
                    pass
        except OSError as error:
            raise Unrenderable(f"cannot be written down: {error.strerror}", file=entry.path) from None
        except UnreadableFile as error:
            raise Unrenderable(error.message, file=entry.path) from None


def _content(tree: TreeReader, path: str) -> bytes:
    data = tree.read(path)
    if is_lfs_pointer(data):
        raise Unrenderable(LFS_REASON, file=path)
    return data


def _parent(root: Path, path: str, made: set[Path]) -> Path:
    place = root / path
    if place.parent not in made:
        place.parent.mkdir(parents=True, exist_ok=True)
        made.add(place.parent)
    return place
