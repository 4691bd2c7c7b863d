"""What a walk writes down: everything that will be read, and every reason not to render."""

from collections.abc import Callable

from bot.model.rendering import Diagnostic, Severity, TraceEntry, TraceKind
from bot.model.tree import TreeEntry, TreeReader, UnreadableFile
from bot.render.contents import Contents, Reference
from bot.render.ground import Ground, Site
from bot.render.paths import Place

MAX_ENTRIES = 20_000
MAX_DIAGNOSTICS = 30


def whole_tree(tree: TreeReader) -> TraceEntry:
    """For what may be read and is not known: any change of the tree is one of it."""
    return TraceEntry("", TraceKind.LISTING, "040000", tree.id)


class TooMuch(Exception):
    """The walk stops here; the diagnostic is written already."""


class Notes:
    """`too_much` says what to write where there is more than a walk may read. `has_functions` is set where a kustomization
    asks for what is not built into kustomize, and everything that it reads by itself was walked through.
    """

    def __init__(self, too_much: Callable[[int], tuple[TraceEntry, Diagnostic]]) -> None:
        self._entries: dict[str, TraceEntry] = {}
        self._diagnostics: list[Diagnostic] = []
        self._too_much = too_much
        self.has_functions = False

    @property
    def entries(self) -> tuple[TraceEntry, ...]:
        return tuple(sorted(self._entries.values(), key=lambda entry: (entry.path, entry.kind.value)))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return tuple(self._diagnostics)

    @property
    def is_full(self) -> bool:
        return len(self._diagnostics) >= MAX_DIAGNOSTICS

    def refuse(self, message: str, file: str | None = None, line: int | None = None) -> None:
        """One error more, up to a number that people read; the walk goes on, so that the entries stay complete."""
        self._say(Diagnostic(Severity.ERROR, message, file or None, line))

    def warn(self, message: str, file: str | None = None, line: int | None = None) -> None:
        self._say(Diagnostic(Severity.WARNING, message, file or None, line))

    def refuse_in(self, message: str, ground: Ground, file: str | None, line: int | None = None) -> None:
        """An error in a file of the ground's tree, shown at the place of our own repository that led there."""
        if ground.prefix:
            place = f"{file}:{line}" if line else file
            self.refuse(f"in {ground.name}, {place}: {message}", ground.file, ground.line)
        else:
            self.refuse(message, file, line)

    def refuse_reference(self, reference: Reference, reason: str, site: Site) -> None:
        sentence = f"{reference.field}: {reference.text[:200]!r} {reason}"
        self.refuse_in(sentence, site.ground, site.file, self.line(site.ground, site.file, reference.text))

    def problems(self, contents: Contents, ground: Ground, file: str) -> None:
        for problem in contents.problems:
            sentence = f"{problem.field}: {problem.reason}" if problem.field else problem.reason
            self.refuse_in(sentence, ground, file, problem.line or self.line(ground, file, problem.quote))
            if problem.reads_more:
                self.has_functions = True
                self._entries["tree"] = whole_tree(ground.tree)

    def line(self, ground: Ground, file: str, text: str) -> int | None:
        """The first line that holds the text: a guess, but one that nearly always points at the field."""
        if not (file and text) or self.is_full:
            return None
        try:
            data = ground.tree.read(file)
        except UnreadableFile:
            return None
        at = data.find(text.encode("utf-8", "surrogateescape"))
        return data.count(b"\n", 0, at) + 1 if at >= 0 else None

    def record(self, path: str, kind: TraceKind) -> None:
        self.add(TraceEntry(path, kind, "", ""))

    def record_file(self, path: str, entry: TreeEntry) -> None:
        self.add(TraceEntry(path, TraceKind.FILE, entry.mode, entry.id))

    def links(self, ground: Ground, place: Place) -> None:
        for path, entry in place.links:
            self.add(TraceEntry(ground.path(path), TraceKind.LINK, entry.mode, entry.id))

    def add(self, entry: TraceEntry, about: str = "") -> None:
        """`about` keeps apart what else is written of the same path. Raises `TooMuch`."""
        self._entries[f"{about}{entry.kind.value}:{entry.path}"] = entry
        if len(self._entries) > MAX_ENTRIES:
            self.has_functions = False
            whole, why = self._too_much(MAX_ENTRIES)
            self._entries["tree"] = whole
            self._diagnostics = [*self._diagnostics[: MAX_DIAGNOSTICS - 1], why]
            raise TooMuch

    def _say(self, diagnostic: Diagnostic) -> None:
        if not self.is_full:
            self._diagnostics.append(diagnostic)
