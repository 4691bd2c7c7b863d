"""Writes the files of a trace into a private directory, and nothing else."""

from collections.abc import Iterable
from pathlib import Path

from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import TreeReader, UnreadableFile
from bot.render.contents import LFS_REASON, is_lfs_pointer
from bot.render.errors import Unrenderable

MAX_TOTAL_BYTES = 128 * 1024 * 1024
_AT_ONCE = 500


def write_files(tree: TreeReader, entries: Iterable[TraceEntry], root: Path) -> None:
    """Write the files and links of a trace below `root`, which exists and is empty. Raises `Unrenderable`.

    Paths in a trace are clean, and its links lead nowhere but to other entries.
    """
    writer = _Writer(tree, root, MAX_TOTAL_BYTES)
    for entry in _prefetched(tree, entries):
        try:
            data = writer.write(entry)
        except UnreadableFile as error:
            raise Unrenderable(error.message, file=entry.path) from None
        if is_lfs_pointer(data):
            raise Unrenderable(LFS_REASON, file=entry.path)


def write_everything(
    tree: TreeReader, entries: Iterable[TraceEntry], root: Path, *, max_total_bytes: int = MAX_TOTAL_BYTES
) -> list[str]:
    """As `write_files`, where nobody asked for each of these: what cannot be read is left out. Returns what that was."""
    writer, left_out = _Writer(tree, root, max_total_bytes), []
    for entry in _prefetched(tree, entries):
        try:
            writer.write(entry)
        except UnreadableFile:
            left_out.append(entry.path)
    return left_out


class _Writer:
    def __init__(self, tree: TreeReader, root: Path, max_total_bytes: int) -> None:
        self._tree = tree
        self._root = root
        self._left_bytes = max_total_bytes
        self._made: set[Path] = set()

    def write(self, entry: TraceEntry) -> bytes:
        """Returns what was written to a file. Raises `Unrenderable`, `UnreadableFile`."""
        data = b""
        try:
            match entry.kind:
                case TraceKind.FILE:
                    data = self._tree.read(entry.path)
                    self._left_bytes -= len(data)
                    if self._left_bytes < 0:
                        raise Unrenderable("its files are too large together", file=entry.path)
                    self._place(entry.path).write_bytes(data)
                case TraceKind.LINK:
                    self._place(entry.path).symlink_to(self._tree.read_link(entry.path))
                case TraceKind.LISTING:
                    (self._root / entry.path).mkdir(parents=True, exist_ok=True)
                case TraceKind.ABSENT:
                    pass
        except OSError as error:
            raise Unrenderable(f"cannot be written down: {error.strerror}", file=entry.path) from None
        return data

    def _place(self, path: str) -> Path:
        place = self._root / path
        if place.parent not in self._made:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(place.parent)
        return place


def _prefetched(tree: TreeReader, entries: Iterable[TraceEntry]) -> Iterable[TraceEntry]:
    wanted = list(entries)
    for start in range(0, len(wanted), _AT_ONCE):
        batch = wanted[start : start + _AT_ONCE]
        tree.prefetch([entry.path for entry in batch if entry.kind is TraceKind.FILE])
        yield from batch
