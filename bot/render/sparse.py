"""A GitRepository with `spec.sparseCheckout`: its tree with nothing but what lies in some directories.

Flux checks out the files whose path begins with one of the texts, so `apps` takes `apps-old/` and `apps.yaml` along.
"""

import hashlib
from collections.abc import Iterable, Sequence

from bot.model.repo import TreeId
from bot.model.tree import EntryKind, TreeEntry, TreeReader
from bot.render.errors import Unrenderable


def with_sparse(tree: TreeReader, directories: Sequence[str]) -> TreeReader:
    """`directories` as they are written; none for the whole tree.

    Raises `Unrenderable` for one that does not exist, as Flux then takes nothing.
    """
    if not directories:
        return tree
    sparse = SparseTree(tree, [directory.removeprefix("./") for directory in directories])
    for directory in directories:
        path = "/".join(name for name in directory.split("/") if name not in ("", "."))
        if path and sparse.entry(path) is None:
            raise Unrenderable(
                f"spec.sparseCheckout names {directory[:200]!r}, which does not exist in its tree"
            )
    return sparse


class SparseTree:
    """A `TreeReader` over another tree."""

    def __init__(self, tree: TreeReader, beginnings: Sequence[str]) -> None:
        self._tree = tree
        self._beginnings = tuple(beginnings)

    @property
    def id(self) -> TreeId:
        return TreeId(self._with_mark(self._tree.id))

    def entry(self, path: str) -> TreeEntry | None:
        entry = self._tree.entry(path)
        return entry if entry is not None and self._shows(path, entry) else None

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        prefix = f"{path}/" if path else ""
        return tuple(
            (name, entry) for name, entry in self._tree.listing(path) if self._shows(prefix + name, entry)
        )

    def listing_id(self, path: str) -> str:
        known = self._tree.listing_id(path)
        return self._with_mark(known) if known else known

    def read(self, path: str) -> bytes:
        return self._tree.read(path)

    def read_link(self, path: str) -> str:
        return self._tree.read_link(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        self._tree.prefetch(paths)

    def _shows(self, path: str, entry: TreeEntry) -> bool:
        """A directory also where only something further down in it begins so."""
        if path.startswith(self._beginnings):
            return True
        return entry.kind is EntryKind.TREE and self._leads_on(f"{path}/" if path else "")

    def _leads_on(self, directory: str) -> bool:
        return any(
            begins.startswith(directory) and self._holds(directory, begins[len(directory) :])
            for begins in self._beginnings
        )

    def _holds(self, directory: str, begins: str) -> bool:
        """Whether anything below the directory has a path that goes on like this."""
        name, slash, rest = begins.partition("/")
        for each, entry in self._tree.listing(directory.removesuffix("/")):
            if not slash and each.startswith(name):
                return True
            if slash and each == name and entry.kind is EntryKind.TREE:
                return self._holds(f"{directory}{each}/", rest)
        return False

    def _with_mark(self, known: str) -> str:
        marked = "\0".join((known, *self._beginnings))
        return hashlib.sha256(marked.encode("utf-8", "surrogateescape")).hexdigest()
