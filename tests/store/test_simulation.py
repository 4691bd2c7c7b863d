"""The queue under everything at once: workers that succeed, fail, die and wake, in random order from a seed.

The rules are checked along the way (one run per key) and at the end (every wake was followed by a run that began after
it and completed).
"""

import asyncio
import random
from dataclasses import dataclass, field

import pytest

from bot.model.steps import StepKey, Wake
from bot.store import keys
from bot.store.connection import Store
from bot.store.queue import Delivery, Outcome, Queue, Run, Settled, Verdict

STEPS = [StepKey("plan", f"gh:acme/fleet#{number}") for number in range(4)]
ENDS = [*Verdict, Verdict.DONE, Verdict.DONE]


@dataclass
class World:
    queue: Queue
    store: Store
    chance: random.Random
    are_workers_mortal: bool = True
    running: list[Run] = field(default_factory=list)
    dead: list[Run] = field(default_factory=list)
    deliveries: list[tuple[Delivery, StepKey]] = field(default_factory=list)

    async def wake(self) -> None:
        step = self.chance.choice(STEPS)
        delivery = Delivery("app/1", str(len(self.deliveries)))
        background = self.chance.random() < 0.3
        delay_s = self.chance.choice([0, 0, 0.01])
        await self.queue.wake(Wake(step, "w", background=background, delay_s=delay_s), delivery=delivery)
        self.deliveries.append((delivery, step))

    async def pick(self) -> None:
        """What arq does: any job of either queue whose time has come and that is not marked as running."""
        name = self.chance.choice([keys.QUEUE_INTERACTIVE, keys.QUEUE_BACKGROUND])
        seconds, micros = await self.store.redis.time()
        now_ms = seconds * 1000 + micros // 1000
        jobs = await self.store.redis.zrangebyscore(name, "-inf", now_ms)
        for job in jobs:
            marked = await self.store.redis.set(
                keys.ARQ_IN_PROGRESS + job.decode(), b"1", nx=True, px=310_000
            )
            if marked:
                return await self._begin(job.decode())
        return None

    async def _begin(self, job: str) -> None:
        if self.are_workers_mortal and self.chance.random() < 0.1:
            return  # killed between arq's mark and our lease
        step = StepKey.parse(job.rpartition("|")[0])
        run = await self.queue.begin(step, job, f"{self.chance.getrandbits(48):x}")
        if run is not None:
            assert step not in [other.step for other in self.running], "one key ran twice at the same time"
            self.running.append(run)

    async def end(self) -> None:
        if self.running:
            run = self.running.pop(self.chance.randrange(len(self.running)))
            outcome = Outcome(self.chance.choice(ENDS), "n", delay_s=0.01, hold=self.chance.random() < 0.5)
            assert await self.queue.finish(run, outcome) is not Settled.LOST

    async def die(self) -> None:
        if self.running:
            self.dead.append(self.running.pop())

    async def late(self) -> None:
        """A worker thought dead comes back after its lease has ended."""
        if self.dead and not await self.store.redis.zscore(keys.LEASES, str(self.dead[0].step)):
            assert await self.queue.finish(self.dead.pop(0), Outcome(Verdict.DONE)) is Settled.LOST

    async def reap(self) -> None:
        for run in self.running:
            await self.queue.renew(run)
        await self.queue.reap()

    async def work_off(self) -> None:
        """Until nothing is left to do, with workers that neither fail nor die."""
        self.are_workers_mortal = False
        async with asyncio.timeout(10):
            while (
                self.running
                or (await self.queue.status()).running
                or await self.store.redis.zcard(keys.PENDING)
            ):
                for run in self.running:
                    assert await self.queue.finish(run, Outcome(Verdict.DONE)) is not Settled.LOST
                self.running.clear()
                await self.queue.reap()
                await self.pick()


@pytest.mark.parametrize("seed", range(4))
async def test_no_wake_is_lost_whatever_happens_to_workers(store: Store, seed: int) -> None:
    # Long enough that no lease ends while this test itself is slow; `die` runs it down by hand.
    queue = Queue(store, lease_s=30)
    world = World(queue, store, random.Random(seed))
    moves = [world.wake, world.wake, world.pick, world.pick, world.end, world.die, world.late, world.reap]
    for _ in range(400):
        await world.chance.choice(moves)()
        for run in world.dead:
            if world.chance.random() < 0.3 and run.step not in [other.step for other in world.running]:
                await store.redis.zadd(keys.LEASES, {str(run.step): 1}, xx=True)
    for run in world.dead:
        if run.step not in [other.step for other in world.running]:
            await store.redis.zadd(keys.LEASES, {str(run.step): 1}, xx=True)
    await _free_marks(store)
    parked = {parked.step for parked in (await queue.status()).parked_newest}
    await world.work_off()
    assert len(world.deliveries) > 50
    for delivery, step in world.deliveries:
        assert await queue.has_completed(delivery) or step in parked
    await queue.wake(*(Wake(step, "sweep") for step in parked))
    await world.work_off()
    assert all([await queue.has_completed(delivery) for delivery, _ in world.deliveries])
    assert (
        await store.redis.zcard(keys.QUEUE_INTERACTIVE) == await store.redis.zcard(keys.QUEUE_BACKGROUND) == 0
    )
    assert await store.redis.keys(keys.ARQ_JOB + "*") == []


async def _free_marks(store: Store) -> None:
    """Time passes: the marks of workers that died before their lease look old to the reaper."""
    for mark in await store.redis.keys(keys.ARQ_IN_PROGRESS + "*"):
        await store.redis.pexpire(mark, 200_000)
    for step in await store.redis.zrange(keys.PENDING, 0, -1):
        await store.redis.zadd(keys.PENDING, {step: 1})
