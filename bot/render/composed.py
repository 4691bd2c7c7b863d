"""The tree of an artifact that an ArtifactGenerator composes, over the trees that it copies from.

Nothing is copied here: a directory that one source alone brings stays that source's, and is looked into when somebody
asks. Only where several bring something to the same place is it gone through name by name. What the generator's own
ignore rules leave out of the artifact is for `ArtifactTree` to say.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from bot.model.repo import TreeId
from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile
from bot.render.errors import Unrenderable

_DIRECTORY = "040000"
_MAX_DEPTH = 100
_MAX_NAMES = 300_000
"""Names that are looked at to lay down one artifact."""


@dataclass(frozen=True, slots=True, order=True)
class FilePlace:
    """Where a file of an artifact comes from: `source` is what people call it, empty for the repository at hand."""

    source: str
    path: str


class Holding(Protocol):
    """What a generator copies from: the tree that Flux's artifact shows, and where its files come from."""

    @property
    def tree(self) -> TreeReader: ...

    def places(self, path: str) -> tuple[FilePlace, ...]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A tree whose files lie where they say. `name` is what people call it, empty for the repository at hand."""

    tree: TreeReader
    name: str = ""

    def places(self, path: str) -> tuple[FilePlace, ...]:
        return (FilePlace(self.name, path),)


@dataclass(frozen=True, slots=True)
class Made:
    """Another composition, as a source: `tree` is what Flux gets of it."""

    tree: TreeReader
    composed: "ComposedTree"

    def places(self, path: str) -> tuple[FilePlace, ...]:
        return self.composed.places(path)


@dataclass(frozen=True, slots=True)
class Taken:
    """A file or a directory of a source, with all that is in it but the paths there that `hides` says yes to."""

    source: Holding
    path: str
    entry: TreeEntry
    hides: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A file that the generator made of others."""

    data: bytes
    entry: TreeEntry
    places: tuple[FilePlace, ...]

    @classmethod
    def of(cls, data: bytes, mode: str, places: tuple[FilePlace, ...]) -> "Written":
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        return cls(data, TreeEntry(mode, EntryKind.BLOB, blob), places)


Node = Taken | Written | dict[str, "Node"]
"""A mapping is a directory that several copies make."""


