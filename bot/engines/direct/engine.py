"""The direct engine: a target's delivery as a recipe, one short step at a time.

Invariant: everything a step needs to go on is in the cluster, so that any worker can take any step, and doing a step
twice does no more than doing it once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.engines.base import Admits, Order, Step
from bot.engines.claims import Claims
from bot.engines.direct import applying, checking, pruning
from bot.engines.direct.deletion import Rules
from bot.engines.direct.options import Options
from bot.engines.direct.prepare import prepare
from bot.engines.direct.session import Session, opened
from bot.engines.direct.standing import told
from bot.engines.whole import NotWhole, require_whole
from bot.errors import Temporary, UserError
from bot.kube import parent as parents
from bot.kube.applyset import Parent
from bot.kube.client import KubeClient
from bot.kube.errors import BadConnection, Unauthorized, Unreachable
from bot.kube.lease import Holder
from bot.kube.parent import Identity
from bot.kube.record import Attempt, Record
from bot.model.delivery import Phase, TargetDelivery
from bot.model.objects import Digest, ObjectId
from bot.model.repo import Sha
from bot.model.target import TargetId

UNREACHABLE_AGAIN_S = 30.0
TEMPORARY_AGAIN_S = 5.0
REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Removal:
    """A target that its branch declares no more: everything it had is to go, under the guards of any prune."""

    identity: Identity
    revision: Sha
    claims: Claims
    admits: Admits
    environment: str = ""
    timeout_s: float = 300.0
    attempt: str = ""


class DirectEngine:
    """One cluster's engine. `holder` is this process; one for its life."""

    def __init__(self, client: KubeClient, holder: Holder, options: Options | None = None) -> None:
        self._client = client
        self._holder = holder
        self._options = options or Options()

    async def step(self, order: Order) -> Step:
        """Bring the delivery closer to its end. With phase PRUNING and nothing to wait for, it waits for `prune`."""
        return _refused(order) or await self._answered(order, lambda: self._step(order))

    async def prune(self, order: Order) -> Step:
        """Go on from PRUNING, or from BLOCKED after somebody allowed the deletion. Anything else stays as it is."""
        return _refused(order) or await self._answered(order, lambda: self._prune(order))

    async def remove(self, removal: Removal) -> Step:
        """Delete what a vanished target had, then its parent."""
        return await self._answered(removal, lambda: self._remove(removal))

    async def _step(self, order: Order) -> Step:
        if (step := await self._glance(order)) is not None:
            return step
        async with opened(self._client, self._identity(order), self._holder) as session:
            self._begin(session, order, Phase.APPLYING)
            match session.attempt.phase:
                case Phase.APPLYING:
                    return await applying.advance(session, order, self._holder.clock, self._options)
                case Phase.CHECKING:
                    prepared = await prepare(order, session.client, session.identity.parent)
                    return await checking.check(session, order, self._holder.clock, prepared.wanted)
                case _:
                    return Step(told(session.record, order.target.id, order.target.environment))

    async def _glance(self, order: Order) -> Step | None:
        """The answer where none has to be written: polling costs the cluster no lease. None: there is work to do."""
        identity = self._identity(order)
        held = await parents.read(self._client, identity.parent)
        if held is None or not _is_of(held.record, order) or held.record.attempt is None:
            return None
        match held.record.attempt.phase:
            case Phase.APPLYING:
                return None
            case Phase.CHECKING:
                prepared = await prepare(order, self._client, identity.parent)
                place = (self._client, identity.parent)
                return await checking.glance(place, held.record, order, self._holder.clock, prepared.wanted)
            case _:
                return Step(told(held.record, order.target.id, order.target.environment))

    async def _prune(self, order: Order) -> Step:
        target = order.target
        async with opened(self._client, self._identity(order), self._holder) as session:
            if not _may_prune(session.record, order):
                return Step(told(session.record, target.id, target.environment))
            prepared = await prepare(order, session.client, session.identity.parent)
            if prepared.failures:
                # What cannot be placed is missing from `wanted`, and would look like something to delete.
                return await applying.fail(session, order, self._holder.clock, prepared.failures)
            if not target.prune:
                applying.forget(session, prepared.wanted)
                return await checking.check(session, order, self._holder.clock, prepared.wanted)
            rules = self._rules(order, declared=frozenset(prepared.wanted))
            progress = await pruning.advance(session, rules, self._holder.clock, target.timeout_s)
            if progress.is_done:
                return await checking.check(session, order, self._holder.clock, prepared.wanted)
            return Step(told(session.record, target.id, target.environment), progress.again_after_s)

    async def _remove(self, removal: Removal) -> Step:
        identity = removal.identity
        if await parents.read(self._client, identity.parent) is None:
            gone = TargetDelivery(
                identity.target, removal.environment, removal.revision, Phase.DELIVERED, reason=REMOVED
            )
            return Step(gone)
        async with opened(self._client, identity, self._holder) as session:
            self._begin(session, removal, Phase.PRUNING)
            if session.attempt.phase is Phase.FAILED:
                return Step(told(session.record, identity.target, removal.environment))
            rules = self._rules(removal, declared=frozenset())
            progress = await pruning.advance(session, rules, self._holder.clock, removal.timeout_s)
            if progress.is_done and session.entries:
                return await self._left_over(session, removal)
            if progress.is_done:
                await session.remove()
                session.note(phase=Phase.DELIVERED, reason=REMOVED)
            return Step(told(session.record, identity.target, removal.environment), progress.again_after_s)

    async def _left_over(self, session: Session, removal: Removal) -> Step:
        """Something had to be kept that is still ours: the parent stays, and the next push asks again."""
        session.note(phase=Phase.BLOCKED, reason=f"{len(session.entries)} objects had to be kept")
        await session.save()
        return Step(told(session.record, removal.identity.target, removal.environment))

    def _begin(self, session: Session, work: Order | Removal, phase: Phase) -> None:
        if not _is_of(session.record, work):
            now = self._holder.clock.now()
            session.begin(Attempt(work.revision, _digest(work), work.attempt, now, now, phase))

    def _rules(self, work: Order | Removal, *, declared: frozenset[ObjectId]) -> Rules:
        return Rules(
            work.claims,
            work.admits,
            self._options.field_manager,
            self._options.limits,
            declared,
            vanished=isinstance(work, Removal),
        )

    def _identity(self, order: Order) -> Identity:
        parent = Parent.of(order.source.repo, order.target.id, self._options.state_namespace)
        return Identity(parent, order.source, order.target.id)

    async def _answered(self, work: Order | Removal, act: Callable[[], Awaitable[Step]]) -> Step:
        """Act, and turn what went wrong beyond single objects into a step that says so."""
        blank = TargetDelivery(*_whose(work), work.revision, Phase.WAITING, _digest_or_none(work))
        try:
            return await act()
        except Unreachable as error:
            return Step(_because(blank, str(error), Phase.UNKNOWN), UNREACHABLE_AGAIN_S)
        except (BadConnection, Unauthorized) as error:
            return Step(_because(blank, str(error), Phase.UNKNOWN))
        except Temporary as error:
            return Step(_because(blank, str(error)), error.retry_after_s or TEMPORARY_AGAIN_S)
        except UserError as error:
            return Step(_because(blank, str(error), Phase.FAILED))


