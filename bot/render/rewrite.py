"""Puts remote trees where kustomize finds them without asking anybody, and lets the entries lead there."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.model.manifests import canonical_json
from bot.model.objects import Manifest
from bot.model.remote import RemoteUse
from bot.model.repo import TreeId
from bot.model.tree import TreeEntry, TreeReader
from bot.render.ground import REMOTE_ROOT, Remotes
from bot.render.overlay import declared

FIELDS = ("resources", "bases", "components")
"""Where a kustomization may name something remote."""


class JoinedTree:
    """A `TreeReader` over the repository's tree that has the remote trees at their places in it."""

    def __init__(self, tree: TreeReader, places: Mapping[str, TreeReader]) -> None:
        self._tree = tree
        self._places = places

    @classmethod
    def of(cls, tree: TreeReader, uses: Iterable[RemoteUse], remotes: Remotes) -> TreeReader:
        """The tree itself where nothing remote is used."""
        places: dict[str, TreeReader] = {}
        for use in uses:
            at = remotes.get(use.ref)
            if use.place and at is not None and at.tree is not None:
                places[use.place] = at.tree
        return cls(tree, places) if places else tree

    @property
    def id(self) -> TreeId:
        return self._tree.id

    def entry(self, path: str) -> TreeEntry | None:
        tree, below = self._at(path)
        return tree.entry(below)

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        tree, below = self._at(path)
        return tree.listing(below)

    def listing_id(self, path: str) -> str:
        tree, below = self._at(path)
        return tree.listing_id(below)

    def read(self, path: str) -> bytes:
        tree, below = self._at(path)
        return tree.read(below)

    def read_link(self, path: str) -> str:
        tree, below = self._at(path)
        return tree.read_link(below)

    def prefetch(self, paths: Iterable[str]) -> None:
        by_tree: dict[int, tuple[TreeReader, list[str]]] = {}
        for path in paths:
            tree, below = self._at(path)
            by_tree.setdefault(id(tree), (tree, []))[1].append(below)
        for tree, wanted in by_tree.values():
            tree.prefetch(wanted)

    def _at(self, path: str) -> tuple[TreeReader, str]:
        if not path.startswith(f"{REMOTE_ROOT}/"):
            return self._tree, path
        root, name, *below = path.split("/", 2)
        tree = self._places.get(f"{root}/{name}")
        return (self._tree, path) if tree is None else (tree, "".join(below))


def rewrite_uses(root: Path, uses: Iterable[RemoteUse]) -> None:
    """Let every use lead to its place below `root`. Raises `Unrenderable` for what is no kustomization."""
    by_file: dict[str, dict[str, str]] = defaultdict(dict)
    for use in uses:
        if use.place:
            by_file[use.file][use.text] = way(use.file, use.place, use.to)
    for file, ways in by_file.items():
        path = root / file
        rewrite(path, declared(path.read_bytes()), ways)


def way(file: str, place: str, to: str) -> str:
    """From the directory of a kustomization to something in a remote tree, both below one root."""
    return posixpath.relpath(posixpath.join(place, to), posixpath.dirname(file) or ".")


def rewrite(file: Path, kustomization: Manifest, ways: Mapping[str, str]) -> None:
    """Write the kustomization with other entries. A link is replaced, and what it leads to stays as it is."""
    changed = {
        name: [ways.get(entry, entry) if isinstance(entry, str) else entry for entry in kustomization[name]]
        for name in FIELDS
        if isinstance(kustomization.get(name), list)
    }
    file.unlink()
    file.write_bytes(canonical_json({**kustomization, **changed}))
