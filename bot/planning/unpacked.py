"""Files of an unpacked archive, as the renderer reads a tree."""

import asyncio
import hashlib
import threading
from collections.abc import Iterable
from pathlib import Path

from bot.model.repo import TreeId
from bot.model.tree import EntryKind, TreeEntry, UnreadableFile

_FILE_MODE, _TREE_MODE = "100644", "040000"


async def unpacked(archive: Path, home: Path) -> "UnpackedTree":
    """The files of an artifact, unpacked below the empty directory `home`. Raises `bot.registry.SourceError`.

    When it ends, however it does, nothing is written below `home` any more.
    """
    from bot.registry import ARTIFACT, unpack  # noqa: PLC0415 - a plan that needs none does not wait for it

    stop = threading.Event()

    def work() -> UnpackedTree:
        unpack(archive, home, strip=0, skips_links=True, limits=ARTIFACT, stop=stop)
        return UnpackedTree(home)

    working = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop.set()
        while not working.done():
            try:
                await asyncio.wait({working})
            except asyncio.CancelledError:
                continue
        working.exception()
        raise


class UnpackedTree:
    """Satisfies `TreeReader` for a directory that nobody changes and that holds no links.

    Every file is read once, one after the other, for its id; what is kept is a few hundred bytes for each. `size_bytes`
    is how much they hold together.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.size_bytes = 0
        self._entries: dict[str, TreeEntry] = {}
        self._listings: dict[str, list[tuple[str, TreeEntry]]] = {}
        self._list(root, "")

    @property
    def id(self) -> TreeId:
        return TreeId(self._entries[""].id)

    def entry(self, path: str) -> TreeEntry | None:
        return self._entries.get(path)

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        return tuple(self._listings.get(path, ()))

    def listing_id(self, path: str) -> str:
        entry = self._entries.get(path)
        return entry.id if entry is not None and entry.kind is EntryKind.TREE else ""

    def read(self, path: str) -> bytes:
        entry = self._entries.get(path)
        if entry is None or entry.kind is not EntryKind.BLOB:
            raise UnreadableFile(f"{path} is not a file")
        return (self._root / path).read_bytes()

    def read_link(self, path: str) -> str:
        raise UnreadableFile(f"{path} is not a link")

    def prefetch(self, paths: Iterable[str]) -> None:
        """Reading from disk is all there is."""

    def _list(self, directory: Path, path: str) -> TreeEntry:
        found = self._listings[path] = []
        digest = hashlib.sha1(usedforsecurity=False)
        for child in sorted(directory.iterdir(), key=lambda each: each.name):
            below = f"{path}/{child.name}" if path else child.name
            entry = self._list(child, below) if child.is_dir() else self._file(child, below)
            found.append((child.name, entry))
            digest.update(f"{entry.mode} {child.name}\0{entry.id}".encode("utf-8", "surrogateescape"))
        self._entries[path] = entry = TreeEntry(_TREE_MODE, EntryKind.TREE, digest.hexdigest())
        return entry

    def _file(self, file: Path, path: str) -> TreeEntry:
        data = file.read_bytes()
        self.size_bytes += len(data)
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        self._entries[path] = entry = TreeEntry(_FILE_MODE, EntryKind.BLOB, blob)
        return entry
