"""Objects that change hands between two targets of one cluster.

Such an object is neither deleted nor created: it stays where it is and another target answers for it. The invariant:
a move is said on both sides or on neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.diff.fields import compare_fields
from bot.model.objects import Object, ObjectId
from bot.model.plan import Action, ObjectChange
from bot.model.rendering import MaskedRendering
from bot.model.target import TargetId


@dataclass(frozen=True, slots=True)
class Comparison:
    """One target's two sides and what `compare` found between them."""

    target: TargetId
    base: MaskedRendering | None
    head: MaskedRendering | None
    changes: tuple[ObjectChange, ...]


def match_across(comparisons: Sequence[Comparison]) -> dict[TargetId, tuple[ObjectChange, ...]]:
    """The changes of every target, with what moved between two targets of one cluster said as a move.

    What the new owner declares differently is on its side. Without a known cluster nothing is taken for one.
    """
    changes = {c.target: {change.id: change for change in c.changes} for c in comparisons}
    removed = _by_place(comparisons, Action.REMOVED)
    added = _by_place(comparisons, Action.ADDED)
    places = removed.keys() & added.keys()
    givers, takers = {removed[place] for place in places}, {added[place] for place in places}
    old = {c.target: _objects(c.base) for c in comparisons if c.target in givers}
    new = {c.target: _objects(c.head) for c in comparisons if c.target in takers}
    for place in places:
        giver, taker, (_, id_) = removed[place], added[place], place
        given, taken = changes[giver][id_], changes[taker][id_]
        fields = compare_fields(old[giver][id_].manifest, new[taker][id_].manifest)
        changes[giver][id_] = replace(given, action=Action.MOVED, to_target=taker.name)
        changes[taker][id_] = replace(taken, action=Action.MOVED, fields=fields, from_target=giver.name)
    return {target: tuple(found.values()) for target, found in changes.items()}


def _by_place(comparisons: Sequence[Comparison], action: Action) -> dict[tuple[str, ObjectId], TargetId]:
    """The first target, by name, that does this to the object of this cluster."""
    places: dict[tuple[str, ObjectId], TargetId] = {}
    for comparison in sorted(comparisons, key=lambda c: c.target):
        if comparison.target.cluster:
            for change in comparison.changes:
                if change.action is action:
                    places.setdefault((comparison.target.cluster, change.id), comparison.target)
    return places


def _objects(rendering: MaskedRendering | None) -> dict[ObjectId, Object]:
    return {} if rendering is None else {o.id: o for o in rendering.objects}
