"""What a worker does beside its steps: freeing what dead workers held, saying that it lives, waking the sweeps.

Every chore is safe to do twice and to miss: a round that fails is logged, counted, and done again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.errors import Temporary
from bot.model.steps import StepKey, Wake
from bot.store.queue import Queue
from bot.store.shared import Shared, WorkerReport
from bot.worker.metrics import Metrics

REAP_EVERY_S = 2.0
REPORT_EVERY_S = 5.0
SWEEP_POLL_S = 1.0
SWEEP_TURN = "sweep"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    name: str
    every_s: float
    run: Callable[[], Awaitable[None]]


def chores(
    queue: Queue, shared: Shared, metrics: Metrics, report: WorkerReport, sweeps: "Sweeps"
) -> tuple[Chore, ...]:
    async def reap() -> None:
        freed = await queue.reap()
        if freed:
            metrics.reaped.inc(len(freed))
            log.warning("steps_reaped", keys=[str(step) for step in freed])

    async def tell() -> None:
        await shared.report(report)
        metrics.show(await queue.status())

    async def sweep() -> None:
        if await shared.claim(SWEEP_TURN, sweeps.every_s):
            await sweeps.wake(queue, "schedule")

    return (
        Chore("reap", REAP_EVERY_S, reap),
        Chore("report", REPORT_EVERY_S, tell),
        Chore("sweep", min(SWEEP_POLL_S, sweeps.every_s), sweep),
    )


@dataclass(frozen=True, slots=True)
class Sweeps:
    """The keys that find everything open, and how often they are woken, by one worker of all."""

    keys: Sequence[StepKey]
    every_s: float

    async def wake(self, queue: Queue, reason: str) -> None:
        await queue.wake(*(Wake(step, reason, background=True) for step in self.keys))

    async def wake_at_start(self, queue: Queue, shared: Shared) -> None:
        """What happened while nobody worked is found by looking at everything once, whoever's turn it is."""
        await shared.claim(SWEEP_TURN, self.every_s)
        await self.wake(queue, "start")


async def keep_house(chores: Sequence[Chore], metrics: Metrics) -> None:
    """Do all chores at their own pace until cancelled."""
    async with asyncio.TaskGroup() as group:
        for chore in chores:
            group.create_task(_repeat(chore, metrics), name=f"chore {chore.name}")


async def _repeat(chore: Chore, metrics: Metrics) -> None:
    while True:
        try:
            await chore.run()
        except Temporary as error:
            metrics.housekeeping_failed.labels(chore.name).inc()
            log.warning("chore_failed", chore=chore.name, error=str(error))
        except Exception:
            # A bug in one chore must not stop it for good, nor the others.
            metrics.housekeeping_failed.labels(chore.name).inc()
            log.exception("chore_failed", chore=chore.name)
        await asyncio.sleep(chore.every_s)
