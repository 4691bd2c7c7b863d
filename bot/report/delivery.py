"""A delivery as comment, check and deployment status: where each target stands, what failed, and how to go on.

The invariant: every failure carries its own advice and every stop its own way out; nothing is half-hidden behind a
count.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from bot.forge.base import TextLimit
from bot.forge.reports import Conclusion, DeploymentState
from bot.model.delivery import Failure, Health, ObjectHealth, ObjectResult, Outcome, Phase, TargetDelivery
from bot.report import outcomes, phrases
from bot.report.check import CheckLimits, CheckWords
from bot.report.context import DeliveryContext
from bot.report.escape import one_line
from bot.report.ladder import Rung, fitting
from bot.report.templates import fill

MAX_DESCRIPTION_CHARS = 140
"""What forges take for the description of a deployment's status."""

_TROUBLE = (Phase.FAILED, Phase.UNKNOWN, Phase.BLOCKED)
_ORDER = (
    *_TROUBLE,
    Phase.WAITING,
    Phase.APPLYING,
    Phase.PRUNING,
    Phase.CHECKING,
    Phase.DELIVERED,
    Phase.HANDED_OVER,
)
"""The worst first, then the least advanced: the first of them there speaks for all."""

_DONE = (Outcome.CREATED, Outcome.CONFIGURED, Outcome.PRUNED)


@dataclass(frozen=True, slots=True)
class DeploymentWords:
    state: DeploymentState
    description: str


@dataclass(frozen=True, slots=True)
class _Row:
    icon: str
    name: str
    cluster: str
    state: str


@dataclass(frozen=True, slots=True)
class _Section:
    """One target that has more to tell than its row."""

    delivery: TargetDelivery
    icon: str
    failures: tuple[ObjectResult, ...]
    more_failures: int
    advice: tuple[str, ...]
    waiting: tuple[ObjectHealth, ...]
    more_waiting: int
    kept: tuple[ObjectResult, ...]
    more_kept: int
    way_out: str
    command: str


def delivery_comment(
    deliveries: Sequence[TargetDelivery], context: DeliveryContext, limit: TextLimit | None = None
) -> str:
    return _page("delivery.md.j2", deliveries, context, limit)


def delivery_check(
    deliveries: Sequence[TargetDelivery], context: DeliveryContext, limits: CheckLimits
) -> CheckWords:
    """Running until every target has come to an end; blocked asks for action; failed and unknown are failures."""
    did = any(result.outcome in _DONE for delivery in deliveries for result in delivery.results)
    return CheckWords(
        _conclusion({d.phase for d in deliveries}),
        title=delivery_verdict(deliveries),
        summary=_page("delivery.md.j2", deliveries, context, limits.summary),
        text=_page("delivery_objects.md.j2", deliveries, context, limits.text) if did else "",
    )


def deployment_words(deliveries: Sequence[TargetDelivery]) -> DeploymentWords:
    """The targets of one environment, in one line. A controller's own deliveries are not ours to call a success."""
    ours = [d for d in deliveries if d.phase is not Phase.HANDED_OVER]
    phases = {d.phase for d in ours}
    words = one_line(delivery_verdict(ours or deliveries), MAX_DESCRIPTION_CHARS)
    return DeploymentWords(_deployment_state(phases), words)


def delivery_verdict(deliveries: Sequence[TargetDelivery]) -> str:
    """`2 of 3 targets delivered, 1 failed`: holds no text of others."""
    if not deliveries:
        return "No targets to deliver to"
    total = phrases.count(len(deliveries), "target")
    counts = {phase: sum(d.phase is phase for d in deliveries) for phase in _ORDER}
    there = [(number, outcomes.PHASES[phase][1]) for phase, number in counts.items() if number]
    if len(there) == 1:
        return f"{total} {there[0][1]}"
    return f"{total}: {', '.join(f'{number:,} {words}' for number, words in there)}"


def _conclusion(phases: set[Phase]) -> Conclusion | None:
    if not all(phase.is_final for phase in phases):
        return None
    if phases & {Phase.FAILED, Phase.UNKNOWN}:
        return Conclusion.FAILURE
    if Phase.BLOCKED in phases:
        return Conclusion.ACTION_REQUIRED
    return Conclusion.SUCCESS if Phase.DELIVERED in phases else Conclusion.NEUTRAL


def _deployment_state(phases: set[Phase]) -> DeploymentState:
    if not phases:
        return DeploymentState.INACTIVE
    if Phase.FAILED in phases:
        return DeploymentState.FAILURE
    if Phase.UNKNOWN in phases:
        return DeploymentState.ERROR
    if phases <= {Phase.WAITING, Phase.BLOCKED}:
        return DeploymentState.QUEUED
    return DeploymentState.SUCCESS if phases == {Phase.DELIVERED} else DeploymentState.RUNNING


def _page(
    template: str, deliveries: Sequence[TargetDelivery], context: DeliveryContext, limit: TextLimit | None
) -> str:
    return fitting(lambda rung, _: fill(template, **_values(deliveries, context, rung)), limit)


