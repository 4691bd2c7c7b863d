"""The check on our own cleverness: render everything on both sides by brute force, and compare the verdicts.

Nothing is shared with the plan but the comparison itself: no content key, no trace, no cache, and the renderer sees
the whole tree. A disagreement is a bug of ours, never of the repository.
"""

from dataclasses import dataclass

from bot.git.repository import Repository
from bot.model.manifests import canonical_json
from bot.model.plan import ObjectChange, Plan, TargetPlan, TargetStatus
from bot.model.target import TargetId
from bot.planning.expansion import Finding
from bot.planning.plan import look, make_plan
from bot.planning.renderings import Renderings


@dataclass(frozen=True, slots=True)
class Disagreement:
    target: TargetId
    planned: str
    rendered: str


@dataclass(frozen=True, slots=True)
class Verification:
    """`unknown` counts targets that neither way can render: they agree, and prove nothing."""

    checked: int
    unknown: int
    disagreements: tuple[Disagreement, ...]


async def verify(
    repository: Repository, plan: Plan, finding: Finding, exhaustive: Renderings
) -> Verification:
    """Plan the same change again the slow way, with renderings that skip nothing and share nothing."""
    change = await look(repository, plan.base, plan.head, finding, exhaustive)
    slow = {p.target.id: p for p in (await make_plan(change, exhaustive)).targets}
    quick = {p.target.id: p for p in plan.targets}
    disagreements = [
        found
        for name in sorted(slow.keys() | quick.keys())
        if (found := _disagreement(name, quick.get(name), slow.get(name)))
    ]
    unknown = sum(p.status is TargetStatus.UNKNOWN for p in slow.values())
    return Verification(len(slow) - unknown, unknown, tuple(disagreements))


def _disagreement(name: TargetId, quick: TargetPlan | None, slow: TargetPlan | None) -> Disagreement | None:
    if _essence(quick) == _essence(slow):
        return None
    if quick and slow and quick.status is TargetStatus.UNCHANGED and slow.status is TargetStatus.UNKNOWN:
        # Equal keys are unchanged even where nothing can render them; brute force can only say that it cannot.
        return None
    planned, rendered = _verdict(quick), _verdict(slow)
    return Disagreement(
        name, planned, rendered if rendered != planned else f"{rendered}, with other values in these fields"
    )


def _essence(plan: TargetPlan | None) -> object:
    """All that counts of a verdict, in an order that does not depend on who made it."""
    if plan is None or plan.status is TargetStatus.UNKNOWN:
        return plan and plan.status
    changes = sorted((c.id, c.action, c.old_name or "", _fields(c)) for c in plan.changes)
    return plan.status, changes


def _fields(change: ObjectChange) -> list[str]:
    return sorted(repr((f.path, f.op.value, canonical_json([f.old, f.new]))) for f in change.fields)


def _verdict(plan: TargetPlan | None) -> str:
    if plan is None:
        return "not found"
    if plan.status is TargetStatus.UNKNOWN:
        return "unknown"
    return f"{plan.status.value}: " + ("; ".join(map(_shown, plan.changes)) or "no object differs")


def _shown(change: ObjectChange) -> str:
    fields = ", ".join(sorted(f"{field.op.value} {field.path}" for field in change.fields))
    return f"{change.action.value} {change.id}{f' ({fields})' if fields else ''}"
