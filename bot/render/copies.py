"""What an ArtifactGenerator copies into its artifact, and where to: the rules of source-watcher, which are those of `cp`.

A pattern matches name by name, so that `**` is any one name, and what is matched is copied whole.
"""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from bot.model.gomatch import BadGlob, Glob
from bot.model.manifests import ManifestError, documents
from bot.model.target import Composition, Copy, CopyStrategy
from bot.model.tree import EntryKind, UnreadableFile
from bot.render.composed import (
    ComposedTree,
    FilePlace,
    Holding,
    Staging,
    Taken,
    Written,
    is_directory,
    places_of,
    read_node,
)
from bot.render.doublestar import BadPattern, Doublestar
from bot.render.errors import Unrenderable
from bot.render.helm.values import merged
from bot.render.path_pattern import chosen
from bot.render.yaml_text import yaml_text

_META = frozenset("*?[]")
_WILD = frozenset("*?[\\")


def compose(composition: Composition, sources: Mapping[str, Holding]) -> ComposedTree:
    """`sources` are the ingredients by their aliases. Raises `Unrenderable` where the generator could not make it."""
    staging = Staging()
    try:
        apply(chosen(composition, sources), sources, staging)
    except Unrenderable as error:
        why = f"{composition.generator} cannot make the artifact {composition.name}"
        raise Unrenderable(f"{why}: {error.message}") from None
    made_of = sorted((alias, source.tree.id) for alias, source in sources.items())
    return ComposedTree(staging, f"{composition!r}\0{made_of}")


def apply(copies: Iterable[Copy], sources: Mapping[str, Holding], staging: Staging) -> None:
    """Copy, in order. Raises `Unrenderable` where source-watcher would stop, and nothing would be made."""
    for copy in copies:
        try:
            _Operation.of(copy, sources).run(staging)
        except Unrenderable as error:
            raise Unrenderable(f"@{copy.alias}/{copy.pattern}: {error.message}") from None


@dataclass(frozen=True, slots=True)
class _Operation:
    copy: Copy
    source: Holding
    exclude: tuple[Doublestar, ...]

    @classmethod
    def of(cls, copy: Copy, sources: Mapping[str, Holding]) -> "_Operation":
        source = sources.get(copy.alias)
        if source is None:
            raise Unrenderable(f"no source has the alias {copy.alias}")
        if copy.strategy is CopyStrategy.EXTRACT:
            raise Unrenderable(
                "strategy Extract: Longshore unpacks no archives that lie in a source; to have this planned, keep what "
                "the archive holds as files and use the strategy Overwrite"
            )
        return cls(copy, source, tuple(map(_excluded, copy.exclude)))

    def run(self, staging: Staging) -> None:
        if _META.isdisjoint(self.copy.pattern):
            self._one(staging)
        else:
            self._matches(staging)

    def _one(self, staging: Staging) -> None:
        """A file or a directory by its name."""
        path = _clean(self.copy.pattern)
        entry = self.source.tree.entry(path)
        if entry is None:
            raise Unrenderable(f"{path!r} does not exist in the source")
        name = posixpath.basename(path)
        if entry.kind is EntryKind.TREE:
            self._lay(staging, Taken(self.source, path, entry, self._hides(path)), _join(self.copy.to, name))
        elif not self._is_excluded(path, ""):
            found = staging.at(_clean(self.copy.to)) if not self.copy.to.endswith("/") else None
            is_into = self.copy.to.endswith("/") or (found is not None and is_directory(found))
            to = _join(self.copy.to, name) if is_into else _clean(self.copy.to)
            self._lay(staging, Taken(self.source, path, entry), to)

    def _matches(self, staging: Staging) -> None:
        pattern = self.copy.pattern
        found = self._found(pattern, staging)
        if not found:
            raise Unrenderable("no file of the source matches")
        base = literal_prefix(pattern)
        kept = [path for path in found if not self._is_excluded(path, base)]
        if not kept:
            raise Unrenderable("every file that matches is excluded")
        prefix = f"{pattern.removesuffix('/**')}/" if pattern.endswith("/**") else ""
        for path in kept:
            entry = self.source.tree.entry(path)
            assert entry is not None
            taken = Taken(self.source, path, entry, self._hides(base))
            self._lay(staging, taken, _join(self.copy.to, path.removeprefix(prefix)))

    def _found(self, pattern: str, staging: Staging) -> list[str]:
        """As Go's `fs.Glob`: names up to the first with a wildcard are taken as they are."""
        names = pattern.split("/")
        try:
            wanted = [Glob.parse(name) for name in names]
        except BadGlob:
            raise Unrenderable("the pattern has no meaning: a bracket is not closed") from None
        fixed = next((i for i, name in enumerate(names) if not _WILD.isdisjoint(name)), len(names))
        start = "/".join(names[:fixed])
        entry = self.source.tree.entry(start) if _is_clean(start) else None
        if entry is None:
            return []
        found = [start]
        for glob in wanted[fixed:]:
            found = [path for directory in found for path in self._below(directory, glob, staging)]
        return found

    def _below(self, directory: str, glob: Glob, staging: Staging) -> list[str]:
        listing = self.source.tree.listing(directory)
        staging.spend(1 + len(listing))
        return [
            f"{directory}/{name}" if directory else name
            for name, below in listing
            if below.kind in {EntryKind.BLOB, EntryKind.TREE} and glob.matches(name)
        ]

    def _lay(self, staging: Staging, taken: Taken, to: str) -> None:
        below = staging.at(to)
        is_file = taken.entry.kind is EntryKind.BLOB
        if not is_file or below is None or self.copy.strategy is not CopyStrategy.MERGE:
            staging.lay(to, taken)
        elif isinstance(below, dict) or is_directory(below):
            raise Unrenderable(f"{to} is a directory, and cannot be merged with a file")
        else:
            staging.lay(to, _blended(below, taken))

    def _hides(self, base: str) -> Callable[[str], bool] | None:
        return partial(self._is_excluded, base=base) if self.exclude else None

    def _is_excluded(self, path: str, base: str) -> bool:
        """Patterns are for paths from the source's root, and from the first directory that the copy names."""
        below = path.removeprefix(f"{base}/") if base else path
        return any(
            pattern.matches(path)
            or (below != path and pattern.matches(below))
            or (not pattern.has_slash and pattern.matches(posixpath.basename(path)))
            for pattern in self.exclude
        )


