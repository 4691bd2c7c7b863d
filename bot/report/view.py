"""What in a plan a reader should see first, and what is the same in many places.

Plain functions of a plan, for every surface alike. The invariant: nothing that changes is lost, it is only gathered.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from bot.model.danger import Loss, loss_of
from bot.model.objects import ObjectId
from bot.model.plan import Action, FieldOp, ObjectChange, Plan, TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import TargetId

MAX_MESSAGES = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Targets to which exactly the same happens. `changes` are those of the first; where the targets differ in
    nothing but the namespace, `one_namespace` is false and the namespace stands for nothing.
    """

    targets: tuple[TargetPlan, ...]
    one_namespace: bool

    @property
    def first(self) -> TargetPlan:
        return self.targets[0]

    @property
    def changes(self) -> tuple[ObjectChange, ...]:
        return self.first.changes


@dataclass(frozen=True, slots=True)
class Danger:
    """A deletion that takes more with it than the object; `is_kept` where nothing prunes it from the cluster."""

    loss: Loss
    id: ObjectId
    targets: tuple[TargetId, ...]
    is_kept: bool


@dataclass(frozen=True, slots=True)
class ImageChange:
    old: str
    new: str
    targets: tuple[TargetId, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """One diagnostic and the targets that it was made about, none for a remark on the change as a whole."""

    diagnostic: Diagnostic
    targets: tuple[TargetId, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Targets that cannot be rendered for the same reasons; `more` reasons were not carried along."""

    targets: tuple[TargetId, ...]
    reasons: tuple[Diagnostic, ...]
    more: int


def groups(plan: Plan) -> tuple[Group, ...]:
    """Every target with changes of its objects, gathered by what happens, in the plan's order."""
    alike: dict[bytes, list[TargetPlan]] = defaultdict(list)
    for target in plan.targets:
        if target.changes and target.status is not TargetStatus.UNKNOWN:
            alike[_fingerprint(target)].append(target)
    return tuple(Group(tuple(targets), _share_namespaces(targets)) for targets in alike.values())


def dangers(plan: Plan) -> tuple[Danger, ...]:
    found: dict[tuple[ObjectId, bool], list[TargetId]] = defaultdict(list)
    for target in plan.targets:
        for change in target.changes:
            if change.action is Action.REMOVED and loss_of(change.id):
                found[change.id, not target.target.prune].append(target.target.id)
    order = list(Loss)
    listed = [
        Danger(loss, id_, tuple(targets), is_kept)
        for (id_, is_kept), targets in found.items()
        if (loss := loss_of(id_))
    ]
    return tuple(sorted(listed, key=lambda d: (d.is_kept, order.index(d.loss), d.id)))


def images(plan: Plan) -> tuple[ImageChange, ...]:
    found: dict[tuple[str, str], dict[TargetId, None]] = defaultdict(dict)
    for target in plan.targets:
        for change in target.changes:
            for old, new in _images(change):
                found[old, new][target.target.id] = None
    return tuple(ImageChange(old, new, tuple(where)) for (old, new), where in sorted(found.items()))


def unknowns(plan: Plan) -> tuple[Unknown, ...]:
    return _for_reasons(plan.with_status(TargetStatus.UNKNOWN))


def standing(plan: Plan) -> tuple[Unknown, ...]:
    """Targets that cannot be rendered and that this change does not touch: worth a line, and not more."""
    return _for_reasons(target for target in plan.targets if _is_standing(target))


def own_diagnostics(plan: Plan) -> Iterator[tuple[TargetPlan, Diagnostic]]:
    """What is said of targets, but for what was so before and stays so."""
    for target in plan.targets:
        if not _is_standing(target):
            yield from ((target, diagnostic) for diagnostic in target.diagnostics)


def _is_standing(target: TargetPlan) -> bool:
    return target.status is TargetStatus.UNCHANGED and target.head_digest is None and bool(target.diagnostics)


def _for_reasons(targets: Iterable[TargetPlan]) -> tuple[Unknown, ...]:
    """Gathered by what is wrong, wherever it is: the place is told where it is one place."""
    alike: dict[tuple[str, ...], dict[TargetId, tuple[Diagnostic, ...]]] = defaultdict(dict)
    for target in targets:
        errors = tuple(d for d in target.diagnostics if d.severity is Severity.ERROR)
        reasons = errors or target.diagnostics
        alike[tuple(d.message for d in reasons)][target.target.id] = reasons
    return tuple(
        Unknown(
            tuple(found),
            tuple(map(_in_common, *found.values()))[:MAX_MESSAGES],
            max(0, len(messages) - MAX_MESSAGES),
        )
        for messages, found in alike.items()
    )


def _in_common(first: Diagnostic, *others: Diagnostic) -> Diagnostic:
    if all((d.file, d.line) == (first.file, first.line) for d in others):
        return first
    return replace(first, file=None, line=None)


def remarks(plan: Plan) -> tuple[Remark, ...]:
    """Diagnostics other than the reasons of unknown targets, worst first, each said once."""
    found: dict[Diagnostic, dict[TargetId, None]] = {d: {} for d in plan.diagnostics}
    for target, diagnostic in own_diagnostics(plan):
        told = target.status is TargetStatus.UNKNOWN
        has_errors = any(d.severity is Severity.ERROR for d in target.diagnostics)
        if not told or (has_errors and diagnostic.severity is not Severity.ERROR):
            found.setdefault(diagnostic, {})[target.target.id] = None
    order = list(Severity)
    listed = (Remark(diagnostic, tuple(targets)) for diagnostic, targets in found.items())
    return tuple(sorted(listed, key=lambda r: order.index(r.diagnostic.severity)))


def _images(change: ObjectChange) -> Iterable[tuple[str, str]]:
    for field in change.fields:
        is_image = field.op is FieldOp.REPLACE and field.path.endswith(".image")
        if is_image and isinstance(field.old, str) and isinstance(field.new, str):
            yield field.old, field.new


def _fingerprint(target: TargetPlan) -> bytes:
    seen = hashlib.sha256(f"{target.status} {target.target.prune}".encode())
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
        )
        seen.update(
            repr(shape).encode(errors="surrogatepass") + msgspec.json.encode(c.fields, order="sorted")
        )
    return seen.digest()


def _share_namespaces(targets: list[TargetPlan]) -> bool:
    first = [c.id.namespace for c in targets[0].changes]
    return all([c.id.namespace for c in target.changes] == first for target in targets[1:])
