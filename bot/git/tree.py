"""One tree of a repository, listed once and read through the repository's object reader.

Frozen content: what a `Tree` answers never changes. A tree whose names could lead a writer out of its directory
(`..`, a file below a link) is refused as a whole, because git itself would refuse to check it out.
"""

from collections.abc import Collection, ItemsView, Iterable
from itertools import islice

from bot.git.errors import MalformedTree
from bot.git.objects import ObjectReader, ReadLimits
from bot.model.repo import BlobId, TreeId
from bot.model.tree import EntryKind, TreeEntry, UnreadableFile

ROOT_MODE = "040000"
_KINDS = {ROOT_MODE: EntryKind.TREE, "120000": EntryKind.LINK, "160000": EntryKind.SUBMODULE}
_MANIFESTS = (".yaml", ".yml")
_AHEAD = 5_000
_AHEAD_LIMITS = ReadLimits(blob_bytes=32 << 10, cache_bytes=4 << 20)
_FORBIDDEN_NAMES = frozenset({"", ".", "..", ".git"})


class Tree:
    """Satisfies `bot.model.tree.TreeReader`. Made by `Repository.tree`."""

    def __init__(self, tree_id: TreeId, listing: bytes, objects: ObjectReader) -> None:
        """`listing` is what `git ls-tree -r -t -z --full-tree` prints for the tree. Raises `MalformedTree`."""
        self._id = tree_id
        self._objects = objects
        self._rows, self._children = _parse(tree_id, listing)

    @property
    def id(self) -> TreeId:
        return self._id

    def entry(self, path: str) -> TreeEntry | None:
        if not path:
            return TreeEntry(ROOT_MODE, EntryKind.TREE, self._id)
        row = self._rows.get(path)
        return None if row is None else _entry(row)

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        below = len(path) + 1 if path else 0
        paths = sorted(self._children.get(path, ()))
        return tuple((p[below:], _entry(self._rows[p])) for p in paths)

    def listing_id(self, path: str) -> str:
        entry = self.entry(path)
        return entry.id if entry is not None and entry.kind is EntryKind.TREE else ""

    def read(self, path: str) -> bytes:
        return self._objects.read(self._blob(path, EntryKind.BLOB), path)

    def read_link(self, path: str) -> str:
        target = self._objects.read(self._blob(path, EntryKind.LINK), path)
        return target.decode("utf-8", "surrogateescape")

    def named(self, names: Collection[str]) -> tuple[str, ...]:
        """Paths of every file or link, anywhere in the tree, that has one of these names; sorted."""
        return tuple(
            sorted(
                path for path in self._rows if path.rpartition("/")[2] in names and path not in self._children
            )
        )

    @property
    def rows(self) -> ItemsView[str, str]:
        """Every path with what git says of it: `mode type id`."""
        return self._rows.items()

    def differs_from(self, other: "Tree") -> frozenset[str]:
        """Paths at which one of the two has a file, a link or a submodule that the other has not, or has another one."""
        return frozenset(path for path, row in self.rows ^ other.rows if not row.startswith(ROOT_MODE))

    def prefetch(self, paths: Iterable[str]) -> None:
        """Load these files at once, so that reading them one by one costs no round trip each.

        What is absent, no file, or larger than the cap is passed over: reading it says so.
        """
        entries = (self.entry(path) for path in paths)
        self._objects.prefetch(
            [BlobId(e.id) for e in entries if e is not None and e.kind in {EntryKind.BLOB, EntryKind.LINK}]
        )

    def read_ahead(self) -> None:
        """Load the small manifests of the whole tree at once, for who is going to read most of them one by one."""
        blobs = (row.split(" ")[2] for path, row in self._rows.items() if path.endswith(_MANIFESTS))
        self._objects.prefetch([BlobId(blob) for blob in islice(blobs, _AHEAD)], _AHEAD_LIMITS)

    def _blob(self, path: str, wanted: EntryKind) -> BlobId:
        entry = self.entry(path)
        if entry is None:
            raise UnreadableFile(f"{path} does not exist")
        if entry.kind is not wanted:
            raise UnreadableFile(f"{path} is a {entry.kind.value}, not a {wanted.value}")
        return BlobId(entry.id)


def _entry(row: str) -> TreeEntry:
    mode, _, object_id = row.split(" ")
    return TreeEntry(mode, _KINDS.get(mode, EntryKind.BLOB), object_id)


def _parse(tree_id: TreeId, listing: bytes) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Rows (`mode type id`) by path, and the paths directly below each directory.

    Runs over tens of thousands of rows: entries stay the strings that git printed until somebody asks for one. git
    prints a directory before what is in it, so a path without a known parent is a name with a slash, or below a link.
    """
    rows: dict[str, str] = {}
    children: dict[str, list[str]] = {"": []}
    lines = listing.decode("utf-8", "surrogateescape").split("\0")
    lines.pop()
    for line in lines:
        row, _, path = line.partition("\t")
        parent, _, name = path.rpartition("/")
        siblings = children.get(parent)
        if siblings is None or name in _FORBIDDEN_NAMES:
            raise _malformed(tree_id, f"an entry {path!r}")
        siblings.append(path)
        rows[path] = row
        if row.startswith(ROOT_MODE):
            children[path] = []
    if len(rows) != len(lines):
        raise _malformed(tree_id, "two entries of one name")
    return rows, children


def _malformed(tree_id: TreeId, what: str) -> MalformedTree:
    return MalformedTree(
        f"tree {tree_id} holds {what}",
        hint="no git client would check this out: run `git fsck` where it was made",
    )
