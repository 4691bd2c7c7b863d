"""What a kustomization file refers to: what a search for roots needs to know of it, and no more."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model.tree import EntryKind, TreeReader, UnreadableFile
from bot.render.contents import kustomizations
from bot.render.errors import Unrenderable
from bot.render.fields import Use
from bot.render.paths import follow, join

_DIRECTORIES = frozenset({Use.RESOURCE, Use.COMPONENT, Use.PLUGIN})


@dataclass(frozen=True, slots=True)
class References:
    """`paths` may lead to a directory, to a file or nowhere: that is for one tree to say. Depends on the file alone."""

    paths: tuple[str, ...] = ()
    is_component: bool = False


def references(tree: TreeReader, file: str) -> References:
    """Read one kustomization file. What cannot be read refers to nothing; the walk reports it."""
    entry = tree.entry(file)
    if entry is None or entry.kind is not EntryKind.BLOB:
        return References()
    try:
        contents = kustomizations.contents(entry.id, lambda: tree.read(file))
    except UnreadableFile:
        return References()
    place = file.rpartition("/")[0]
    joined = (_join(place, r.text) for r in contents.references if r.use in _DIRECTORIES)
    return References(tuple(path for path in joined if path is not None), contents.is_component)


def directories(tree: TreeReader, paths: Iterable[str]) -> frozenset[str]:
    """Those of the paths that lead to a directory of this tree, with links followed."""
    return frozenset(found for path in paths if (found := _directory(tree, path)) is not None)


def _join(place: str, text: str) -> str | None:
    try:
        return join(place, text)
    except Unrenderable:
        return None


def _directory(tree: TreeReader, path: str) -> str | None:
    try:
        found = follow(tree, path)
    except Unrenderable:
        return None
    return found.path if found.entry is not None and found.entry.kind is EntryKind.TREE else None
