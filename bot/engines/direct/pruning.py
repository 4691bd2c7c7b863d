"""The middle part of a delivery: what is declared no more goes, or stays with a reason.

Invariant: the set that is being deleted is in the record before its first object is deleted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.engines.direct import deletion
from bot.engines.direct.deletion import Rules
from bot.engines.direct.prune import PrunePlan
from bot.engines.direct.session import Session
from bot.kube.clock import Clock
from bot.kube.record import Guarded, Note, bounded
from bot.model.delivery import ObjectResult, Outcome, Phase
from bot.model.objects import ObjectId

PATIENCE_S = 3.0
POLL_S = 0.2
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """`is_done`: nothing is left to delete. Otherwise the attempt's phase says why not, and this when to go on."""

    is_done: bool = False
    again_after_s: float | None = None


async def advance(session: Session, rules: Rules, clock: Clock, timeout_s: float) -> Progress:
    """Prune as far as it goes now, and save."""
    until_s = clock.monotonic() + PATIENCE_S
    while True:
        plan = await deletion.plan(session, rules)
        _note(session, plan)
        if plan.guard is not None:
            reason = f"{plan.guard.reason}; allow exactly this with --allow-prune {plan.guard.digest}"
            session.note(phase=Phase.BLOCKED, guard=Guarded.of(plan.guard), reason=reason)
            await session.save()
            return Progress()
        if not plan.delete and not plan.dying:
            session.note(phase=Phase.CHECKING, guard=None, reason="", since=clock.now())
            await session.save()
            return Progress(is_done=True)
        if await _delete(session, plan, clock):
            return Progress()
        if clock.monotonic() >= until_s:
            return await _come_back(session, plan, clock, timeout_s)
        await clock.sleep(POLL_S)


async def _delete(session: Session, plan: PrunePlan, clock: Clock) -> bool:
    """Delete a wave; True where something could not be deleted, which ends the attempt."""
    cleared = sorted({*session.attempt.cleared, *(d.key for d in plan.delete)})
    since = clock.now() if cleared != session.attempt.cleared else session.attempt.since
    session.note(phase=Phase.PRUNING, guard=None, reason="", cleared=cleared, since=since)
    if not plan.delete:
        return False
    await session.fence()
    refused = await deletion.carry_out(session, plan.delete, plan.dying)
    if not refused:
        return False
    _remember(session, refused)
    session.conclude(Phase.FAILED, clock.now(), reason=f"{refused[0].id} {refused[0].message}")
    await session.save()
    return True


async def _come_back(session: Session, plan: PrunePlan, clock: Clock, timeout_s: float) -> Progress:
    waited_s = (clock.now() - session.attempt.since).total_seconds()
    if waited_s <= timeout_s:
        await session.save()
        return Progress(again_after_s=AGAIN_S)
    stuck = ", ".join(str(identity) for identity in plan.dying[:3]) or "objects"
    reason = f"{stuck} still being deleted after {timeout_s:.0f} s; do their finalizers still have somebody to serve them?"
    session.conclude(Phase.FAILED, clock.now(), reason=reason)
    await session.save()
    return Progress()


def _note(session: Session, plan: PrunePlan) -> None:
    """Take out of the inventory what is gone or no longer ours, and say what became of it."""
    dropped = {*plan.gone, *(kept.id for kept in plan.kept if not kept.stays_ours)}
    entries = {identity: entry for identity, entry in session.entries.items() if identity not in dropped}
    asked = {key.rpartition(" ")[0] for key in session.attempt.cleared}
    results = [ObjectResult(identity, Outcome.PRUNED) for identity in plan.gone if str(identity) in asked]
    results += [ObjectResult(kept.id, Outcome.KEPT, message=kept.reason) for kept in plan.kept]
    session.note(entries)
    _remember(session, results)


def _remember(session: Session, results: Iterable[ObjectResult]) -> None:
    """Add to the attempt's results; a later word on an object replaces the earlier one."""
    said: dict[ObjectId, ObjectResult] = {note.id: note.result() for note in session.attempt.results}
    said |= {result.id: result for result in results}
    notes: list[Note]
    notes, omitted = bounded(list(said.values()))
    session.note(results=notes, omitted=omitted + session.attempt.omitted)
