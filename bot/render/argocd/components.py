"""Components that a pattern names, as `kustomize edit add component` finds them: by Go's `filepath.Glob`."""

import hashlib
import re
from collections.abc import Iterable, Iterator

from bot.model.gomatch import BadGlob, Glob
from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import EntryKind, TreeReader
from bot.render.errors import Unrenderable
from bot.render.helm.found import Found
from bot.render.paths import follow, join

_META = re.compile(r"[*?\[\\]")
_MAX_FOUND = 1_000
_MAX_NAMES = 40


def named_components(
    tree: TreeReader, directory: str, texts: Iterable[str], *, ignore_missing: bool, entries: list[TraceEntry]
) -> list[str]:
    """The texts with each pattern replaced by what it finds; where missing ones are ignored, so are patterns.

    What decides is added to `entries`. Raises `Unrenderable`.
    """
    found: list[str] = []
    for text in texts:
        if not _META.search(text):
            found.append(text)
        elif not ignore_missing:
            matches = [path for path in _matching(tree, directory, text, entries) if _is_shown(path, text)]
            if not matches:
                raise Unrenderable(f"kustomize.components: {text[:200]!r} matches nothing")
            found += matches
        if len(found) > _MAX_FOUND:
            raise Unrenderable(f"kustomize.components: there are more than {_MAX_FOUND}")
    return found


def _matching(tree: TreeReader, base: str, pattern: str, entries: list[TraceEntry]) -> Iterator[str]:
    *parents, last = pattern.split("/")
    if len(parents) > _MAX_NAMES:
        raise Unrenderable(f"kustomize.components: {pattern[:200]!r} has more than {_MAX_NAMES} names")
    parent = "/".join(parents)
    directories = _matching(tree, base, parent, entries) if _META.search(parent) else (parent,)
    try:
        wanted = Glob.parse(last)
    except BadGlob as error:
        raise Unrenderable(f"kustomize.components: {pattern[:200]!r} {error}") from None
    for directory in directories:
        for name in _names(tree, base, directory, entries):
            if wanted.matches(name):
                yield f"{directory}/{name}" if directory else name


def _names(tree: TreeReader, base: str, directory: str, entries: list[TraceEntry]) -> list[str]:
    """What lies there, sorted; nothing where there is no directory."""
    try:
        place = follow(tree, join(base, directory or "."))
    except Unrenderable as error:
        raise Unrenderable(f"kustomize.components: {directory[:200]!r} {error.message}") from None
    noted = Found(place.path)
    noted.place(place)
    entries += noted.entries
    if place.entry is None or place.entry.kind is not EntryKind.TREE:
        return []
    names = sorted((name for name, _ in tree.listing(place.path)), key=_bytes)
    digest = hashlib.sha256(b"\0".join(map(_bytes, names))).hexdigest()
    entries.append(TraceEntry(place.path, TraceKind.LISTING, "components", digest))
    return names


def _is_shown(path: str, pattern: str) -> bool:
    """A name that begins with a dot has to be asked for by one."""
    return pattern.rpartition("/")[2].startswith(".") or not path.rpartition("/")[2].startswith(".")


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
