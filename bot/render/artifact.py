"""The tree as Flux sees it: what source-controller puts into the artifact that kustomize is given.

It leaves out symbolic links, submodules, what belongs to Git, and what `.sourceignore` files and `spec.ignore` say,
which read like `.gitignore` files; the latter has the last word. Where none of them says anything, anywhere in the
tree, a list of names that Flux takes for no part of a deployment is left out as well. For what a generator composes
that list is all that counts.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable

from bot.model.repo import TreeId
from bot.model.target import Target
from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile
from bot.render.patterns import Pattern, patterns

SOURCE_IGNORE = ".sourceignore"
_REMEMBERED = 256
_MAX_DEPTH = 100
_ALWAYS = tuple(Pattern.parse(line) for line in (".git/", ".gitignore", ".gitmodules", ".gitattributes"))
_DEFAULTS = tuple(
    Pattern.parse(line)
    for line in (
        *("*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip"),
        *(".github/", ".circleci/", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml"),
        *("cloudbuild.yaml", "codeship-services.yml", "codeship-steps.yml"),
        *("**/.goreleaser.yml", "**/.sops.yaml", "**/.flux.yaml"),
    )
)
_NAMES = frozenset(p.names[-1] for p in (*_ALWAYS, *_DEFAULTS) if "*" not in p.names[-1])
_SUFFIXES = "|".join(re.escape(p.names[-1][1:]) for p in _DEFAULTS if p.names[-1].startswith("*"))
_HAS_SUFFIX = re.compile(rf"(?:{_SUFFIXES})(?:/|\Z)")

_parsed: OrderedDict[str, tuple[Pattern, ...]] = OrderedDict()
_first: OrderedDict[str, str] = OrderedDict()
_lock = threading.Lock()


class ArtifactTree:
    """A `TreeReader` over another one, `repository`, that does not show what Flux does not get.

    `wants_any` becomes true when an answer depended on whether anything at all is ignored in the tree.
    """

    def __init__(self, tree: TreeReader, ignore: str = "", *, is_composed: bool = False) -> None:
        """`ignore` is what `spec.ignore` of the source says. What is composed is held to no `.sourceignore` of its own."""
        self.repository = tree
        self.is_composed = is_composed
        self.wants_any = False
        self._last_word = patterns(ignore)
        self._patterns: dict[str, tuple[Pattern, ...]] = {}
        self._directories: dict[str, bool] = {"": True}

    @classmethod
    def of(cls, tree: TreeReader, target: Target) -> "ArtifactTree":
        """As the source of this target makes it."""
        return cls(tree, ignore_of(target), is_composed=target.artifact is not None)

    @property
    def id(self) -> TreeId:
        return self.repository.id

    def entry(self, path: str) -> TreeEntry | None:
        entry = self.repository.entry(path)
        return entry if entry is not None and self._shows(path, entry) else None

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        prefix = f"{path}/" if path else ""
        return tuple(
            (name, entry)
            for name, entry in self.repository.listing(path)
            if self._shows(prefix + name, entry)
        )

    def listing_id(self, path: str) -> str:
        return self.repository.listing_id(path)

    def read(self, path: str) -> bytes:
        return self.repository.read(path)

    def read_link(self, path: str) -> str:
        return self.repository.read_link(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        self.repository.prefetch(paths)

    def why_hidden(self, path: str) -> str:
        """Why there is nothing at `path` for Flux though the repository has something; empty where it has not."""
        names = path.split("/")
        for count in range(1, len(names) + 1):
            above = "/".join(names[:count])
            entry = self.repository.entry(above)
            if entry is not None and not self._shows(above, entry):
                what = {EntryKind.LINK: "is a symbolic link", EntryKind.SUBMODULE: "is a submodule"}
                return f"{above} {what.get(entry.kind, 'is ignored')}, so Flux does not get it"
        return ""

    def _shows(self, path: str, entry: TreeEntry, depth: int = 0) -> bool:
        """A directory is there when something in it is; the search goes no deeper than any path that is followed."""
        if entry.kind is not EntryKind.TREE:
            return entry.kind is EntryKind.BLOB and not self._ignores(path)
        known = self._directories.get(path)
        if known is None:
            prefix = f"{path}/" if path else ""
            known = depth > _MAX_DEPTH or any(
                self._shows(prefix + name, below, depth + 1) for name, below in self.repository.listing(path)
            )
            self._directories[path] = known
        return known

    def first_that_ignores(self) -> str:
        """The first `.sourceignore` of the tree that says anything; empty where there is none. Looked for once a tree."""
        tree = self.repository
        with _lock:
            known = _first.get(tree.id)
        if known is None:
            known = self._search()
            with _lock:
                _first[tree.id] = known
                if len(_first) > _REMEMBERED:
                    _first.popitem(last=False)
        return known

    def _search(self) -> str:
        pending = [("", 0)]
        while pending:
            directory, depth = pending.pop()
            prefix = f"{directory}/" if directory else ""
            if self._patterns_of(directory):
                return prefix + SOURCE_IGNORE
            pending += [
                (prefix + name, depth + 1)
                for name, entry in self.repository.listing(directory)
                if entry.kind is EntryKind.TREE and depth < _MAX_DEPTH
            ]
        return ""

    def _ignores(self, path: str) -> bool:
        """The last pattern that matches decides; files further down come after those above them."""
        names = tuple(path.split("/"))
        for pattern in reversed(self._last_word):
            if pattern.matches(names):
                return not pattern.includes
        for depth in range(len(names) - 1, -1, -1):
            for pattern in reversed(self._patterns_of("/".join(names[:depth]))):
                if pattern.matches(names[depth:]):
                    return not pattern.includes
        if _NAMES.isdisjoint(names) and not _HAS_SUFFIX.search(path):
            return False
        if any(pattern.matches(names) for pattern in _ALWAYS):
            return True
        if self._last_word or not any(pattern.matches(names) for pattern in _DEFAULTS):
            return False
        self.wants_any = True
        return self.is_composed or not self.first_that_ignores()

    def _patterns_of(self, directory: str) -> tuple[Pattern, ...]:
        known = self._patterns.get(directory)
        if known is None:
            path = f"{directory}/{SOURCE_IGNORE}" if directory else SOURCE_IGNORE
            entry = self.repository.entry(path)
            counts = entry is not None and entry.kind is EntryKind.BLOB and not self.is_composed
            known = self._read(path, entry) if entry is not None and counts else ()
            self._patterns[directory] = known
        return known

    def _read(self, path: str, entry: TreeEntry) -> tuple[Pattern, ...]:
        with _lock:
            known = _parsed.get(entry.id)
        if known is not None:
            return known
        try:
            text = self.repository.read(path).decode("utf-8", "surrogateescape")
        except UnreadableFile:
            return ()
        made = patterns(text)
        with _lock:
            _parsed[entry.id] = made
            if len(_parsed) > _REMEMBERED:
                _parsed.popitem(last=False)
        return made


def ignore_of(target: Target) -> str:
    """What `spec.ignore` of the target's source says; what is composed has none."""
    if target.artifact is not None:
        return ""
    source = target.source or target.oci_source
    return source.ignore if source is not None else target.ignore
