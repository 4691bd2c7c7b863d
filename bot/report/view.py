"""What in a plan a reader should see first, and what is the same in many places.

Plain functions of a plan, for every surface alike. The invariant: nothing that changes is lost, it is only gathered.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from bot.model.danger import Loss, loss_of
from bot.model.objects import ObjectId
from bot.model.plan import (
    Action,
    Counts,
    FieldOp,
    ImageChange,
    MaterialChange,
    ObjectChange,
    Plan,
    TargetPlan,
    TargetStatus,
)
from bot.model.target import RendererKind, TargetId
from bot.report.stays import Stay, leaving_behind, place, staying

MAX_ALONE = 3
"""So many deletions of one kind are told one by one; more are gathered."""

STAMPS = {
    'metadata.labels["helm.sh/chart"]': "helm.sh/chart",
    'metadata.labels["app.kubernetes.io/version"]': "app.kubernetes.io/version",
}
"""Labels that every object of a chart has. In a workload's template they are another matter: its pods start anew."""
_RELEASE = ("helm.toolkit.fluxcd.io", "HelmRelease")


@dataclass(frozen=True, slots=True)
class Group:
    """Targets to which exactly the same happens, told by the first; where the targets differ in nothing but the
    namespace, `one_namespace` is false and the namespace stands for nothing. `stay` says why what is removed stays in
    the cluster, None where it is deleted.
    """

    targets: tuple[TargetPlan, ...]
    one_namespace: bool
    stay: Stay | None = None

    @property
    def first(self) -> TargetPlan:
        return self.targets[0]

    @property
    def lasting(self) -> tuple[tuple[ObjectChange, ...], ...]:
        """Changes of what is looked after once it is applied, but for those `stamped`; together where exactly the same
        fields change.
        """
        stamped = frozenset(change.id for change in self.stamped)
        alike: dict[bytes | ObjectId, list[ObjectChange]] = defaultdict(list)
        for change in self.first.changes:
            if not is_hook(self.first, change) and change.id not in stamped:
                alike[_what_changes(change) or change.id].append(change)
        return tuple(tuple(changes) for changes in alike.values())

    @property
    def stamped(self) -> tuple[ObjectChange, ...]:
        """Objects, if several, in which nothing changes but the same labels for the chart and its version."""
        alike: dict[bytes, list[ObjectChange]] = defaultdict(list)
        for change in self.first.changes:
            if _is_stamped(change) and not is_hook(self.first, change):
                alike[_what_changes(change)].append(change)
        most = max(alike.values(), key=len, default=[])
        return tuple(most) if len(most) > 1 else ()

    @property
    def counts(self) -> Counts:
        """Of one of the targets."""
        return counts(self.first, self.stay)

    @property
    def hooks(self) -> tuple[ObjectChange, ...]:
        return tuple(c for c in self.first.changes if is_hook(self.first, c))


@dataclass(frozen=True, slots=True)
class Danger:
    """Deletions of one kind that take more with them than the object; `stay` is set where they stay in the cluster."""

    loss: Loss
    ids: tuple[ObjectId, ...]
    targets: tuple[TargetId, ...]
    stay: Stay | None

    @property
    def is_kept(self) -> bool:
        """Whether nothing is lost: the object stays, or what was delivered for it."""
        return self.stay is not None or self.loss is Loss.LEFT


@dataclass(frozen=True, slots=True)
class ImageUse:
    change: ImageChange
    targets: tuple[TargetId, ...]


@dataclass(frozen=True, slots=True)
class MaterialUse:
    change: MaterialChange
    targets: tuple[TargetId, ...]


def groups(plan: Plan) -> tuple[Group, ...]:
    """Every target with changes of its objects, gathered by what happens, in the plan's order."""
    stays = staying(plan)
    alike: dict[tuple[bytes, Stay | None], list[TargetPlan]] = defaultdict(list)
    for target in plan.targets:
        if target.changes and target.status is not TargetStatus.UNKNOWN:
            alike[_fingerprint(target), stays.get(target.target.id)].append(target)
    return tuple(
        Group(tuple(targets), _share_namespaces(targets), stay) for (_, stay), targets in alike.items()
    )


def is_hook(target: TargetPlan, change: ObjectChange) -> bool:
    """Whether Helm runs the object at some moment, and does not look after it: elsewhere the annotation means nothing."""
    return bool(change.hook) and target.target.renderer is RendererKind.HELM


def counts(target: TargetPlan, stay: Stay | None) -> Counts:
    """What happens to its objects in the cluster; `stay` is why nothing of it is deleted."""
    counted = target.counts
    if stay is None:
        return counted
    left = sum(c.action is Action.REMOVED and not is_hook(target, c) for c in target.changes)
    return replace(counted, removed=counted.removed - left, left=left)


def plan_counts(plan: Plan) -> Counts:
    stays = staying(plan)
    return sum((counts(target, stays.get(target.target.id)) for target in plan.targets), Counts())


