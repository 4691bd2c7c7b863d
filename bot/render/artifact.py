"""The tree as Flux sees it: what source-controller puts into the artifact that kustomize is given.

It leaves out symbolic links, submodules, a fixed list of names, and what `.sourceignore` files say, which read like
`.gitignore` files. `spec.ignore` of a GitRepository is not known here.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot.model.repo import TreeId
from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile

SOURCE_IGNORE = ".sourceignore"
_MAX_PATTERNS = 2_000
_REMEMBERED = 256
_MAX_DEPTH = 100
_DEFAULTS = (
    ".git/,.gitignore,.gitmodules,.gitattributes,*.jpg,*.jpeg,*.gif,*.png,*.wmv,*.flv,*.tar.gz,*.zip,.github/,"
    ".circleci/,.travis.yml,.gitlab-ci.yml,appveyor.yml,.drone.yml,cloudbuild.yaml,codeship-services.yml,"
    "codeship-steps.yml,**/.goreleaser.yml,**/.sops.yaml,**/.flux.yaml"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file, with the meaning that go-git 5 gives it."""

    names: tuple[str, ...]
    includes: bool = False
    only_directories: bool = False

    @classmethod
    def parse(cls, line: str) -> "Pattern":
        includes = line.startswith("!")
        text = line.removeprefix("!")
        text = text if text.endswith("\\ ") else text.rstrip(" ")
        return cls(tuple(text.removesuffix("/").split("/")), includes, text.endswith("/"))

    def matches(self, names: tuple[str, ...]) -> bool:
        """Whether the file `names`, relative to the ignore file, or a directory above it, is meant."""
        if len(self.names) > 1:
            return self._matches_path(names)
        found = next((i for i, name in enumerate(names) if _glob(self.names[0]).fullmatch(name)), None)
        return found is not None and not (self.only_directories and found == len(names) - 1)

    def _matches_path(self, names: tuple[str, ...]) -> bool:
        rest = list(names)
        matched = anywhere = False
        last = len(self.names) - 1
        for index, wanted in enumerate(self.names):
            if wanted == "":
                anywhere = False
                continue
            if wanted == "**":
                anywhere = index < last
                continue
            if not rest or "**" in wanted:
                return False
            if anywhere:
                anywhere = False
                while rest and not (matched := bool(_glob(wanted).fullmatch(rest.pop(0)))):
                    pass
            elif not _glob(wanted).fullmatch(rest.pop(0)):
                return False
            else:
                matched = bool(rest) or index == last
        return matched and not (self.only_directories and not rest)


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    """Go's `filepath.Match` for one name; a pattern it would refuse matches nothing."""
    expression = ""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            expression += ".*" if not expression.endswith(".*") else ""
        elif char == "?":
            expression += "."
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            expression += re.escape(pattern[at])
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            inside = pattern[at + 1 : end]
            negated = inside.startswith("^")
            chars = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside.removeprefix("^"))
            expression += f"[{'^' if negated else ''}{chars}]"
            at = end
        else:
            expression += re.escape(char)
        at += 1
    try:
        return re.compile(expression, re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")


_DEFAULT_PATTERNS = tuple(Pattern.parse(line) for line in _DEFAULTS.split(","))
_PLAIN_NAMES = frozenset(p.names[-1] for p in _DEFAULT_PATTERNS if "*" not in p.names[-1])
_SUFFIXES = tuple(p.names[-1][1:] for p in _DEFAULT_PATTERNS if p.names[-1].startswith("*"))

_parsed: OrderedDict[str, tuple[Pattern, ...]] = OrderedDict()
_lock = threading.Lock()


class ArtifactTree:
    """A `TreeReader` over another one, `repository`, that does not show what Flux does not get."""

    def __init__(self, tree: TreeReader) -> None:
        self.repository = tree
        self._patterns: dict[str, tuple[Pattern, ...]] = {}
        self._directories: dict[str, bool] = {"": True}

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

    def _ignores(self, path: str) -> bool:
        """The last pattern that matches decides; files further down come after those above them."""
        names = tuple(path.split("/"))
        for depth in range(len(names) - 1, -1, -1):
            for pattern in reversed(self._patterns_of("/".join(names[:depth]))):
                if pattern.matches(names[depth:]):
                    return not pattern.includes
        suspect = names[-1].endswith(_SUFFIXES) or not _PLAIN_NAMES.isdisjoint(names)
        return suspect and any(pattern.matches(names) for pattern in _DEFAULT_PATTERNS)

    def _patterns_of(self, directory: str) -> tuple[Pattern, ...]:
        known = self._patterns.get(directory)
        if known is None:
            path = f"{directory}/{SOURCE_IGNORE}" if directory else SOURCE_IGNORE
            entry = self.repository.entry(path)
            known = self._read(path, entry) if entry is not None and entry.kind is EntryKind.BLOB else ()
            self._patterns[directory] = known
        return known

    def _read(self, path: str, entry: TreeEntry) -> tuple[Pattern, ...]:
        with _lock:
            known = _parsed.get(entry.id)
        if known is not None:
            return known
        try:
            lines = self.repository.read(path).decode("utf-8", "surrogateescape").splitlines()
        except UnreadableFile:
            return ()
        wanted = [line for line in lines if line.strip() and not line.startswith("#")]
        patterns = tuple(Pattern.parse(line) for line in wanted[:_MAX_PATTERNS])
        with _lock:
            _parsed[entry.id] = patterns
            if len(_parsed) > _REMEMBERED:
                _parsed.popitem(last=False)
        return patterns
