"""Follows one target through a tree, and writes down everything that rendering it will read or look for.

It never raises and never renders: what must not be rendered becomes a diagnostic with file, field and reason. The
entries are complete or the trace is refused, so that a renderer that sees nothing but them sees what it would see in
a full checkout.
"""

import contextlib
from dataclasses import dataclass, replace

from bot.model.rendering import Diagnostic, Severity, Trace, TraceEntry, TraceKind
from bot.model.target import Found, RendererKind, Target
from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile
from bot.render.artifact import SOURCE_IGNORE, ArtifactTree
from bot.render.contents import Contents, Memo, Problem, Reference, kustomizations, plugin_files, read_fields
from bot.render.directory import Listed, Resource, scan_for_flux, scan_plain
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES, OVERLAY, PLUGIN_DIRECTORY, Use
from bot.render.paths import Place, follow, join

MAX_ENTRIES = 20_000
MAX_DEPTH = 40
MAX_DIAGNOSTICS = 30


class _TooMuch(Exception):
    """The walk stops here; the diagnostic is written already."""


@dataclass(frozen=True, slots=True)
class _Site:
    """Where references stand: the file that says them, the directory they are relative to, and how we came there.

    `plugins_for` is set below a directory of plugin configurations: the kustomization that uses them.
    """

    file: str
    base: str
    chain: tuple[str, ...]
    plugins_for: str | None = None


