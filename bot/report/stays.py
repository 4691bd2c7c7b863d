"""What is declared no more and stays in the cluster all the same.

Flux deletes nothing of a Kustomization that does not prune, and nothing of one that goes and orphans. What itself stays
in the cluster, because what delivered it does not prune, keeps all that it has delivered. Argo CD deletes nothing that
it does not prune, and with an Application only where its finalizer says so.
"""

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum

from bot.model.plan import Action, ObjectChange, Plan, TargetPlan, TargetStatus
from bot.model.target import Found, TargetId

_ARGOCD = "argoproj.io"
_CONTROLLERS = (".toolkit.fluxcd.io", _ARGOCD)
_ORPHAN, _MIRROR = "Orphan", "MirrorPrune"
_Place = tuple[str, str, str, str]
"""An object of a controller on one cluster: cluster, kind, namespace, name."""


class Stay(StrEnum):
    """Why."""

    NO_PRUNING = "no-pruning"
    ORPHANED = "orphaned"
    NO_FINALIZER = "no-finalizer"
    """Argo CD deletes the Application and nothing else."""
    OWNER_STAYS = "owner-stays"
    """The object that has it delivered is not deleted either."""
    BY_HAND = "by-hand"
    """Somebody applied the Application by hand, and nothing but a person deletes it."""


def staying(plan: Plan) -> dict[TargetId, Stay]:
    """The targets of which nothing is deleted from the cluster, whatever they declare no more."""
    found = {t.target.id: stay for t in plan.targets if (stay := _own(t)) is not None}
    removed_by: dict[_Place, list[TargetId]] = defaultdict(list)
    for target in plan.targets:
        for change in target.changes:
            if change.action is Action.REMOVED and change.id.group.endswith(_CONTROLLERS):
                removed_by[place(target, change)].append(target.target.id)
    found |= dict.fromkeys(_applied_by_hand(plan, removed_by), Stay.BY_HAND)
    gone = [t for t in plan.with_status(TargetStatus.REMOVED) if t.target.id not in found]
    is_growing = True
    while is_growing:
        below = [t for t in gone if _is_below(t, removed_by, found)]
        is_growing = bool(below)
        found |= dict.fromkeys((t.target.id for t in below), Stay.OWNER_STAYS)
        gone = [t for t in gone if t.target.id not in found]
    return found


def _applied_by_hand(plan: Plan, removed_by: Mapping[_Place, list[TargetId]]) -> list[TargetId]:
    """Applications and ApplicationSets that go although nothing that is delivered declared them."""
    return [
        t.target.id
        for t in plan.with_status(TargetStatus.REMOVED)
        if t.target.argocd is not None and _declared_as(t) not in removed_by
    ]


def leaving_behind(plan: Plan) -> frozenset[_Place]:
    """The objects of controllers that go, while what was delivered for them stays."""
    return frozenset(
        where
        for t in plan.with_status(TargetStatus.REMOVED)
        if _own(t) is not None and (where := _declared_as(t)) is not None
    )


def place(target: TargetPlan, change: ObjectChange) -> _Place:
    return (_home(target, change.id.group), change.id.kind, change.id.namespace, change.id.name)


def _home(target: TargetPlan, group: str) -> str:
    """Applications lie beside Argo CD, wherever what they deliver goes to: their names tell them apart."""
    return "" if group == _ARGOCD else target.target.id.cluster


def _own(planned: TargetPlan) -> Stay | None:
    """By what the target says of itself; its deletion policy counts once the target itself goes."""
    target = planned.target
    if target.argocd is not None and planned.status is TargetStatus.REMOVED:
        # What a set generated goes with it, whatever its finalizers are.
        is_set = target.origin.found is Found.ARGOCD_APPLICATION_SET
        return None if is_set or target.argocd.deletes_objects else Stay.NO_FINALIZER
    policy = target.flux.deletion_policy if target.flux is not None else ""
    if planned.status is TargetStatus.REMOVED and policy not in {"", _MIRROR}:
        return Stay.ORPHANED if policy == _ORPHAN else None
    return None if target.prune else Stay.NO_PRUNING


def _is_below(
    target: TargetPlan, removed_by: Mapping[_Place, list[TargetId]], found: Mapping[TargetId, Stay]
) -> bool:
    where = _declared_as(target)
    owners = removed_by.get(where, []) if where is not None else []
    return bool(owners) and all(owner in found for owner in owners)


def _declared_as(planned: TargetPlan) -> _Place | None:
    flux, argocd = planned.target.flux, planned.target.argocd
    if argocd is not None:
        return ("", argocd.ref.kind, argocd.ref.namespace, argocd.ref.name)
    if flux is None:
        return None
    return (planned.target.id.cluster, flux.ref.kind, flux.ref.namespace, flux.ref.name)