def _is_of(record: Record, work: Order | Removal) -> bool:
    """Whether the attempt in the record is this very one."""
    attempt = record.attempt
    if attempt is None:
        return False
    return (attempt.revision, attempt.digest, attempt.token) == (work.revision, _digest(work), work.attempt)


def _may_prune(record: Record, order: Order) -> bool:
    attempt = record.attempt
    return attempt is not None and _is_of(record, order) and attempt.phase in {Phase.PRUNING, Phase.BLOCKED}


def _refused(order: Order) -> Step | None:
    """The answer to an order whose rendering is not whole; no cluster is asked for it."""
    try:
        require_whole(order.rendering)
    except NotWhole as error:
        unknown = TargetDelivery(*_whose(order), order.revision, Phase.UNKNOWN)
        return Step(_because(unknown, str(error)))
    return None


def _digest(work: Order | Removal) -> str:
    return work.masked.digest if isinstance(work, Order) else REMOVED


def _digest_or_none(work: Order | Removal) -> Digest | None:
    return work.masked.digest if isinstance(work, Order) else None


def _whose(work: Order | Removal) -> tuple[TargetId, str]:
    if isinstance(work, Order):
        return work.target.id, work.target.environment
    return work.identity.target, work.environment


def _because(delivery: TargetDelivery, reason: str, phase: Phase | None = None) -> TargetDelivery:
    return replace(delivery, reason=reason, phase=phase or delivery.phase)