def _values(deliveries: Sequence[TargetDelivery], context: DeliveryContext, rung: Rung) -> dict[str, Any]:
    ordered = sorted(deliveries, key=lambda d: (d.phase not in _TROUBLE, d.target))
    told = [d for d in ordered if _has_more_to_tell(d)]
    did = [d for d in ordered if any(r.outcome in _DONE for r in d.results)]
    return {
        "context": context,
        "rung": rung,
        "Rung": Rung,
        "icon": outcomes.PHASES[_leading(deliveries)][0] if deliveries else "✅",
        "verdict": delivery_verdict(deliveries),
        "rows": [_row(d) for d in ordered[: rung.rows]],
        "more_rows": max(0, len(ordered) - rung.rows),
        "sections": [_section(d, context, rung) for d in told[: rung.rows]],
        "more_sections": max(0, len(told) - rung.rows),
        "did": [_done(d, rung) for d in did[: rung.rows]],
        "message_chars": rung.message_chars,
        "running": not all(d.phase.is_final for d in deliveries),
        "pulls": context.pulls[:20],
        "more_pulls": max(0, len(context.pulls) - 20),
        "took": "" if context.duration_s is None else phrases.seconds(context.duration_s),
        "outcomes": outcomes.OUTCOMES,
        "failures": outcomes.FAILURES,
        "healths": outcomes.HEALTHS,
    }


def _leading(deliveries: Sequence[TargetDelivery]) -> Phase:
    phases = {d.phase for d in deliveries}
    return next(phase for phase in _ORDER if phase in phases)


def _row(delivery: TargetDelivery) -> _Row:
    icon, words = outcomes.PHASES[delivery.phase]
    counted = (
        (Outcome.CREATED, "+"),
        (Outcome.CONFIGURED, "~"),
        (Outcome.PRUNED, "-"),
        (Outcome.UNCHANGED, "="),
        (Outcome.FAILED, "✗"),
    )
    objects = " ".join(
        f"{sign}{number:,}" for outcome, sign in counted if (number := delivery.count(outcome))
    )
    said = " · ".join(
        word for word in (words if delivery.phase is not Phase.DELIVERED else "", objects) if word
    )
    return _Row(icon, delivery.target.name, delivery.target.cluster, said or words)


def _has_more_to_tell(delivery: TargetDelivery) -> bool:
    return bool(
        delivery.reason
        or delivery.guard
        or delivery.count(Outcome.FAILED)
        or delivery.count(Outcome.KEPT)
        or _not_ready(delivery)
    )


def _section(delivery: TargetDelivery, context: DeliveryContext, rung: Rung) -> _Section:
    shown = {Rung.FULL: 50, Rung.SHORT: 20, Rung.FIELDS: 10, Rung.OBJECTS: 5}.get(rung, 2)
    failed = tuple(r for r in delivery.results if r.outcome is Outcome.FAILED)
    kept = tuple(r for r in delivery.results if r.outcome is Outcome.KEPT)
    waiting = _not_ready(delivery)
    reasons = dict.fromkeys(r.failure or Failure.OTHER for r in failed)
    way_out, command = _way_out(delivery, context)
    return _Section(
        delivery,
        icon=outcomes.PHASES[delivery.phase][0],
        failures=failed[:shown],
        more_failures=max(0, len(failed) - shown),
        advice=tuple(outcomes.ADVICE[failure] for failure in reasons),
        waiting=waiting[:shown],
        more_waiting=max(0, len(waiting) - shown),
        kept=kept[:shown],
        more_kept=max(0, len(kept) - shown),
        way_out=way_out,
        command=command,
    )


def _not_ready(delivery: TargetDelivery) -> tuple[ObjectHealth, ...]:
    """Failed before merely slow."""
    listed = (
        [h for h in delivery.health if h.health is Health.FAILED],
        [h for h in delivery.health if h.health not in {Health.FAILED, Health.CURRENT}],
    )
    return tuple(chain.from_iterable(listed))


def _way_out(delivery: TargetDelivery, context: DeliveryContext) -> tuple[str, str]:
    """Words, and the command that goes on. A branch may be called anything, and people paste this into a shell."""
    if delivery.guard is not None:
        way_out, option = outcomes.LET_GO, f"--allow-prune {shlex.quote(delivery.guard.digest)}"
    elif delivery.is_rewritten:
        way_out, option = outcomes.ACCEPT, f"--accept {shlex.quote(delivery.revision)}"
    elif delivery.phase is Phase.FAILED:
        way_out, option = outcomes.RETRY, "--retry"
    else:
        return "", ""
    return way_out, f"longshore deliver {shlex.quote(f'{context.repo}@{context.branch}')} {option}"


def _done(delivery: TargetDelivery, rung: Rung) -> dict[str, Any]:
    done = [r for r in delivery.results if r.outcome in _DONE]
    return {
        "delivery": delivery,
        "icon": outcomes.PHASES[delivery.phase][0],
        "objects": done[: rung.objects],
        "more": max(0, len(done) - rung.objects),
    }
