"""Finds the files of a chart in a tree, and writes down everything that was looked at.

Links are followed as everywhere else: inside the tree, and never out of it. What `.helmignore` hides is not there.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.model.release import Chart
from bot.model.rendering import TraceEntry, TraceKind
from bot.model.target import Found as FoundBy
from bot.model.target import Target
from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile
from bot.render.artifact import ArtifactTree
from bot.render.errors import Unrenderable
from bot.render.helm.files import MAX_FILES, Budget, ChartFiles, unpack, whole
from bot.render.helm.ignore import IGNORE_FILE, Ignores, ignores
from bot.render.paths import Place, below, follow

_MAX_DEPTH = 40


@dataclass(slots=True)
class Found:
    """`files` maps paths inside the chart to those in the tree; `entries` are for a trace.

    `archive` is set, and `files` empty, where the chart is packaged. `is_packed` where its files lie open, and Flux takes
    them as those of a package all the same.
    """

    path: str
    files: dict[str, str] = field(default_factory=dict)
    entries: list[TraceEntry] = field(default_factory=list)
    archive: str = ""
    is_missing: bool = False
    is_packed: bool = False

    def add(self, path: str, kind: TraceKind, entry: TreeEntry) -> None:
        self.entries.append(TraceEntry(path, kind, entry.mode, entry.id))

    def place(self, place: Place) -> None:
        """Everything that leads to a place, and the place itself when it is a file or nothing."""
        for path, entry in place.links:
            self.add(path, TraceKind.LINK, entry)
        if place.entry is None:
            self.entries.append(TraceEntry(place.path, TraceKind.ABSENT, "", ""))
        elif place.entry.kind is EntryKind.BLOB:
            self.add(place.path, TraceKind.FILE, place.entry)


def chart_tree(tree: TreeReader, target: Target) -> TreeReader:
    """The tree as Flux's source-controller hands it on, where it does."""
    if isinstance(tree, ArtifactTree) or target.origin.found is not FoundBy.FLUX_HELM_RELEASE:
        return tree
    return ArtifactTree.of(tree, target)


def find_chart(tree: TreeReader, chart: Chart) -> Found:
    """The chart that a release names in this tree: an artifact holds it in a directory of its own. Raises `Unrenderable`."""
    if not chart.is_artifact:
        return find(tree, chart.name)
    names = tree.listing("")
    if len(names) != 1 or names[0][1].kind is not EntryKind.TREE:
        raise Unrenderable(
            "its artifact must hold one directory, which is the chart's, and nothing beside it"
        )
    found = find(tree, names[0][0], is_packed=True)
    found.entries.append(TraceEntry("", TraceKind.LISTING, "040000", names[0][0]))
    return found


def find(tree: TreeReader, path: str, *, is_packed: bool = False) -> Found:
    """The chart at `path`, or the note that there is none. Raises `Unrenderable` for a path that leaves the tree."""
    place = follow(tree, path)
    found = Found(place.path, is_packed=is_packed)
    found.place(place)
    if place.entry is None:
        found.is_missing = True
    elif place.entry.kind is EntryKind.BLOB:
        found.archive = place.path
    else:
        rules = _nothing_ignored if is_packed else _rules(tree, found)
        for inside, at, entry in _walk(tree, found, place.path, "", rules, (place.path,)):
            found.files[inside] = at
            found.add(at, TraceKind.FILE, entry)
            if len(found.files) > MAX_FILES:
                raise Unrenderable(f"the chart has more than {MAX_FILES} files", file=place.path)
    return found


def load(tree: TreeReader, found: Found, budget: Budget) -> ChartFiles:
    """Read what was found. Raises `Unrenderable`."""
    if found.archive:
        return unpack(_read(tree, found.archive), budget)
    tree.prefetch(list(found.files.values()))
    return whole({inside: _read(tree, at) for inside, at in found.files.items()}, budget)


def read_file(tree: TreeReader, path: str) -> tuple[Found, bytes | None]:
    """A single file, or None where there is none. Raises `Unrenderable`."""
    place = follow(tree, path)
    found = Found(place.path)
    found.place(place)
    if place.entry is None:
        return found, None
    if place.entry.kind is not EntryKind.BLOB:
        raise Unrenderable(f"{path!r} is no file")
    return found, _read(tree, place.path)


def _nothing_ignored(_path: str, _is_directory: bool) -> bool:  # noqa: FBT001 - as rules are asked
    """What is packed has been held to its ignore file before."""
    return False


def _rules(tree: TreeReader, found: Found) -> Ignores:
    path = below(found.path, IGNORE_FILE)
    file, data = read_file(tree, path)
    found.entries += file.entries
    try:
        return ignores(data or b"")
    except Unrenderable as error:
        raise Unrenderable(error.message, file=path) from None


def _walk(
    tree: TreeReader, found: Found, at: str, inside: str, rules: Ignores, chain: tuple[str, ...]
) -> Iterator[tuple[str, str, TreeEntry]]:
    """Every file below `at` that is not ignored: its path in the chart, its path in the tree, and what lies there."""
    if len(chain) > _MAX_DEPTH:
        raise Unrenderable(f"directories of the chart nest more than {_MAX_DEPTH} deep", file=at)
    if len(found.entries) > 2 * MAX_FILES:
        raise Unrenderable("the chart has too many directories", file=found.path)
    kept: list[tuple[str, Place]] = []
    for name, entry in tree.listing(at):
        place = Place(below(at, name), entry)
        if entry.kind is EntryKind.LINK:
            place = follow(tree, below(at, name))
            found.place(place)
        is_directory = place.entry is not None and place.entry.kind is EntryKind.TREE
        if place.entry is not None and not rules(below(inside, name), is_directory):
            kept.append((name, place))
    found.entries.append(TraceEntry(at, TraceKind.LISTING, "040000", _digest(kept)))
    for name, place in kept:
        assert place.entry is not None
        if place.entry.kind is EntryKind.BLOB:
            yield below(inside, name), place.path, place.entry
        elif place.entry.kind is EntryKind.TREE:
            if place.path in chain:
                raise Unrenderable("links of the chart lead in a circle", file=below(at, name))
            deeper = (*chain, place.path)
            yield from _walk(tree, found, place.path, below(inside, name), rules, deeper)


def _digest(kept: list[tuple[str, Place]]) -> str:
    lines = "\0".join(f"{place.entry.kind.value} {name}" for name, place in kept if place.entry)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _read(tree: TreeReader, path: str) -> bytes:
    try:
        return tree.read(path)
    except UnreadableFile as error:
        raise Unrenderable(error.message, file=path) from None
