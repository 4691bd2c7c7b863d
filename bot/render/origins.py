"""Where in the repository the files of a composed tree come from, so that people are shown what they can change."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from bot.model.rendering import Diagnostic, TraceEntry, TraceKind
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.composed import ComposedTree


def repository_files(tree: TreeReader, entries: Iterable[TraceEntry]) -> dict[str, tuple[str, ...]]:
    """The files of the repository at hand that those of a composed tree were made of; nothing for any other tree."""
    if not isinstance(tree, ComposedTree):
        return {}
    files = (entry.path for entry in entries if entry.kind is TraceKind.FILE)
    return {path: tuple(p.path for p in tree.places(path) if not p.source) for path in files}


def in_repository(
    diagnostics: Iterable[Diagnostic], tree: TreeReader, target: Target, known: Collection[Diagnostic] = ()
) -> tuple[Diagnostic, ...]:
    """Remarks on files of the tree, with the places where people can change them. Those `known` have theirs."""
    if not isinstance(tree, ComposedTree):
        return tuple(diagnostics)
    return tuple(found if found in known else _in_repository(found, tree, target) for found in diagnostics)


def _in_repository(found: Diagnostic, tree: ComposedTree, target: Target) -> Diagnostic:
    origin = target.origin
    if found.file is None or found.file == origin.file:
        return found
    places = tree.places(found.file)
    line = found.line if len(places) == 1 else None
    if places and not places[-1].source:
        return replace(found, file=places[-1].path, line=line)
    where = f"in {places[-1].source}, {places[-1].path}" if places else found.file
    message = f"{where}{f':{line}' if line else ''}: {found.message}"
    return Diagnostic(found.severity, message, origin.file, origin.line)
