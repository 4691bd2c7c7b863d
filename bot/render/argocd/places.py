"""Where the value files and file parameters of a source lie: beside the chart, in another source, or at a URL.

Nothing is read but names. What decides which files there are is written down for the trace.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.model.release import ValuesFile
from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import EntryKind, TreeEntry, TreeReader
from bot.render.argocd.environment import Environment, stand_ins
from bot.render.doublestar import BadPattern, Doublestar
from bot.render.errors import Unread, Unrenderable
from bot.render.paths import Place, below, follow, join

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_FETCHED = frozenset({"http", "https"})
_TWICE = "is there twice: since Argo CD 3.4 its first place counts, before that its last one"
_META = re.compile(r"[*?\[]")
_MAX_FILES = 10_000
_MAX_DEPTH = 40
_MAX_NAMES = 40
_MAX_LOOKS = 1_000_000
"""Names and links that are looked at for one source, and more for long patterns."""
_LONG = 16


@dataclass(frozen=True, slots=True)
class Ground:
    """A source's tree. `prefix` is what its paths have before them in a trace: nothing for the repository at hand.

    `name` is the source's, empty for an Application's own: files of both may be called alike in a trace, and their modes
    tell them apart.
    """

    tree: TreeReader
    prefix: str = ""
    name: str = ""

    def entry(self, path: str, kind: TraceKind, found: TreeEntry | None = None) -> TraceEntry:
        return self.noted(path, kind, found.mode if found else "", found.id if found else "")

    def noted(self, path: str, kind: TraceKind, mode: str, entry_id: str) -> TraceEntry:
        return TraceEntry(
            f"{self.prefix}{path}", kind, f"{mode}${self.name}" if self.name else mode, entry_id
        )


@dataclass(slots=True)
class Places:
    """`own` is None for a chart that is not at hand, `directory` the chart's. `is_one_of_many`: there are other sources.

    `refs` have one name for each tree, empty for `own`; `names` leads there from whatever name a source has. `listings`
    are by the source's name and the directory.
    """

    own: Ground | None
    directory: str
    refs: Mapping[str, Ground]
    names: Mapping[str, str]
    environment: Environment
    is_one_of_many: bool = False
    entries: list[TraceEntry] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    listings: dict[tuple[str, str], list[tuple[str, bool]]] = field(default_factory=dict)
    looks_left: int = _MAX_LOOKS

    def values_files(self, texts: tuple[str, ...], *, ignore_missing: bool) -> tuple[ValuesFile, ...]:
        """Each once, at its first place; one that is named counts there and not where a pattern finds it too.

        Raises `Unrenderable`, without the field.
        """
        named = [(text, self.file(text)) for text in texts]
        explicit = {found for _, found in named if not found.is_pattern}
        result: dict[ValuesFile, None] = {}
        for text, found in named:
            if found.is_remote or (self.own is None and not found.ref):
                result[found] = None
            elif found.is_pattern:
                matches = [ValuesFile(path, found.ref) for path in self._matching(found, text)]
                if not matches and not ignore_missing:
                    raise Unrenderable(f"{text[:200]!r} matches no file")
                result |= dict.fromkeys(match for match in matches if match not in explicit)
            elif self._exists(found, text):
                if found in result:
                    self.remarks.append(f"{text[:200]!r} {_TWICE}")
                result[found] = None
            elif not ignore_missing:
                raise Unrenderable(f"{text[:200]!r} does not exist ({found.path})")
        return tuple(result)

    def existing(self, text: str) -> ValuesFile:
        """A file that must be there, and is no pattern. Raises `Unrenderable`."""
        found = self.file(text, may_match=False)
        if not found.is_remote and (self.own or found.ref) and not self._exists(found, text):
            raise Unrenderable(f"{text[:200]!r} does not exist ({found.path})")
        return found

    def file(self, text: str, *, may_match: bool = True) -> ValuesFile:
        """What a text names, whether it is there or not. Raises `Unrenderable`."""
        ref, slash, rest = text.partition("/")
        name = ref[1:] if ref.startswith("$") else ""
        if name and name in self.names:
            path = f"/{self._known(f'{slash}{rest}', text)}"
            return self._in_tree(path, text, self.names[name], may_match=may_match)
        if text.startswith("$") and self.is_one_of_many:
            known = ", ".join(f"${each}" for each in sorted(self.names)) or "no source has a `ref`"
            raise Unrenderable(f"{text[:200]!r}: {ref[:80]} is none of the Application's sources ({known})")
        path = self._known(text, text)
        scheme = _SCHEME.match(path)
        if scheme is None:
            return self._in_tree(path, text, "", may_match=may_match)
        if scheme[1].lower() not in _FETCHED:
            raise Unread(
                f"{text[:200]!r}: Longshore has no way to read {scheme[1][:40]}: addresses, which a plugin of Helm would"
            )
        if has_login(path):
            raise Unread("an address holds a login, which Longshore does not use; leave it out")
        return ValuesFile(path, is_remote=True)

    def _known(self, text: str, shown: str) -> str:
        found = self.environment.substituted(text)
        if unknown := stand_ins(found.encode("utf-8", "surrogateescape")):
            raise Unread(f"{shown[:200]!r} depends on ${unknown[0].name}: {unknown[0].unknown.reason}")
        return found

    def _in_tree(self, path: str, text: str, ref: str, *, may_match: bool) -> ValuesFile:
        base = "" if path.startswith("/") or self.own is None else self.directory
        try:
            clean = join(base, path.lstrip("/") or ".")
        except Unrenderable as error:
            raise Unrenderable(f"{text[:200]!r} {error.message}") from None
        if not clean:
            raise Unrenderable(f"{text[:200]!r} names a directory, where a file is needed")
        is_pattern = may_match and _META.search(clean) is not None
        if not is_pattern:
            whole_to_helm(clean, text)
        return ValuesFile(clean, ref, is_pattern=is_pattern)

    def _ground(self, ref: str) -> Ground:
        found = self.refs[ref] if ref else self.own
        assert found is not None
        return found

    def _exists(self, found: ValuesFile, text: str) -> bool:
        ground = self._ground(found.ref)
        place = self._followed(ground, found.path, text)
        if place.entry is None:
            self.entries.append(ground.entry(place.path, TraceKind.ABSENT))
            return False
        if place.entry.kind is not EntryKind.BLOB:
            raise Unrenderable(f"{text[:200]!r} is a directory, where a file is needed")
        self.entries.append(ground.entry(place.path, TraceKind.FILE, place.entry))
        return True

    def _followed(self, ground: Ground, path: str, text: str) -> Place:
        try:
            place = follow(ground.tree, path)
        except Unrenderable as error:
            raise Unrenderable(f"{text[:200]!r} {error.message}") from None
        self._spend(1 + len(place.links), text)
        self.entries += [ground.entry(link, TraceKind.LINK, entry) for link, entry in place.links]
        return place

    def _spend(self, looks: int, text: str) -> None:
        self.looks_left -= looks
        if self.looks_left < 0:
            raise Unrenderable(f"{text[:200]!r} looks at too many files; name directories, or fewer files")

    def _matching(self, pattern: ValuesFile, text: str) -> list[str]:
        """Every file that a pattern finds, directory by directory, in the order of their names."""
        ground = self._ground(pattern.ref)
        every = pattern.path.split("/")
        # Any number of directories, and any number of them below, are any number.
        names = [
            name for name, before in zip(every, ["", *every], strict=False) if not name == before == "**"
        ]
        if len(names) > _MAX_NAMES:
            raise Unrenderable(f"{text[:200]!r} has more than {_MAX_NAMES} names")
        reached: dict[str, None] = {"": None}
        for index, name in enumerate(names):
            is_last = index == len(names) - 1
            further: dict[str, None] = {}
            for directory in reached:
                for found in self._step(ground, directory, name, text, is_last=is_last):
                    further[found] = None
                    if len(further) > _MAX_FILES:
                        raise Unrenderable(f"{text[:200]!r} leads to more than {_MAX_FILES} places")
            reached = further
        for path in reached:
            whole_to_helm(path, text)
            self._exists(ValuesFile(path, pattern.ref), text)
        return list(reached)

    def _step(self, ground: Ground, directory: str, name: str, text: str, *, is_last: bool) -> Iterator[str]:
        if name == "**":
            yield from self._directories(ground, directory, text, 0)
        elif not _META.search(name) and "{" not in name:
            place = self._followed(ground, below(directory, name), text)
            if place.entry is not None:
                yield below(directory, name)
            else:
                self.entries.append(ground.entry(place.path, TraceKind.ABSENT))
        else:
            try:
                wanted = Doublestar.parse(name)
            except BadPattern as error:
                raise Unrenderable(f"{text[:200]!r} {error}") from None
            listed = self._listed(ground, directory, text)
            self._spend(len(listed) * (wanted.size // _LONG), text)
            for found, is_directory in listed:
                if (is_last or is_directory) and wanted.matches(found):
                    yield below(directory, found)

    def _directories(self, ground: Ground, directory: str, text: str, depth: int) -> Iterator[str]:
        if depth > _MAX_DEPTH:
            raise Unrenderable(f"{text[:200]!r} leads through more than {_MAX_DEPTH} directories")
        yield directory
        for name, is_directory in self._listed(ground, directory, text):
            if is_directory:
                yield from self._directories(ground, below(directory, name), text, depth + 1)

    def _listed(self, ground: Ground, directory: str, text: str) -> list[tuple[str, bool]]:
        """Names below, in their order, and whether each is a directory; links are followed."""
        at = self._followed(ground, directory, text).path
        known = self.listings.get((ground.name, at))
        if known is None:
            known = self.listings[ground.name, at] = self._looked_up(ground, at, text)
        self._spend(len(known), text)
        return known

    def _looked_up(self, ground: Ground, at: str, text: str) -> list[tuple[str, bool]]:
        found: list[tuple[str, bool]] = []
        for name, entry in ground.tree.listing(at):
            kind = entry.kind
            if kind is EntryKind.LINK:
                place = self._followed(ground, below(at, name), text)
                if place.entry is None:
                    continue
                kind = place.entry.kind
            found.append((name, kind is EntryKind.TREE))
        found.sort(key=lambda item: item[0].encode("utf-8", "surrogateescape"))
        lines = "\0".join(f"{is_directory} {name}" for name, is_directory in found)
        digest = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
        self.entries.append(ground.noted(at, TraceKind.LISTING, "pattern", digest))
        return found


def whole_to_helm(path: str, text: str) -> None:
    """Raises `Unrenderable` for a name that Helm would part, and read as those of several files."""
    if "," in path:
        raise Unrenderable(
            f"{text[:200]!r} holds a comma, at which Helm parts the names of files; rename the file"
        )


def has_login(url: str) -> bool:
    """Also where nobody can tell."""
    try:
        return urlsplit(url).username is not None
    except ValueError:
        return True
