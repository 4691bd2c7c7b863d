"""Where remarks on a rendering stand: a rendering serves all targets of its key, whoever declares them, and where."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.model.rendering import Diagnostic, Rendering, Severity
from bot.model.target import Target
from bot.planning.expansion import Traced
from bot.planning.fetched import Fetched


def placeless(made: Rendering, target: Target) -> Rendering:
    """Without the place of whoever declares the target: others of the same key are declared elsewhere."""
    origin = target.origin.file, target.origin.line
    remarks = (
        replace(d, file=None, line=None) if (d.file, d.line) == origin else d for d in made.diagnostics
    )
    return replace(made, diagnostics=tuple(remarks))


def of_now(made: Iterable[Diagnostic], traced: Traced) -> Iterator[Diagnostic]:
    """Remarks on whoever declares the target, with its file and line of now."""
    origin = traced.target.origin
    told = {(d.severity, d.message): d for d in traced.trace.diagnostics if d.file == origin.file}
    placed = (d if d.file else replace(d, file=origin.file, line=origin.line) for d in made)
    return (told.get((found.severity, found.message), found) for found in placed)


def of_fetched(fetched: Fetched, target: Target) -> tuple[Diagnostic, ...]:
    """What is to be said of what was fetched for a target, at whoever declares it."""
    file, line = target.origin.file, target.origin.line
    return tuple(Diagnostic(Severity.WARNING, remark, file, line) for remark in fetched.remarks)
