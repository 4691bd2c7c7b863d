"""What has to be settled before a merge, for a thread that somebody resolves."""

from collections.abc import Sequence

from bot.forge.reports import Annotation
from bot.model.rendering import Severity
from bot.report.templates import fill

MAX_SHOWN = 100


def errors(annotations: Sequence[Annotation]) -> tuple[Annotation, ...]:
    """Those that are worth a thread."""
    return tuple(one for one in annotations if one.severity is Severity.ERROR)


def findings_thread(found: Sequence[Annotation]) -> str:
    return fill(
        "findings.md.j2", found=found[:MAX_SHOWN], count=len(found), more=max(0, len(found) - MAX_SHOWN)
    )
