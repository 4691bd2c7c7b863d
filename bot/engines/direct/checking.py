"""The last part of a delivery: look whether all is well, and say what came of it.

Invariant: the time-out runs from when the record says that the waiting began, so that a restart gives no extra time.
"""

from collections.abc import Iterable, Mapping

from bot.engines.base import Order, Step
from bot.engines.direct.health import NOTHING_SEEN, look
from bot.engines.direct.prepare import Wanted
from bot.engines.direct.session import Session
from bot.engines.direct.standing import told
from bot.kube.applyset import Parent
from bot.kube.client import KubeClient
from bot.kube.clock import Clock
from bot.kube.record import MAX_NOTES, Attempt, Note, Record
from bot.kube.resources import ObjectMeta
from bot.model.delivery import Health, ObjectHealth, Phase
from bot.model.objects import ObjectId

SOONEST_AGAIN_S = 1.0
LATEST_AGAIN_S = 10.0


async def glance(
    place: tuple[KubeClient, Parent],
    record: Record,
    order: Order,
    clock: Clock,
    wanted: Mapping[ObjectId, Wanted],
) -> Step | None:
    """Look without a lease. None: something came of it, which `check` has to write down."""
    attempt = record.attempt
    if attempt is None or not order.target.wait or is_late(attempt, order, clock):
        return None
    health = await look(*place, wanted, clock.now())
    sick = _sick(health)
    if not sick or _failing(sick):
        return None
    target = order.target
    delivery = told(
        record, target.id, target.environment, health=health, reason=f"waiting for {listed(sick)}"
    )
    return Step(delivery, _pause_s(attempt, clock))


async def check(
    session: Session,
    order: Order,
    clock: Clock,
    wanted: Mapping[ObjectId, Wanted],
    seen: Mapping[ObjectId, ObjectMeta] = NOTHING_SEEN,
) -> Step:
    """Look once, and save: delivered, failed, or to be looked at again. `seen` as for `look`."""
    if session.attempt.phase is not Phase.CHECKING:
        session.note(phase=Phase.CHECKING, since=clock.now())
    parent = session.identity.parent
    health = await look(session.client, parent, wanted, clock.now(), seen) if order.target.wait else []
    sick = _sick(health)
    failing = _failing(sick)
    if failing or (sick and is_late(session.attempt, order, clock)):
        said = "failed" if failing else f"not healthy after {order.target.timeout_s:.0f} s"
        session.note(health=[Note.of_health(h) for h in sick[:MAX_NOTES]])
        session.conclude(Phase.FAILED, clock.now(), reason=f"{said}: {listed(failing or sick)}")
        return await answer(session, order, health=health)
    if sick:
        pause_s = _pause_s(session.attempt, clock)
        return await answer(session, order, pause_s, reason=f"waiting for {listed(sick)}", health=health)
    version = await session.client.version()
    key = order.content_key or ""
    session.delivered(clock.now(), content_key=key, healthy=order.target.wait, server=version)
    return await answer(session, order, health=health)


async def answer(
    session: Session,
    order: Order,
    again_after_s: float | None = None,
    *,
    reason: str = "",
    health: Iterable[ObjectHealth] | None = None,
) -> Step:
    """Save, and tell where the delivery stands."""
    await session.save()
    target = order.target
    delivery = told(session.record, target.id, target.environment, health=health, reason=reason)
    return Step(delivery, again_after_s)


def is_late(attempt: Attempt, order: Order, clock: Clock) -> bool:
    return _elapsed_s(attempt, clock) > order.target.timeout_s


def listed(health: list[ObjectHealth]) -> str:
    shown = ", ".join(f"{h.id} ({h.message or h.health.value})" for h in health[:3])
    return f"{shown} and {len(health) - 3} more" if len(health) > 3 else shown


def _sick(health: Iterable[ObjectHealth]) -> list[ObjectHealth]:
    return [h for h in health if h.health is not Health.CURRENT]


def _failing(sick: Iterable[ObjectHealth]) -> list[ObjectHealth]:
    return [h for h in sick if h.health is Health.FAILED]


def _pause_s(attempt: Attempt, clock: Clock) -> float:
    """The longer it takes, the less often it is worth a look."""
    return min(LATEST_AGAIN_S, max(SOONEST_AGAIN_S, _elapsed_s(attempt, clock) / 10))


def _elapsed_s(attempt: Attempt, clock: Clock) -> float:
    return (clock.now() - attempt.since).total_seconds()
