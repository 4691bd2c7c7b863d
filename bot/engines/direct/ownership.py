"""Whose object is it? Asked before anything of it is changed.

Invariant: an object that another engine, controller or ApplySet looks after is refused, by name, unless the target
says that it takes over. Pure.
"""

from collections.abc import Iterable

from bot.engines.claims import Claims
from bot.kube.applyset import PART_OF_LABELS
from bot.kube.errors import FieldConflict
from bot.kube.fields import is_taken_over
from bot.kube.resources import ObjectMeta
from bot.model.objects import Manifest, ObjectId

_FOREIGN_MARKS = {
    "kustomize.toolkit.fluxcd.io/name": "the Flux Kustomization",
    "helm.toolkit.fluxcd.io/name": "the Flux HelmRelease",
    "argocd.argoproj.io/tracking-id": "the Argo CD Application",
    "argocd.argoproj.io/instance": "the Argo CD Application",
    "meta.helm.sh/release-name": "the Helm release",
    "kapp.k14s.io/app": "the kapp app",
}


def owned_elsewhere(
    live: ObjectMeta, wanted: Manifest, identity: ObjectId, applyset: str, claims: Claims
) -> str:
    """Why this object is not ours to change, as the rest of a sentence about it; empty when it is."""
    if (controller := live.controller) is not None:
        return f"is controlled by {controller.kind} {controller.name}"
    for label in PART_OF_LABELS:
        set_id = live.label_map.get(label)
        if set_id and set_id != applyset and (reason := claims.why_not_movable(set_id, identity)):
            return reason
    declared = ObjectMeta.of(wanted)
    for mark, owner in _FOREIGN_MARKS.items():
        value = live.mark(mark)
        # A manifest exported from a cluster may carry the mark itself; then it says nothing about the live object.
        if value and value != declared.mark(mark):
            return f"belongs to {owner} {value}"
    return ""


def is_ours(live: ObjectMeta, applyset: str) -> bool:
    return any(live.label_map.get(label) == applyset for label in PART_OF_LABELS)


def opposing(conflict: FieldConflict, *, ours: bool) -> list[str]:
    """The managers among a conflict's that we do not override.

    kubectl's fields are taken over, as Flux does it. On an object of ours, Git also wins over whoever changed it by
    plain updates; another server-side apply is another tool that believes the object to be its own.
    """
    return [m for m in conflict.managers if not is_taken_over(m) and (not ours or m in conflict.appliers)]


def named(managers: Iterable[str]) -> str:
    return ", ".join(sorted(set(managers))) or "another manager"
