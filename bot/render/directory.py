"""Directories without a kustomization: what Flux would generate one from, and what plain rendering applies.

Flux adds every `.yaml` and `.yml` file below the path, in the order of a file walk, and a directory that has a
kustomization of its own as one resource. Plain rendering is `kubectl apply -R -f`: every `.yaml`, `.yml` and `.json`
file; directories whose names start with a dot are left out. A listing's digest covers only names that matter, so
that a new README is no change.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.model.tree import EntryKind, TreeEntry, TreeReader
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES

_MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Resource:
    """A file, or a directory with a kustomization."""

    path: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A directory that was listed; `digest` changes when a name in it does that matters."""

    path: str
    digest: str


def scan_for_flux(tree: TreeReader, directory: str) -> Iterator[Resource | Listed]:
    """`tree` is what Flux sees of the repository, an `ArtifactTree`. Raises `Unrenderable` where directories nest too deep."""
    return _scan(tree, directory, _flux_keeps, 0)


def scan_plain(tree: TreeReader, directory: str) -> Iterator[Resource | Listed]:
    """Raises `Unrenderable` where directories nest too deep."""
    return _scan(tree, directory, _plain_keeps, 0)


_Keeps = Callable[[str, TreeEntry], bool]


def _flux_keeps(name: str, entry: TreeEntry) -> bool:
    return entry.kind is EntryKind.TREE or name.endswith((".yaml", ".yml")) or name in KUSTOMIZATION_FILES


def _plain_keeps(name: str, entry: TreeEntry) -> bool:
    if entry.kind is EntryKind.TREE:
        return not name.startswith(".")
    return entry.kind is not EntryKind.SUBMODULE and name.endswith((".yaml", ".yml", ".json"))


def _scan(tree: TreeReader, directory: str, keeps: _Keeps, depth: int) -> Iterator[Resource | Listed]:
    if depth > _MAX_DEPTH:
        raise Unrenderable(f"directories below {directory} nest more than {_MAX_DEPTH} deep")
    kept = [(name, entry) for name, entry in tree.listing(directory) if keeps(name, entry)]
    yield Listed(directory, _digest(kept))
    for name, entry in kept:
        path = f"{directory}/{name}" if directory else name
        if entry.kind is not EntryKind.TREE:
            if name != KUSTOMIZATION_FILES[2] or keeps is _plain_keeps:
                yield Resource(path)
        elif keeps is _flux_keeps and _has_kustomization(tree, path):
            yield Resource(path)
        else:
            yield from _scan(tree, path, keeps, depth + 1)


def _has_kustomization(tree: TreeReader, directory: str) -> bool:
    entries = (tree.entry(f"{directory}/{name}") for name in KUSTOMIZATION_FILES)
    return any(entry is not None and entry.kind is EntryKind.BLOB for entry in entries)


def _digest(kept: list[tuple[str, TreeEntry]]) -> str:
    lines = "\0".join(f"{entry.kind.value} {name}" for name, entry in kept)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
