"""One stage of a delivery: judge everything in it, then write what differs.

Invariant: nothing of a stage is written while any object of it was refused, and nothing is written that is not in the
saved inventory already: a crash between two writes loses no object.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.aio import gather_bounded
from bot.engines.direct.fingerprint import Verdict, announced, confirmed, fingerprint, verdict
from bot.engines.direct.judge import Judge, Planned, judged, refused
from bot.engines.direct.prepare import Wanted
from bot.engines.direct.session import Session
from bot.errors import Temporary
from bot.kube.client import ApplyOptions
from bot.kube.clock import Clock
from bot.kube.errors import KubeError
from bot.kube.order import apply_batches
from bot.kube.record import Entry
from bot.kube.resources import ObjectMeta
from bot.model.delivery import ObjectResult, Outcome
from bot.model.objects import ObjectId

WRITE_BUDGET_S = 40.0
"""A step writes for this long at most, and goes on in the next one."""
CHUNK = 200


@dataclass(slots=True)
class StageResult:
    failures: list[ObjectResult] = field(default_factory=list)
    terminating: list[ObjectId] = field(default_factory=list)
    out_of_time: bool = False

    @property
    def is_done(self) -> bool:
        return not (self.failures or self.terminating or self.out_of_time)


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage works on. `live` is the survey; `trust_fingerprints` False judges every object anew."""

    judge: Judge
    session: Session
    clock: Clock
    live: Mapping[ObjectId, ObjectMeta]
    concurrency: int = 16
    trust_fingerprints: bool = True

    async def run(self, wanted: Iterable[Wanted]) -> StageResult:
        doubtful, result = self._sorted_out(list(wanted))
        if result.terminating:
            return result
        plans = await gather_bounded(self.concurrency, self._judge, doubtful)
        result.failures = [p for p in plans if isinstance(p, ObjectResult)]
        planned = [p for p in plans if isinstance(p, Planned)]
        self._settle([p for p in planned if p.live is not None])
        to_write = {p.wanted.id: p for p in planned if p.live is None}
        if not result.failures and to_write:
            await self._announce(to_write)
            await self._write_all(to_write, result)
        return result

    async def _judge(self, wanted: Wanted) -> Planned | ObjectResult:
        return await judged(self.judge, wanted, is_member=wanted.id in self.live)

    def _sorted_out(self, wanted: list[Wanted]) -> tuple[list[Wanted], StageResult]:
        """The objects to be judged. What is clean is settled at once."""
        result = StageResult()
        entries = self.session.entries
        doubtful = []
        for item in wanted:
            entry, live = entries.get(item.id), self.live.get(item.id)
            said = verdict(entry, live, item.rendered, self.judge.manager)
            if said is Verdict.TERMINATING:
                result.terminating.append(item.id)
            elif said is Verdict.CLEAN and entry is not None and self.trust_fingerprints:
                entries[item.id] = confirmed(entry, entry, Outcome.UNCHANGED)
            else:
                doubtful.append(item)
        self.session.note(entries)
        return doubtful, result

    def _settle(self, planned: list[Planned]) -> None:
        """The dry run says that these are as declared: remember them so."""
        entries = self.session.entries
        for plan in planned:
            if plan.live is not None:
                entries[plan.wanted.id] = self._entry(plan, plan.live, entries.get(plan.wanted.id))
        self.session.note(entries)

    async def _announce(self, plans: Mapping[ObjectId, Planned]) -> None:
        entries = self.session.entries
        for identity, plan in plans.items():
            entries[identity] = announced(entries.get(identity), identity, plan.outcome)
        self.session.note(entries)
        await self.session.fence()

    async def _write_all(self, plans: Mapping[ObjectId, Planned], result: StageResult) -> None:
        """Write in order; the results reach the record in memory as they come, and the caller saves it."""
        started_s = self.clock.monotonic()
        for batch in _chunked(apply_batches(plans)):
            if self.clock.monotonic() - started_s > WRITE_BUDGET_S:
                result.out_of_time = True
                return
            entries = self.session.entries
            pairs = [(plans[identity], entries.get(identity)) for identity in batch]
            written = await gather_bounded(self.concurrency, self._write, pairs)
            for identity, done in zip(batch, written, strict=True):
                if isinstance(done, ObjectResult):
                    result.failures.append(done)
                else:
                    entries[identity] = done
            self.session.note(entries)
            if result.failures:
                return

    async def _write(self, pair: tuple[Planned, Entry | None]) -> Entry | ObjectResult:
        plan, before = pair
        wanted, client = plan.wanted, self.session.client
        try:
            if plan.adoption:
                await client.patch(wanted.resource, wanted.id.namespace, wanted.id.name, plan.adoption)
            options = ApplyOptions(self.judge.manager, force=plan.force)
            made = await client.apply(wanted.resource, wanted.manifest, options)
        except Temporary:
            raise
        except KubeError as error:
            return refused(wanted, error)
        return self._entry(plan, ObjectMeta.of(made), before)

    def _entry(self, plan: Planned, live: ObjectMeta, before: Entry | None) -> Entry:
        fresh = fingerprint(plan.wanted.id, live, plan.wanted.rendered, self.judge.manager)
        return confirmed(fresh, before, plan.outcome)


def _chunked(batches: Iterable[list[ObjectId]]) -> Iterable[list[ObjectId]]:
    for batch in batches:
        for at in range(0, len(batch), CHUNK):
            yield batch[at : at + CHUNK]
