"""Where in the repository the files of a composed tree come from, so that people are shown what they can change."""

from collections.abc import Iterable
from dataclasses import replace

from bot.model.rendering import Diagnostic, Trace, TraceEntry, TraceKind
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.composed import ComposedTree


def repository_files(tree: TreeReader, entries: Iterable[TraceEntry]) -> dict[str, tuple[str, ...]]:
    """The files of the repository at hand that those of a composed tree were made of; nothing for any other tree."""
    if not isinstance(tree, ComposedTree):
        return {}
    files = (entry.path for entry in entries if entry.kind is TraceKind.FILE)
    return {path: tuple(p.path for p in tree.places(path) if not p.source) for path in files}


def in_repository(diagnostics: Iterable[Diagnostic], target: Target, trace: Trace) -> tuple[Diagnostic, ...]:
    """Remarks on files of a composed tree, with the places where people can change them; others as they are."""
    if target.artifact is None:
        return tuple(diagnostics)
    return tuple(_in_repository(found, target, trace) for found in diagnostics)


def _in_repository(found: Diagnostic, target: Target, trace: Trace) -> Diagnostic:
    origin = target.origin
    if found.file is None or found.file == origin.file:
        return found
    places = trace.places.get(found.file, ())
    line = found.line if len(places) == 1 else None
    if places:
        return replace(found, file=places[-1], line=line)
    message = f"in its artifact, {found.file}{f':{found.line}' if found.line else ''}: {found.message}"
    return Diagnostic(found.severity, message, origin.file, origin.line)