class Staging:
    """Where copies are laid down, one after another. Paths are clean, and relative to the artifact's root."""

    def __init__(self) -> None:
        self.root: dict[str, Node] = {}
        self._left = _MAX_NAMES

    def spend(self, names: int) -> None:
        """Raises `Unrenderable` where too many have been looked at."""
        self._left -= names
        if self._left < 0:
            raise Unrenderable(f"more than {_MAX_NAMES} files and directories have to be looked at")

    def at(self, path: str) -> Node | None:
        node: Node | None = self.root
        for name in path.split("/") if path else ():
            node = _children(node).get(name) if node is not None and is_directory(node) else None
        return node

    def lay(self, path: str, new: Taken | Written) -> None:
        """Put it at this place, over what is there. Raises `Unrenderable` where a file would be in its way."""
        names = path.split("/") if path else []
        here = self.root
        for depth, name in enumerate(names[:-1]):
            below = here.setdefault(name, {})
            if not is_directory(below):
                raise _in_the_way("/".join(names[: depth + 1]))
            if not isinstance(below, dict):
                below = here[name] = self._opened(below)
            here = below
        if names:
            here[names[-1]] = self._over(here.get(names[-1]), new, path, len(names))
        else:
            self._all_over(self.root, new, "", 0)

    def _over(self, old: Node | None, new: Node, path: str, depth: int) -> Node:
        self.spend(1)
        if old is None:
            return new
        if is_directory(old) is not is_directory(new):
            raise _in_the_way(path)
        if not is_directory(new):
            return new
        merged = old if isinstance(old, dict) else self._opened(old)
        self._all_over(merged, new, path, depth)
        return merged

    def _all_over(self, below: dict[str, Node], new: Node, path: str, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise Unrenderable(f"directories nest more than {_MAX_DEPTH} deep")
        for name, child in _children(new).items():
            below[name] = self._over(below.get(name), child, f"{path}/{name}".lstrip("/"), depth + 1)

    def _opened(self, node: Node) -> dict[str, Node]:
        found = _children(node)
        self.spend(len(found))
        return dict(found)


def is_directory(node: Node) -> bool:
    return isinstance(node, dict) or (isinstance(node, Taken) and node.entry.kind is EntryKind.TREE)


def read_node(node: Taken | Written) -> bytes:
    """Raises `UnreadableFile`."""
    return node.data if isinstance(node, Written) else node.source.tree.read(node.path)


def places_of(node: Taken | Written) -> tuple[FilePlace, ...]:
    return node.places if isinstance(node, Written) else node.source.places(node.path)


class ComposedTree:
    """A `TreeReader` of what was laid down. It holds no links."""

    def __init__(self, staging: Staging, identity: str) -> None:
        """`identity` names the composition and everything that it was made of."""
        self._root = staging.root
        self._id = TreeId(hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest())

    @property
    def id(self) -> TreeId:
        return self._id

    def entry(self, path: str) -> TreeEntry | None:
        node = self._at(path)
        if isinstance(node, dict):
            return TreeEntry(_DIRECTORY, EntryKind.TREE, self.listing_id(path))
        return node.entry if node is not None else None

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        node = self._at(path)
        if node is None or not is_directory(node):
            return ()
        prefix = f"{path}/" if path else ""
        return tuple(
            (name, self._entry(prefix + name, child)) for name, child in sorted(_children(node).items())
        )

    def listing_id(self, path: str) -> str:
        node = self._at(path)
        if node is None or not is_directory(node):
            return ""
        return hashlib.sha256(f"{self._id}\0{path}".encode("utf-8", "surrogateescape")).hexdigest()

    def read(self, path: str) -> bytes:
        node = self._at(path)
        if node is None or isinstance(node, dict) or is_directory(node):
            raise UnreadableFile(f"{path} is not a file")
        return read_node(node)

    def read_link(self, path: str) -> str:
        raise UnreadableFile(f"{path} is not a link")

    def prefetch(self, paths: Iterable[str]) -> None:
        wanted: dict[int, tuple[TreeReader, list[str]]] = {}
        for path in paths:
            node = self._at(path)
            if isinstance(node, Taken):
                tree = node.source.tree
                wanted.setdefault(id(tree), (tree, []))[1].append(node.path)
        for tree, found in wanted.values():
            tree.prefetch(found)

    def places(self, path: str) -> tuple[FilePlace, ...]:
        """Where the file at `path` comes from, the last that was laid down last; empty where there is none."""
        node = self._at(path)
        return () if node is None or isinstance(node, dict) else places_of(node)

    def _entry(self, path: str, node: Node) -> TreeEntry:
        if isinstance(node, dict):
            return TreeEntry(_DIRECTORY, EntryKind.TREE, self.listing_id(path))
        return node.entry

    def _at(self, path: str) -> Node | None:
        node: Node | None = self._root
        names = path.split("/") if path else []
        for index, name in enumerate(names):
            if isinstance(node, Taken):
                return _inside(node, names[index:])
            if not isinstance(node, dict):
                return None
            node = node.get(name)
        return node


def _inside(node: Taken, names: list[str]) -> Taken | None:
    """What lies below a directory of a source: one question to it, and one for each name that may be left out."""
    path = node.path
    for name in names:
        path = f"{path}/{name}" if path else name
        if node.hides is not None and node.hides(path):
            return None
    entry = node.source.tree.entry(path)
    return None if entry is None or not _is_copied(entry) else Taken(node.source, path, entry, node.hides)


def _children(node: Node) -> dict[str, Node]:
    if isinstance(node, dict):
        return node
    if isinstance(node, Written):
        return {}
    prefix = f"{node.path}/" if node.path else ""
    return {
        name: Taken(node.source, prefix + name, entry, node.hides)
        for name, entry in node.source.tree.listing(node.path)
        if _is_copied(entry) and not (node.hides is not None and node.hides(prefix + name))
    }


def _is_copied(entry: TreeEntry) -> bool:
    """Neither links nor submodules are in any artifact."""
    return entry.kind in {EntryKind.BLOB, EntryKind.TREE}


def _in_the_way(path: str) -> Unrenderable:
    return Unrenderable(f"{path} is a file in one copy and a directory in another")
