"""What a comparison of two renderings of a release does not show by itself."""

from collections.abc import Sequence

from bot.model.objects import ObjectId
from bot.model.plan import ObjectChange
from bot.model.rendering import Diagnostic, Hole, MaskedRendering, Severity
from bot.model.target import Target
from bot.render.helm.crds import not_applied


def as_applied(
    changes: Sequence[ObjectChange],
    target: Target,
    sides: tuple[MaskedRendering | None, MaskedRendering | None],
) -> tuple[tuple[ObjectChange, ...], tuple[Diagnostic, ...]]:
    """The changes without those of CRDs that Flux does not make, each of which is said instead."""
    release = target.release
    crds = frozenset[ObjectId]().union(*(side.chart_crds for side in sides if side is not None))
    if release is None or not crds:
        return tuple(changes), ()
    kept, said = [], []
    for change in changes:
        why = not_applied(release, change.action, is_new=sides[0] is None) if change.id in crds else ""
        if why:
            message = f"{change.id} is {change.action.value} in the chart, and not in the cluster: {why}"
            said.append(Diagnostic(Severity.NOTICE, message, target.origin.file, target.origin.line))
        else:
            kept.append(change)
    return tuple(kept), tuple(said)


def unseen(target: Target, old: MaskedRendering, new: MaskedRendering) -> tuple[Diagnostic, ...]:
    """Values that nobody here knows, that are others than before, and that no object shows."""
    before, after = _beyond_objects(old), _beyond_objects(new)
    return tuple(
        Diagnostic(
            Severity.WARNING,
            f"{hole.name} changes, and what that does is not known: {hole.reason}",
            target.origin.file,
            target.origin.line,
        )
        for place, hole in after.items()
        if place in before and before[place].version != hole.version
    )


def one_sided(
    target: Target, old: MaskedRendering | None, new: MaskedRendering | None
) -> tuple[Diagnostic, ...]:
    """Values that are known on one side only: what the other was rendered without would read as a change of it."""
    if old is None or new is None or old.failed or new.failed or target.release is None:
        return ()
    before, after = _beyond_objects(old), _beyond_objects(new)
    return tuple(
        Diagnostic(
            Severity.ERROR,
            f"{hole.name} is known only {side} this change, so what it does is not known: {hole.reason}",
            target.origin.file,
            target.origin.line,
        )
        for side, holes, others in (("after", before, after), ("before", after, before))
        for place, hole in holes.items()
        if place not in others
    )


def _beyond_objects(rendering: MaskedRendering) -> dict[tuple[ObjectId, str, str], Hole]:
    shown = frozenset(item.id for item in rendering.objects)
    return {
        (hole.object, hole.field, hole.name): hole for hole in rendering.holes if hole.object not in shown
    }
