"""Components that a pattern names, as `kustomize edit add component` finds them: by Go's `filepath.Glob`."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.model.gomatch import BadGlob, Glob
from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import EntryKind, TreeReader
from bot.render.errors import Unrenderable
from bot.render.helm.found import Found
from bot.render.paths import follow, join

_META = re.compile(r"[*?\[\\]")
_MAX_FOUND = 1_000
_MAX_NAMES = 40
_MAX_DIRECTORIES = 10_000
"""Ways that the patterns of one source lead to directories, where a directory may have several."""
_MAX_LOOKS = 500_000
"""Names that are held to the patterns of one source, and more for long patterns."""
_LONG = 64


def named_components(
    tree: TreeReader, directory: str, texts: Iterable[str], *, ignore_missing: bool, entries: list[TraceEntry]
) -> list[str]:
    """The texts with each pattern replaced by what it finds; where missing ones are ignored, so are patterns.

    What decides is added to `entries`. Raises `Unrenderable`.
    """
    found: list[str] = []
    search = _Search(tree, directory, entries)
    for text in texts:
        if not _META.search(text):
            found.append(text)
        elif not ignore_missing:
            matches = [path for path in search.matching(text) if _is_shown(path, text)]
            if not matches:
                raise Unrenderable(f"kustomize.components: {text[:200]!r} matches nothing")
            found += matches
        if len(found) > _MAX_FOUND:
            raise Unrenderable(f"kustomize.components: there are more than {_MAX_FOUND}")
    return found


def present_components(
    tree: TreeReader, path: str, texts: Iterable[str], entries: list[TraceEntry]
) -> list[str]:
    """Those that are there, seen from `path` as the source writes it, whichever links it leads through.

    So looks Argo CD for them where missing ones are ignored; kustomize then reads them from where the links lead to.
    """
    found: list[str] = []
    for text in texts:
        try:
            place = follow(tree, join(path, text))
        except Unrenderable:
            continue
        noted = Found(place.path)
        noted.place(place)
        entries += noted.entries
        if place.entry is not None:
            found.append(text)
    return found


@dataclass(slots=True)
class _Search:
    """Links may lead to one directory by more ways than anybody can go: `names` has each once by where it lies,
    `places` says where a way leads, and both are bounded for all patterns together.
    """

    tree: TreeReader
    base: str
    entries: list[TraceEntry]
    places: dict[str, str] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    looks_left: int = _MAX_LOOKS

    def matching(self, pattern: str) -> list[str]:
        """Every path that is meant, in Go's order. Raises `Unrenderable`."""
        names = pattern.split("/")
        if len(names) > _MAX_NAMES:
            raise Unrenderable(f"kustomize.components: {pattern[:200]!r} has more than {_MAX_NAMES} names")
        fixed = next(index for index, name in enumerate(names) if _META.search(name))
        reached = ["/".join(names[:fixed])]
        for last in names[fixed:]:
            try:
                wanted = Glob.parse(last)
            except BadGlob as error:
                raise Unrenderable(f"kustomize.components: {pattern[:200]!r} {error}") from None
            further: list[str] = []
            for directory in reached:
                further += self._step(directory, wanted, 1 + len(last) // _LONG)
            reached = further
        return reached

    def _step(self, directory: str, wanted: Glob, weight: int) -> list[str]:
        names = self._names(directory)
        self.looks_left -= weight * (1 + len(names))
        if self.looks_left < 0:
            raise Unrenderable("kustomize.components: its patterns look at too many files; name directories")
        return [f"{directory}/{name}" if directory else name for name in names if wanted.matches(name)]

    def _names(self, directory: str) -> list[str]:
        """What lies there, sorted; nothing where there is no directory."""
        if directory not in self.places:
            self.places[directory] = self._followed(directory)
        return self.names.get(self.places[directory], [])

    def _followed(self, directory: str) -> str:
        if len(self.places) >= _MAX_DIRECTORIES:
            raise Unrenderable(
                f"kustomize.components: its patterns lead to more than {_MAX_DIRECTORIES} places; name directories"
            )
        try:
            place = follow(self.tree, join(self.base, directory or "."))
        except Unrenderable as error:
            raise Unrenderable(f"kustomize.components: {directory[:200]!r} {error.message}") from None
        noted = Found(place.path)
        noted.place(place)
        self.entries += noted.entries
        is_directory = place.entry is not None and place.entry.kind is EntryKind.TREE
        if is_directory and place.path not in self.names:
            names = sorted((name for name, _ in self.tree.listing(place.path)), key=_bytes)
            digest = hashlib.sha256(b"\0".join(map(_bytes, names))).hexdigest()
            self.entries.append(TraceEntry(place.path, TraceKind.LISTING, "components", digest))
            self.names[place.path] = names
        return place.path


def _is_shown(path: str, pattern: str) -> bool:
    """A name that begins with a dot has to be asked for by one."""
    return pattern.rpartition("/")[2].startswith(".") or not path.rpartition("/")[2].startswith(".")


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
