"""Why something is not known, and what is to be remarked, each said once.

The invariant: an unknown target has its reasons, and with them what is known of it all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from bot.model.plan import FieldChange, Plan, TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import TargetId

MAX_MESSAGES = 5
_FEW = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """One diagnostic and the targets that it was made about, none for a remark on the change as a whole."""

    diagnostic: Diagnostic
    targets: tuple[TargetId, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """Unknown targets in whose declarations the same changes."""

    targets: tuple[TargetId, ...]
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Targets that cannot be rendered for the same reasons; `more` reasons were not carried along.

    `declared` is what is known of them all the same, gathered by what it is.
    """

    targets: tuple[TargetId, ...]
    reasons: tuple[Diagnostic, ...]
    more: int
    declared: tuple[Declared, ...] = ()


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
    alike: dict[tuple[str, ...], list[TargetPlan]] = defaultdict(list)
    for target in targets:
        alike[tuple(d.message for d in _reasons(target))].append(target)
    return tuple(
        Unknown(
            tuple(t.target.id for t in found),
            tuple(map(_in_common, *map(_reasons, found)))[:MAX_MESSAGES],
            max(0, len(messages) - MAX_MESSAGES),
            _declared(found),
        )
        for messages, found in alike.items()
    )


def _reasons(target: TargetPlan) -> tuple[Diagnostic, ...]:
    errors = tuple(d for d in target.diagnostics if d.severity is Severity.ERROR)
    return errors or target.diagnostics


def _declared(targets: Sequence[TargetPlan]) -> tuple[Declared, ...]:
    alike: dict[bytes, list[TargetPlan]] = defaultdict(list)
    for target in targets:
        if target.declared:
            alike[msgspec.json.encode(target.declared, order="sorted")].append(target)
    return tuple(Declared(tuple(t.target.id for t in found), found[0].declared) for found in alike.values())


def _in_common(first: Diagnostic, *others: Diagnostic) -> Diagnostic:
    if all((d.file, d.line) == (first.file, first.line) for d in others):
        return first
    return replace(first, file=None, line=None)


def errors(plan: Plan) -> tuple[Diagnostic, ...]:
    """What is wrong, though it is rendered: a file that declares targets, a secret that lies open, an object that a
    project forbids. What keeps a target from being rendered is a reason of `unknowns`.
    """
    of_targets = (d for t, d in own_diagnostics(plan) if t.status is not TargetStatus.UNKNOWN)
    found = (d for d in (*plan.diagnostics, *of_targets) if d.severity is Severity.ERROR)
    return tuple(dict.fromkeys(found))


def remarks(plan: Plan) -> tuple[Remark, ...]:
    """Diagnostics other than `errors` and the reasons of unknown targets, worst first, each said once."""
    found: dict[Diagnostic, dict[TargetId, None]] = {
        d: {} for d in plan.diagnostics if d.severity is not Severity.ERROR
    }
    for target, diagnostic in own_diagnostics(plan):
        is_known = target.status is not TargetStatus.UNKNOWN
        has_errors = any(d.severity is Severity.ERROR for d in target.diagnostics)
        if diagnostic.severity is not Severity.ERROR and (is_known or has_errors):
            found.setdefault(diagnostic, {})[target.target.id] = None
    order = list(Severity)
    listed = [Remark(diagnostic, tuple(targets)) for diagnostic, targets in found.items()]
    declared = ((t.target.id, t.target.flux or t.target.argocd) for t in plan.targets)
    subjects = {name: f"{settings.ref} " for name, settings in declared if settings is not None}
    return tuple(sorted(_alike(listed, subjects), key=lambda r: order.index(r.diagnostic.severity)))


def _alike(listed: Sequence[Remark], subjects: Mapping[TargetId, str]) -> Iterator[Remark]:
    """The very same said of many objects, each by its name, is said once."""
    groups: dict[tuple[Severity, str], list[Remark]] = defaultdict(list)
    for remark in listed:
        subject = subjects.get(remark.targets[0], "") if len(remark.targets) == 1 else ""
        said = remark.diagnostic.message
        sentence = said.removeprefix(subject) if subject else ""
        groups[remark.diagnostic.severity, sentence if sentence != said else ""].append(remark)
    for (severity, sentence), group in groups.items():
        if not sentence or len(group) < _FEW:
            yield from group
            continue
        first = group[0].diagnostic.message.removesuffix(f" {sentence}")
        message = f"{first} and {len(group) - 1} more, each: {sentence}"
        yield Remark(Diagnostic(severity, message), tuple(t for remark in group for t in remark.targets))
