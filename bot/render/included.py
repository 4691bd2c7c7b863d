"""A GitRepository that includes another one: its tree, with a part of the other's at a path of its own."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.model.repo import TreeId
from bot.model.tree import EntryKind, TreeEntry, TreeReader
from bot.render.errors import Unrenderable

_DIRECTORY = "040000"


@dataclass(frozen=True, slots=True)
class Include:
    """`tree` is what Flux sees of the other repository (an `ArtifactTree`); of it `from_path`, a directory or a file,
    is copied to `to_path`. As in a manifest, paths may be spelt in any way.
    """

    tree: TreeReader
    from_path: str
    to_path: str


def with_includes(tree: TreeReader, includes: Sequence[Include]) -> TreeReader:
    """The tree that Flux then makes its artifact of, each include laid over those before it.

    Raises `Unrenderable` where Flux could not copy: there is nothing to copy, or something in its way.
    """
    for include in includes:
        tree = IncludedTree(tree, include)
    return tree


class IncludedTree:
    """A `TreeReader` over a tree and one include in it."""

    def __init__(self, tree: TreeReader, include: Include) -> None:
        """Raises `Unrenderable`."""
        self._tree = tree
        self._other = include.tree
        self._from = _clamped(include.from_path)
        self._to = _clamped(include.to_path)
        source = include.tree.entry(self._from)
        if source is None:
            raise Unrenderable(f"there is no {include.from_path!r} to include in {include.to_path!r}")
        self._require_free()
        self._mark = f"{self._to}\0{include.tree.id}\0{self._from}"

    @property
    def id(self) -> TreeId:
        return TreeId(self._with_mark(self._tree.id))

    def entry(self, path: str) -> TreeEntry | None:
        below = self._below(path)
        if below is not None:
            return self._other.entry(below)
        entry = self._tree.entry(path)
        if not self._is_above(path):
            return entry
        return TreeEntry(_DIRECTORY, EntryKind.TREE, self._with_mark(entry.id if entry else ""))

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        below = self._below(path)
        if below is not None:
            return self._other.listing(below)
        entries = dict(self._tree.listing(path))
        if self._is_above(path):
            name = self._to[len(path) + 1 if path else 0 :].partition("/")[0]
            entry = self.entry(f"{path}/{name}" if path else name)
            assert entry is not None
            entries[name] = entry
        return tuple(sorted(entries.items()))

    def listing_id(self, path: str) -> str:
        below = self._below(path)
        if below is not None:
            return self._other.listing_id(below)
        known = self._tree.listing_id(path)
        return self._with_mark(known) if self._is_above(path) else known

    def read(self, path: str) -> bytes:
        below = self._below(path)
        return self._tree.read(path) if below is None else self._other.read(below)

    def read_link(self, path: str) -> str:
        below = self._below(path)
        return self._tree.read_link(path) if below is None else self._other.read_link(below)

    def prefetch(self, paths: Iterable[str]) -> None:
        wanted = [(path, self._below(path)) for path in paths]
        self._tree.prefetch([path for path, below in wanted if below is None])
        self._other.prefetch([below for _, below in wanted if below is not None])

    def _require_free(self) -> None:
        names = self._to.split("/")
        for count in range(1, len(names) + 1):
            above = "/".join(names[:count])
            entry = self._tree.entry(above)
            if entry is not None and (above == self._to or entry.kind is not EntryKind.TREE):
                raise Unrenderable(f"{above} is in the way of what is to be included at {self._to}")
        if not self._to:
            raise Unrenderable("a repository cannot be included in the place of the whole of another")

    def _below(self, path: str) -> str | None:
        """The path in the other tree; None for one that is not included."""
        if path == self._to:
            return self._from
        if not path.startswith(f"{self._to}/"):
            return None
        rest = path[len(self._to) + 1 :]
        return f"{self._from}/{rest}" if self._from else rest

    def _is_above(self, path: str) -> bool:
        return not path or self._to.startswith(f"{path}/")

    def _with_mark(self, known: str) -> str:
        return hashlib.sha256(f"{known}\0{self._mark}".encode("utf-8", "surrogateescape")).hexdigest()


def _clamped(path: str) -> str:
    """The path below the root that is meant, as Flux secures it: nothing leads above the root."""
    names: list[str] = []
    for name in path.split("/"):
        if name == "..":
            names = names[:-1]
        elif name not in ("", "."):
            names.append(name)
    return "/".join(names)
