"""Runs one step: takes the lease, keeps it, calls the loop, settles the end.

Whatever the step does or however it ends, its key is accounted for: settled here, or, when this process is gone,
found by another worker's reaper.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from structlog.contextvars import bound_contextvars

from bot.aio import cancel_all
from bot.errors import LongshoreError, Temporary
from bot.model.steps import StepContext, StepFunction, StepKey, StepResult, Wake
from bot.store.connection import StoreUnavailable
from bot.store.queue import Outcome, Queue, Renewal, Run, Settled, Verdict
from bot.worker import verdict
from bot.worker.metrics import Metrics
from bot.worker.verdict import Patience

SETTLE_TRIES = 10
SETTLE_PAUSE_S = 0.5
RENEWALS_PER_LEASE = 3

log = structlog.get_logger(__name__)


class StepTimeout(LongshoreError):
    """A step took longer than `limits.stepTimeout`."""


class StepCancelled(LongshoreError):
    """A step ended by a cancellation that nobody asked for."""


class NoSuchLoop(LongshoreError):
    """A key names a loop that this version does not have."""


@dataclass(frozen=True, slots=True)
class Limits:
    step_timeout_s: float = 90.0
    patience: Patience = field(default_factory=Patience)


class Runner:
    """Given to the job runners of both queues."""

    def __init__(
        self, queue: Queue, steps: Mapping[str, StepFunction], metrics: Metrics, limits: Limits
    ) -> None:
        self._queue = queue
        self._steps = steps
        self._metrics = metrics
        self._limits = limits
        self._settling: set[asyncio.Task[None]] = set()

    async def run(self, step: StepKey, job: str) -> None:
        """Run the step of this job, if it is still the key's job. Raises StoreUnavailable before it has begun."""
        run = await self._queue.begin(step, job, token=secrets.token_hex(6))
        if run is None:
            return
        with bound_contextvars(run_id=run.token, loop=step.loop, key=step.key, event_ids=list(run.event_ids)):
            started = time.monotonic()
            self._metrics.running.labels(step.loop).inc()
            try:
                outcome = await self._outcome(run)
            except asyncio.CancelledError:
                await self._settle_whatever_comes(run, Outcome(Verdict.INTERRUPTED), started)
                raise
            finally:
                self._metrics.running.labels(step.loop).dec()
            await self._settle_whatever_comes(run, outcome, started)

    async def settled(self) -> None:
        """Until the ends of all runs are in the store, also of those whose job was cancelled meanwhile."""
        await asyncio.gather(*self._settling, return_exceptions=True)

    async def _outcome(self, run: Run) -> Outcome | None:
        """None when the lease was lost on the way: the key is somebody else's then."""
        if (given_up := verdict.of_crashes(run, self._limits.patience)) is not None:
            return given_up
        body = asyncio.create_task(self._call(run), name=f"step {run.step}")
        heart = asyncio.create_task(self._keep_lease(run), name=f"lease {run.step}")
        try:
            await asyncio.wait({body, heart}, return_when=asyncio.FIRST_COMPLETED)
            if body.cancelled():
                return verdict.of_error(
                    StepCancelled("the step cancelled itself"), run, self._limits.patience
                )
            return body.result() if body.done() else None
        finally:
            await cancel_all([body, heart])

    async def _call(self, run: Run) -> Outcome:
        try:
            result = await self._step(run)
            return verdict.of_result(result, datetime.now(UTC))
        except Exception as error:
            outcome = verdict.of_error(error, run, self._limits.patience)
            is_bug = not isinstance(error, Temporary) and outcome.verdict is not Verdict.BLOCKED
            log.warning(
                "step_failed", verdict=outcome.verdict, attempt=run.attempt, error=str(error), exc_info=is_bug
            )
            return outcome

    async def _step(self, run: Run) -> StepResult:
        function = self._steps.get(run.step.loop)
        if function is None:
            raise NoSuchLoop(f"this version of Longshore has no loop named {run.step.loop}")
        limit = asyncio.timeout(timeout_s := self._limits.step_timeout_s)
        try:
            async with limit:
                return await function(self._context(run), run.step.key)
        except TimeoutError:
            if limit.expired():
                raise StepTimeout(f"the step took longer than {timeout_s:g} s") from None
            raise

    def _context(self, run: Run) -> StepContext:
        async def wake(*wakes: Wake) -> None:
            # What this run sets off belongs to the newest event that led to it.
            await self._queue.wake(*wakes, event_id=run.event_ids[-1] if run.event_ids else "")

        return StepContext(
            step=run.step,
            run_id=run.token,
            attempt=run.attempt,
            reasons=run.reasons,
            event_ids=run.event_ids,
            wake=wake,
            is_superseded=lambda: self._queue.is_superseded(run),
        )

    async def _keep_lease(self, run: Run) -> None:
        """Renew until the lease turns out to be lost. A store that is away takes nothing from anybody: go on."""
        while True:
            await asyncio.sleep(self._queue.lease_s / RENEWALS_PER_LEASE)
            try:
                if await self._queue.renew(run) is Renewal.LOST:
                    log.warning("lease_lost")
                    return
            except StoreUnavailable as error:
                log.warning("lease_not_renewed", error=str(error))

    async def _settle_whatever_comes(self, run: Run, outcome: Outcome | None, started: float) -> None:
        """A cancellation on the way ends the waiting, not the settling."""
        task = asyncio.create_task(self._settle(run, outcome, started), name=f"settle {run.step}")
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        await asyncio.shield(task)

    async def _settle(self, run: Run, outcome: Outcome | None, started: float) -> None:
        seconds = time.monotonic() - started
        settled = Settled.LOST if outcome is None else await self._finish(run, outcome)
        word = "lost" if outcome is None or settled is Settled.LOST else outcome.verdict.value
        self._metrics.ended.labels(run.step.loop, word).inc()
        self._metrics.duration.labels(run.step.loop).observe(seconds)
        log.info(
            "step_ended",
            verdict=word,
            note=outcome.note if outcome else "",
            attempt=run.attempt,
            reasons=list(run.reasons),
            duration_s=round(seconds, 3),
            again_in_s=round(outcome.delay_s, 1) if outcome and settled is Settled.PENDING else None,
        )

    async def _finish(self, run: Run, outcome: Outcome) -> Settled:
        """An outage is sat out for a while; after that the lease ends and the reaper has the key run again."""
        for attempt in range(SETTLE_TRIES):
            try:
                return await self._queue.finish(run, outcome)
            except StoreUnavailable:
                if attempt == SETTLE_TRIES - 1:
                    raise
                await asyncio.sleep(SETTLE_PAUSE_S)
        raise AssertionError("the loop above returns or raises")
