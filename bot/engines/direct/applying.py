"""The first part of a delivery: apply the stages, one after the other is ready.

Invariant: what may pass is waited for no longer than the target's time-out, counted from what the record says, so that
a restart gives no extra time.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby

from bot.engines.base import Order, Step
from bot.engines.direct.apply import Stage, StageResult
from bot.engines.direct.checking import answer, check, is_late, listed
from bot.engines.direct.failures import failed
from bot.engines.direct.health import look_at
from bot.engines.direct.judge import Judge
from bot.engines.direct.options import Options
from bot.engines.direct.prepare import Wanted, prepare
from bot.engines.direct.session import Session
from bot.engines.direct.survey import Survey, survey
from bot.errors import Temporary
from bot.kube.clock import Clock
from bot.kube.errors import Conflict, Unreachable
from bot.kube.kstatus import needs_body
from bot.kube.lease import LeaseLost
from bot.kube.order import LAST_STAGE, stage
from bot.kube.record import bounded
from bot.kube.resources import ObjectMeta
from bot.model.delivery import Failure, Health, ObjectHealth, ObjectResult, Outcome, Phase
from bot.model.objects import ObjectId

PATIENCE_S = 3.0
POLL_S = 0.2
AGAIN_S = 2.0


async def advance(session: Session, order: Order, clock: Clock, options: Options) -> Step:
    """Apply what there is to apply; then hand over to pruning, or look at the health."""
    client, parent = session.client, session.identity.parent
    prepared = await prepare(order, client, parent)
    if prepared.failures:
        return await fail(session, order, clock, prepared.failures)
    wanted = prepared.wanted
    found = await survey(client, parent, [(item.resource, item.id) for item in wanted.values()])
    if found.forbidden:
        return await fail(session, order, clock, _forbidden(wanted.values(), found))
    judge = Judge(client, parent, options.field_manager, order.claims, order.takeover)
    trusts = session.record.server in {"", await client.version()}
    work = Stage(judge, session, clock, found.live, options.concurrency, trusts)
    for number, group in _stages(wanted.values()):
        try:
            result = await work.run(group)
        except (Conflict, LeaseLost, Unreachable):
            raise
        except Temporary as error:
            return await _come_back(session, order, clock, str(error))
        if not result.is_done:
            return await _stopped(session, order, clock, result)
        if number < LAST_STAGE and (unsettled := await _unsettled(session, clock, group)):
            return await _waiting(session, order, clock, unsettled)
    return await _applied(session, order, clock, wanted, found.live)


async def fail(session: Session, order: Order, clock: Clock, failures: Iterable[ObjectResult]) -> Step:
    """End the attempt with what was refused."""
    refused = list(failures)
    notes, omitted = bounded(refused)
    known = {note.id for note in notes}
    session.note(
        results=[*(n for n in session.attempt.results if n.id not in known), *notes], omitted=omitted
    )
    count = f"{len(refused)} object{'s were' if len(refused) > 1 else ' was'} refused"
    session.conclude(
        Phase.FAILED, clock.now(), reason=f"{count}; first {refused[0].id}: {refused[0].message}"
    )
    return await answer(session, order)


def forget(session: Session, wanted: Mapping[ObjectId, Wanted]) -> None:
    """Let go of what is declared no more, because the target does not prune."""
    entries = session.entries
    left = [
        ObjectResult(i, Outcome.KEPT, message="prune is off for this target")
        for i in entries
        if i not in wanted
    ]
    if left:
        notes, omitted = bounded(left)
        session.note({i: e for i, e in entries.items() if i in wanted}, results=notes, omitted=omitted)


def _forbidden(wanted: Iterable[Wanted], found: Survey) -> list[ObjectResult]:
    return [
        failed(item.id, Failure.FORBIDDEN, str(found.forbidden[item.resource]))
        for item in wanted
        if item.resource in found.forbidden
    ]


def _stages(wanted: Iterable[Wanted]) -> Iterable[tuple[int, list[Wanted]]]:
    ordered = sorted(wanted, key=lambda item: stage(item.id))
    return [(number, list(group)) for number, group in groupby(ordered, key=lambda item: stage(item.id))]


async def _applied(
    session: Session,
    order: Order,
    clock: Clock,
    wanted: Mapping[ObjectId, Wanted],
    seen: Mapping[ObjectId, ObjectMeta],
) -> Step:
    if order.target.prune and any(identity not in wanted for identity in session.entries):
        session.note(phase=Phase.PRUNING)
        return await answer(session, order)
    forget(session, wanted)
    return await check(session, order, clock, wanted, seen)


async def _stopped(session: Session, order: Order, clock: Clock, result: StageResult) -> Step:
    if result.failures:
        return await fail(session, order, clock, result.failures)
    if result.terminating:
        shown = ", ".join(str(identity) for identity in result.terminating[:3])
        return await _come_back(session, order, clock, f"waiting until {shown} is deleted, to make it anew")
    return await answer(session, order, 0.0, reason="more to write")


async def _unsettled(session: Session, clock: Clock, group: Iterable[Wanted]) -> list[ObjectHealth]:
    """What this attempt wrote in the stage and is not current yet, after a moment's patience."""
    entries = session.entries
    untouched = {"", Outcome.UNCHANGED.value}
    fresh = [w for w in group if entries[w.id].outcome not in untouched and needs_body(w.id.group, w.id.kind)]
    until_s = clock.monotonic() + PATIENCE_S
    while True:
        health = await look_at(session.client, fresh, clock.now())
        fresh_sick = [h for h in health if h.health is not Health.CURRENT]
        is_over = any(h.health is Health.FAILED for h in fresh_sick) or clock.monotonic() >= until_s
        if not fresh_sick or is_over:
            if any(w.id.kind == "CustomResourceDefinition" for w in fresh):
                session.client.discovery.invalidate()
            return fresh_sick
        await clock.sleep(POLL_S)


async def _waiting(session: Session, order: Order, clock: Clock, unsettled: list[ObjectHealth]) -> Step:
    broken = [h for h in unsettled if h.health is Health.FAILED]
    if broken:
        return await fail(session, order, clock, [failed(h.id, Failure.OTHER, h.message) for h in broken])
    return await _come_back(session, order, clock, f"waiting for {listed(unsettled)}")


async def _come_back(session: Session, order: Order, clock: Clock, reason: str) -> Step:
    if is_late(session.attempt, order, clock):
        session.conclude(
            Phase.FAILED, clock.now(), reason=f"gave up after {order.target.timeout_s:.0f} s: {reason}"
        )
        return await answer(session, order)
    return await answer(session, order, AGAIN_S, reason=reason)
