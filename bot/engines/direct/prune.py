"""What may be deleted, and what asks first.

Invariant: an object goes only when everything says that it is ours and that nobody wants it; each doubt keeps it, with
the reason. Pure: the whole decision is `decide`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.engines.base import Admits
from bot.engines.claims import Claims
from bot.engines.direct.ownership import is_ours
from bot.kube.applyset import PART_OF_LABEL
from bot.kube.fields import applied_by
from bot.kube.record import Entry
from bot.kube.resources import ObjectMeta
from bot.model.delivery import PruneGuard
from bot.model.objects import Digest, ObjectId

FAR_LESS = 0.5
FEW_OBJECTS = 5
_KEEP_MARKS = (
    ("longshore.dev/prune", "disabled"),
    ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
    ("helm.sh/resource-policy", "keep"),
)
_ARGO_OPTIONS = "argocd.argoproj.io/sync-options"
_PRECIOUS = {
    ("", "PersistentVolumeClaim"): "its volume may be deleted with it",
    ("", "PersistentVolume"): "its data may be deleted with it",
}


@dataclass(frozen=True, slots=True)
class Doomed:
    """An object to delete, and exactly which one: the uid goes along as a precondition."""

    id: ObjectId
    uid: str

    @property
    def key(self) -> str:
        return f"{self.id} {self.uid}"


@dataclass(frozen=True, slots=True)
class Kept:
    """An object that stays. `stays_ours`: it remains in the inventory, to be asked about again."""

    id: ObjectId
    reason: str
    stays_ours: bool


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """`dying` were asked to go already; `gone` are not there any more. With a guard nothing may be deleted."""

    delete: tuple[Doomed, ...] = ()
    kept: tuple[Kept, ...] = ()
    dying: tuple[ObjectId, ...] = ()
    gone: tuple[ObjectId, ...] = ()
    guard: PruneGuard | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """When losing objects asks first: more than this share of the inventory, and at least so many."""

    far_less: float = FAR_LESS
    few_objects: int = FEW_OBJECTS


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a prune is decided by.

    `leftovers` are the inventory's entries that the target declares no more, `live` what the cluster says of each
    (None: not there). `holds` says of an object what would go with it. `cleared` were let pass before.
    """

    leftovers: tuple[Entry, ...]
    live: Mapping[ObjectId, ObjectMeta | None]
    inventory_size: int
    declared: int
    applyset: str
    manager: str
    claims: Claims
    admits: Admits
    holds: Mapping[ObjectId, str] = field(default_factory=dict)
    allowed: Digest = Digest("")  # noqa: RUF009 - a NewType's call makes nothing
    cleared: frozenset[str] = frozenset()
    vanished: bool = False
    limits: Limits = Limits()


def decide(question: Question) -> PrunePlan:
    delete: list[Doomed] = []
    kept: list[Kept] = []
    dying: list[ObjectId] = []
    gone: list[ObjectId] = []
    for entry in question.leftovers:
        live = question.live[entry.id]
        if live is None:
            gone.append(entry.id)
        elif (reason := _why_kept(question, entry, live)) is not None:
            kept.append(reason)
        elif live.is_terminating:
            dying.append(entry.id)
        else:
            delete.append(Doomed(entry.id, live.uid))
    doomed = tuple(sorted(delete, key=lambda d: d.id))
    return PrunePlan(doomed, tuple(kept), tuple(dying), tuple(gone), _guard(question, doomed))


def _why_kept(question: Question, entry: Entry, live: ObjectMeta) -> Kept | None:
    """The first reason to leave an object alone; None when there is none."""
    identity = entry.id
    for reason in (
        _not_ours(question, entry, live),
        "asks to be kept" if _opted_out(live) else "",
    ):
        if reason:
            return Kept(identity, reason, stays_ours=False)
    for reason in (
        question.claims.why_not_gone(identity),
        ""
        if question.admits(identity, namespaced=bool(identity.namespace))
        else "is no longer covered by the operator's `allow` for this cluster",
    ):
        if reason:
            return Kept(identity, reason, stays_ours=True)
    return None


def _not_ours(question: Question, entry: Entry, live: ObjectMeta) -> str:
    """NB: operators copy labels to what they generate, so a label alone proves nothing.

    An entry without uid was announced and never confirmed (a crash): our label and our manager together say that the
    write happened, because nobody else writes as our manager.
    """
    if entry.uid and entry.uid != live.uid:
        return "was deleted and made again by somebody else"
    if not is_ours(live, question.applyset):
        moved_to = question.claims.members.get(live.label_map.get(PART_OF_LABEL, ""))
        return f"has moved to target {moved_to}" if moved_to else "no longer carries this target's label"
    if applied_by(live, question.manager) is None:
        return "is not managed by Longshore's field manager"
    if (controller := live.controller) is not None:
        return f"is controlled by {controller.kind} {controller.name}"
    return ""


def _opted_out(live: ObjectMeta) -> bool:
    if any(live.mark(key).lower() == value for key, value in _KEEP_MARKS):
        return True
    options = {option.strip().lower() for option in live.annotation_map.get(_ARGO_OPTIONS, "").split(",")}
    return bool(options & {"prune=false", "delete=false"})


def _guard(question: Question, doomed: tuple[Doomed, ...]) -> PruneGuard | None:
    if not doomed or {d.key for d in doomed} <= question.cleared:
        return None
    reason = _why_guarded(question, doomed)
    digest = guard_digest(doomed)
    if not reason or digest == question.allowed:
        return None
    return PruneGuard(digest, tuple(d.id for d in doomed), reason)


def _why_guarded(question: Question, doomed: tuple[Doomed, ...]) -> str:
    if not question.declared and not question.vanished:
        return f"the target renders nothing any more, and {len(doomed)} objects would be deleted"
    reasons = [f"{d.id} would be deleted: {held}" for d in doomed if (held := _held(question, d.id))]
    if reasons:
        more = f" (and {len(reasons) - 3} more)" if len(reasons) > 3 else ""
        return "; ".join(reasons[:3]) + more
    size, limits = max(question.inventory_size, 1), question.limits
    if len(doomed) >= limits.few_objects and len(doomed) / size > limits.far_less:
        return f"{len(doomed)} of {size} objects would be deleted"
    return ""


def _held(question: Question, identity: ObjectId) -> str:
    return question.holds.get(identity) or _PRECIOUS.get((identity.group, identity.kind), "")


def guard_digest(doomed: Iterable[Doomed]) -> Digest:
    """Names exactly this set of objects, uids included: a permission given for it fits no other."""
    lines = "\n".join(sorted(d.key for d in doomed))
    return Digest(f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}")