class Walk:
    """One target in one tree. `run` may be called once."""

    def __init__(self, tree: TreeReader, target: Target) -> None:
        self._artifact = ArtifactTree(tree) if target.origin.found is Found.FLUX_KUSTOMIZATION else None
        self._tree = self._artifact or tree
        self._target = target
        self._entries: dict[str, TraceEntry] = {}
        self._diagnostics: list[Diagnostic] = []
        self._visited: set[tuple[str, str | None]] = set()

    def run(self) -> Trace:
        with contextlib.suppress(_TooMuch):
            self._root()
            self._ignore_files()
        return Trace(tuple(sorted(self._entries.values(), key=_by_path)), tuple(self._diagnostics))

    def _root(self) -> None:
        if self._target.renderer is RendererKind.HELM:
            self._refuse("targets of the renderer helm are not supported yet", *self._where())
            return
        try:
            place = follow(self._tree, self._target.path)
        except Unrenderable as error:
            self._refuse(f"the path {self._target.path!r} {error.message}", *self._where())
            return
        self._record_links(place)
        if place.entry is None:
            self._record(place.path, TraceKind.ABSENT)
            self._refuse(f"the directory {self._target.path!r} does not exist", *self._where())
        elif place.entry.kind is not EntryKind.TREE:
            self._record_file(place.path, place.entry)
            self._refuse(f"{self._target.path!r} is a file, not a directory", *self._where())
        elif self._target.renderer is RendererKind.PLAIN:
            self._scan(place.path)
        else:
            self._kustomize(place.path)

    def _kustomize(self, root: str) -> None:
        if self._artifact and not any(self._tree.entry(_below(root, name)) for name in KUSTOMIZATION_FILES):
            for name in KUSTOMIZATION_FILES:
                self._record(_below(root, name), TraceKind.ABSENT)
            self._scan(root)
        else:
            self._directory(root, _Site(self._where()[0] or "", root, ()))
        if self._target.overlay and not self._target.unknown_because:
            file, line = self._where()
            overlay = read_fields(OVERLAY, dict(self._target.overlay))
            for problem in overlay.problems:
                self._refuse(f"{problem.field}: {problem.reason}", file, line)
            optional = self._target.overlay.get("ignoreMissingComponents") is True
            for reference in overlay.references:
                self._reference(reference, _Site(file or "", root, (root,)), optional=optional)

    def _scan(self, directory: str) -> None:
        """A directory without a kustomization, file by file."""
        is_plain = self._target.renderer is RendererKind.PLAIN
        scan, use = (scan_plain, Use.FILE) if is_plain else (scan_for_flux, Use.RESOURCE)
        try:
            for found in scan(self._tree, directory):
                match found:
                    case Listed(path, digest):
                        self._add(TraceEntry(path, TraceKind.LISTING, "040000", digest))
                    case Resource(path):
                        below = path[len(directory) + 1 :] if directory else path
                        site = _Site(path, directory, (directory,))
                        self._reference(Reference(path, use, f"./{below}"), site)
        except Unrenderable as error:
            self._refuse(error.message, *self._where())

    def _ignore_files(self) -> None:
        """`.sourceignore` files decide what is there: each of them that could hide something that was looked at."""
        if self._artifact is None:
            return
        listed = {entry.path for entry in self._entries.values() if entry.kind is TraceKind.LISTING}
        directories = listed.union(*(_above(entry.path) for entry in self._entries.values()))
        for directory in directories:
            path = _below(directory, SOURCE_IGNORE)
            entry = self._artifact.repository.entry(path)
            if entry is None:
                self._record(path, TraceKind.ABSENT)
            elif entry.kind is EntryKind.BLOB:
                self._record_file(path, entry)

    def _directory(self, directory: str, site: _Site) -> None:
        """A directory with a kustomization, named at `site`."""
        if any(known == directory or _is_below(known, directory) for known in site.chain):
            self._refuse(f"{directory or 'the root'} refers back to itself: a cycle", site.file)
            return
        if (directory, site.plugins_for) in self._visited:
            return
        self._visited.add((directory, site.plugins_for))
        if len(site.chain) > MAX_DEPTH:
            self._refuse(f"kustomizations refer to one another more than {MAX_DEPTH} deep", site.file)
            return
        file = self._kustomization_file(directory, site.file)
        if file is None:
            return
        contents = self._read(file, kustomizations)
        self._problems(contents, file)
        inside = _Site(file, directory, (*site.chain, directory), site.plugins_for)
        if inside.plugins_for is not None and contents.fields - PLUGIN_DIRECTORY:
            field = min(contents.fields - PLUGIN_DIRECTORY)
            self._refuse(f"{field}: a directory of plugin configurations may only list resources", file)
            return
        for reference in contents.references:
            seen = reference if inside.plugins_for is None else replace(reference, use=Use.PLUGIN)
            self._reference(seen, inside)

    def _kustomization_file(self, directory: str, said_by: str) -> str | None:
        """The one file, with links resolved. All three names are looked for, as kustomize does."""
        present: list[tuple[str, Place]] = []
        for name in KUSTOMIZATION_FILES:
            path = _below(directory, name)
            try:
                place = follow(self._tree, path)
            except Unrenderable as error:
                self._refuse(error.message, path)
                return None
            self._record_links(place)
            if place.entry is None:
                self._record(path, TraceKind.ABSENT)
            elif place.entry.kind is EntryKind.BLOB:
                self._record_file(place.path, place.entry)
                present.append((path, place))
        if len(present) > 1:
            self._refuse(f"{directory or 'the root'} has more than one kustomization file", present[1][0])
        elif not present:
            self._refuse(f"{directory or 'the root'} has no kustomization file", said_by or self._where()[0])
        else:
            return present[0][1].path
        return None

    def _reference(self, reference: Reference, site: _Site, *, optional: bool = False) -> None:
        try:
            place = follow(self._tree, join(site.base, reference.text))
        except Unrenderable as error:
            self._refuse_reference(reference, error.message, site.file)
            return
        self._record_links(place)
        if place.entry is None:
            self._record(place.path, TraceKind.ABSENT)
            if not optional:
                self._refuse_reference(reference, self._why_absent(place.path), site.file)
        elif place.entry.kind is EntryKind.TREE:
            self._into_directory(reference, place.path, site)
        elif reference.use is Use.COMPONENT:
            self._refuse_reference(reference, "is a file; a component is a directory", site.file)
        else:
            self._record_file(place.path, place.entry)
            if reference.use is Use.PLUGIN:
                self._plugin_file(place.path, site)

    def _into_directory(self, reference: Reference, directory: str, site: _Site) -> None:
        match reference.use:
            case Use.RESOURCE | Use.COMPONENT:
                self._directory(directory, site)
            case Use.PLUGIN:
                outer = site.base if site.plugins_for is None else site.plugins_for
                self._directory(directory, replace(site, plugins_for=outer))
            case _:
                self._refuse_reference(reference, "is a directory, where a file is needed", site.file)

    def _plugin_file(self, file: str, site: _Site) -> None:
        """What a plugin names is relative to the kustomization that uses it, wherever its configuration lies."""
        base = site.base if site.plugins_for is None else site.plugins_for
        if (file, base) in self._visited:
            return
        self._visited.add((file, base))
        contents = self._read(file, plugin_files)
        self._problems(contents, file)
        for reference in contents.references:
            self._reference(reference, _Site(file, base, site.chain))

    def _read(self, file: str, memo: Memo) -> Contents:
        entry = self._tree.entry(file)
        assert entry is not None
        try:
            return memo.contents(entry.id, lambda: self._tree.read(file))
        except UnreadableFile as error:
            return Contents(problems=(Problem("", error.message),))

    def _problems(self, contents: Contents, file: str) -> None:
        for problem in contents.problems:
            sentence = f"{problem.field}: {problem.reason}" if problem.field else problem.reason
            self._refuse(sentence, file, problem.line or self._line(file, problem.quote))

    def _why_absent(self, path: str) -> str:
        hidden = self._artifact.why_hidden(path) if self._artifact else ""
        return f"does not exist ({hidden or path})"

    def _where(self) -> tuple[str | None, int | None]:
        return self._target.origin.file, self._target.origin.line

    def _refuse_reference(self, reference: Reference, reason: str, file: str) -> None:
        sentence = f"{reference.field}: {reference.text[:200]!r} {reason}"
        self._refuse(sentence, file, self._line(file, reference.text))

    def _line(self, file: str, text: str) -> int | None:
        """The first line that holds the text: a guess, but one that nearly always points at the field."""
        if not (file and text) or self._is_full:
            return None
        try:
            data = self._tree.read(file)
        except UnreadableFile:
            return None
        at = data.find(text.encode("utf-8", "surrogateescape"))
        return data.count(b"\n", 0, at) + 1 if at >= 0 else None

    @property
    def _is_full(self) -> bool:
        return len(self._diagnostics) >= MAX_DIAGNOSTICS

    def _refuse(self, message: str, file: str | None = None, line: int | None = None) -> None:
        """One error more, up to a number that people read; the walk goes on, so that the entries stay complete."""
        if not self._is_full:
            self._diagnostics.append(Diagnostic(Severity.ERROR, message, file or None, line))

    def _record(self, path: str, kind: TraceKind) -> None:
        self._add(TraceEntry(path, kind, "", ""))

    def _record_file(self, path: str, entry: TreeEntry) -> None:
        self._add(TraceEntry(path, TraceKind.FILE, entry.mode, entry.id))

    def _record_links(self, place: Place) -> None:
        for path, entry in place.links:
            self._add(TraceEntry(path, TraceKind.LINK, entry.mode, entry.id))

    def _add(self, entry: TraceEntry) -> None:
        self._entries[f"{entry.kind.value}:{entry.path}"] = entry
        if len(self._entries) > MAX_ENTRIES:
            # What was not looked at could be anything: such a target has the key of its whole tree.
            self._entries["tree"] = TraceEntry("", TraceKind.LISTING, "040000", self._tree.id)
            self._diagnostics = self._diagnostics[: MAX_DIAGNOSTICS - 1]
            self._refuse(f"reads more than {MAX_ENTRIES} files", *self._where())
            raise _TooMuch


def _by_path(entry: TraceEntry) -> tuple[str, str]:
    return entry.path, entry.kind.value


def _below(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _above(path: str) -> list[str]:
    found = []
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found


def _is_below(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")