def dangers(plan: Plan) -> tuple[Danger, ...]:
    """Worst first; many of one kind are one, wherever they are."""
    stays, left = staying(plan), leaving_behind(plan)
    found: dict[tuple[ObjectId, Loss, Stay | None], list[TargetId]] = defaultdict(list)
    for target in plan.targets:
        stay = stays.get(target.target.id)
        for change in target.changes:
            # NB: Helm does not delete its hooks with a release, nor when a chart has them no more.
            is_deleted = change.action is Action.REMOVED and not is_hook(target, change)
            loss = loss_of(change.id) if is_deleted else None
            if loss is not None:
                is_left = loss is Loss.DELIVERED and stay is None and place(target, change) in left
                found[change.id, Loss.LEFT if is_left else loss, stay].append(target.target.id)
    alike: dict[tuple[Loss, str, str, Stay | None], list[ObjectId]] = defaultdict(list)
    for id_, loss, stay in found:
        alike[loss, id_.group, id_.kind, stay].append(id_)
    listed: list[Danger] = []
    for (loss, _, _, stay), ids in alike.items():
        for told in [tuple(sorted(ids))] if len(ids) > MAX_ALONE else [(id_,) for id_ in ids]:
            where = dict.fromkeys(target for id_ in told for target in found[id_, loss, stay])
            listed.append(Danger(loss, told, tuple(where), stay))
    order = list(Loss)
    return tuple(sorted(listed, key=lambda d: (d.is_kept, order.index(d.loss), d.ids)))


def images(plan: Plan) -> tuple[ImageUse, ...]:
    """Every image that becomes another, and where.

    Where values and what a chart makes of them name the same, the workload is the place.
    """
    found: dict[ImageChange, dict[TargetId, None]] = defaultdict(dict)
    given: list[tuple[ImageChange, TargetId]] = []
    for target in plan.targets:
        for change in target.changes:
            named = tuple(_images(change))
            is_release = (change.id.group, change.id.kind) == _RELEASE
            for image in () if is_release else named:
                found[image][target.target.id] = None
            given += [(i, target.target.id) for i in (*change.images, *(named if is_release else ()))]
    run = {(image, target.cluster) for image, where in found.items() for target in where}
    for image, target_id in given:
        if (image, target_id.cluster) not in run:
            found[image][target_id] = None
    return tuple(
        ImageUse(image, tuple(where))
        for image, where in sorted(found.items(), key=lambda item: (item[0].old, item[0].new))
    )


def materials(plan: Plan) -> tuple[MaterialUse, ...]:
    """Every chart and foreign source that becomes another, comes or goes, and for which targets."""
    found: dict[MaterialChange, list[TargetId]] = defaultdict(list)
    for target in plan.targets:
        for change in target.materials:
            found[change].append(target.target.id)
    listed = (MaterialUse(change, tuple(where)) for change, where in found.items())
    return tuple(sorted(listed, key=lambda use: _order(use.change)))


def made_anew(plan: Plan) -> tuple[TargetPlan, ...]:
    """Targets that are made of something else and are the same objects all the same."""
    same = plan.with_status(TargetStatus.UNCHANGED, TargetStatus.MOVED)
    return tuple(t for t in same if t.materials and not t.changes)


def _what_changes(change: ObjectChange) -> bytes:
    """Equal for objects that change alike; empty where that is not all there is to say of the object."""
    is_same = change.action is Action.CHANGED and change.old_name is None
    return msgspec.json.encode(change.fields, order="sorted") if is_same and change.fields else b""


def _is_stamped(change: ObjectChange) -> bool:
    is_label = all(f.path in STAMPS and f.op is FieldOp.REPLACE for f in change.fields)
    return is_label and bool(_what_changes(change))


def _images(change: ObjectChange) -> Iterator[ImageChange]:
    for field in change.fields:
        is_image = field.op is FieldOp.REPLACE and field.path.endswith(".image")
        if is_image and isinstance(field.old, str) and isinstance(field.new, str):
            yield ImageChange(field.old, field.new)


def _order(change: MaterialChange) -> tuple[str, ...]:
    sides = [(m.name, m.version, m.digest) if m else ("", "", "") for m in (change.new, change.old)]
    return (sides[0][0] or sides[1][0], *sides[1], *sides[0])


def _fingerprint(target: TargetPlan) -> bytes:
    seen = hashlib.sha256(str(target.status).encode())
    for c in target.changes:
        shape = (
            c.action,
            c.id.group,
            c.id.kind,
            c.id.name,
            c.api_version,
            c.old_name,
            c.from_target,
            c.to_target,
            is_hook(target, c),
        )
        seen.update(
            repr(shape).encode(errors="surrogatepass") + msgspec.json.encode(c.fields, order="sorted")
        )
    return seen.digest()


def _share_namespaces(targets: list[TargetPlan]) -> bool:
    first = [c.id.namespace for c in targets[0].changes]
    return all([c.id.namespace for c in target.changes] == first for target in targets[1:])
