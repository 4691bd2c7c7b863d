"""What people should know of an object of Argo CD that can be rendered all the same."""

from collections.abc import Iterator
from itertools import islice

from bot.discover.argocd.application import sources_of
from bot.discover.argocd.context import ArgoContext
from bot.discover.argocd.objects import Identity, is_application
from bot.discover.argocd.specs import APPLICATION
from bot.discover.flux.objects import Spec
from bot.discover.objects import DeclaredObject, Malformed
from bot.discover.schema import unread
from bot.model.rendering import Diagnostic, Severity

_SHOWN = 3
_Remark = tuple[Severity, str]


def notices(found: DeclaredObject, context: ArgoContext) -> tuple[Diagnostic, ...]:
    """Remarks about one Application, for the plan as a whole. Empty where it has no name."""
    try:
        identity = Identity.of(found.manifest)
    except Malformed:
        return ()
    if not is_application(found.manifest):
        return ()
    return tuple(
        Diagnostic(severity, f"{identity.ref} {sentence}", found.file, found.line)
        for severity, sentence in _remarks(found, context)
    )


def _remarks(found: DeclaredObject, context: ArgoContext) -> Iterator[_Remark]:
    spec = Spec.of(found.manifest, APPLICATION)
    if spec.written and spec.written.get("project") is None:
        yield Severity.WARNING, "has no spec.project: a cluster refuses it"
    yield from _unknown_fields(spec)
    for source in sources_of(spec, context):
        yield from ((Severity.NOTICE, remark) for remark in source.place.remarks)


def _unknown_fields(spec: Spec) -> Iterator[_Remark]:
    # NB: each is compared with what there is, and a hostile object may have a hundred thousand.
    names = list(islice(unread(spec.written, APPLICATION, "spec"), _SHOWN + 1))
    if names:
        more = " and more" if len(names) > _SHOWN else ""
        are = "is no field" if len(names) == 1 else "are no fields"
        yield (
            Severity.WARNING,
            f"has {', '.join(names[:_SHOWN])}{more}, which {are} that Longshore knows: a cluster throws it away",
        )