def literal_prefix(pattern: str) -> str:
    """The directory of a source that a pattern looks in: its names before the first that has a wildcard."""
    names = posixpath.normpath(pattern).split("/")
    wild = next((i for i, name in enumerate(names) if not _META.isdisjoint(name)), len(names))
    return "/".join(names[:wild])


def _blended(below: Taken | Written, taken: Taken) -> Written:
    """Both files as YAML, mappings put together, the later in front. Each counts with all of its documents."""
    values: dict[str, object] = {}
    for node in (below, taken):
        for each in _mappings(node):
            values = merged(values, each)
    places: tuple[FilePlace, ...] = (*places_of(below), *places_of(taken))
    return Written.of(yaml_text(values).encode(), below.entry.mode, places)


def _mappings(node: Taken | Written) -> list[dict[str, object]]:
    path = places_of(node)[-1].path
    try:
        found = [document.value for document in documents(read_node(node), file=path)]
    except ManifestError as error:
        raise Unrenderable(f"strategy Merge: {error.message}") from None
    except UnreadableFile as error:
        raise Unrenderable(error.message) from None
    if not all(isinstance(value, dict) for value in found):
        raise Unrenderable(f"strategy Merge: {path} holds something else than a mapping")
    return found


def _excluded(pattern: str) -> Doublestar:
    try:
        return Doublestar.parse(pattern)
    except BadPattern as error:
        raise Unrenderable(f"exclude {pattern[:200]!r} {error}") from None


def _join(to: str, name: str) -> str:
    return _clean(f"{to}/{name}" if to else name)


def _clean(path: str) -> str:
    """As Go cleans it; the root is empty. Raises `Unrenderable` for what leads out of the source or the artifact."""
    cleaned = posixpath.normpath(path) if path else "."
    if cleaned.startswith(("/", "../")) or cleaned == "..":
        raise Unrenderable(f"{path[:200]!r} leads out of the tree")
    return "" if cleaned == "." else cleaned


def _is_clean(path: str) -> bool:
    return all(name not in ("", ".", "..") for name in path.split("/")) if path else True
