"""One run of one step, from the lease to the settled end, on a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
import structlog
from prometheus_client import CollectorRegistry

from bot.errors import Temporary, UserError
from bot.model.steps import Again, Blocked, Done, StepContext, StepKey, StepResult, Wake
from bot.store import keys
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.queue import Delivery, Queue
from bot.worker.metrics import Metrics
from bot.worker.runner import Limits, Runner
from bot.worker.verdict import Patience

STEP = StepKey("plan", "gh:acme/fleet#7")
Body = Callable[[StepContext, str], Awaitable[StepResult]]


async def run_once(queue: Queue, store: Store, body: Body, limits: Limits | None = None) -> Metrics:
    metrics = Metrics()
    runner = Runner(queue, {"plan": body}, metrics, limits or Limits())
    await runner.run(STEP, await job_of(store))
    return metrics


async def job_of(store: Store) -> str:
    job = await store.call(lambda: store.redis.hget(keys.STEP + str(STEP), "job"))
    return str(job.decode())


def count(metrics: Metrics, verdict: str) -> float | None:
    registry: CollectorRegistry = metrics.registry
    return registry.get_sample_value("longshore_steps_total", {"loop": "plan", "verdict": verdict})


async def test_a_step_is_told_what_woke_it(queue: Queue, store: Store) -> None:
    seen: list[StepContext] = []

    async def body(context: StepContext, key: str) -> StepResult:
        seen.append(context)
        assert key == STEP.key
        assert structlog.contextvars.get_contextvars()["event_ids"] == ["guid"]
        return Done()

    await queue.wake(Wake(STEP, "opened"), delivery=Delivery("app/1", "guid"))
    metrics = await run_once(queue, store, body)
    (context,) = seen
    assert (context.step, context.attempt, context.reasons, context.event_ids) == (
        STEP,
        1,
        ("opened",),
        ("guid",),
    )
    assert count(metrics, "done") == 1
    assert (await queue.status()).due == 0
    assert structlog.contextvars.get_contextvars() == {}


async def test_a_step_may_wake_others_and_itself(queue: Queue, store: Store) -> None:
    async def body(context: StepContext, _key: str) -> StepResult:
        await context.wake(Wake(STEP, "more"), Wake(StepKey("deliver", "x"), "planned"))
        return Done()

    await queue.wake(Wake(STEP, "opened"), delivery=Delivery("app/1", "guid"))
    await run_once(queue, store, body)
    assert (await queue.status()).due == 2
    run = await queue.begin(STEP, await job_of(store), "token")
    assert run is not None
    assert run.event_ids == ("guid",)


async def test_blocked_and_again_are_kept_as_said(queue: Queue, store: Store) -> None:
    answers: list[StepResult] = [Again.after(60, datetime.now(UTC), "soak"), Blocked("a guard asks")]

    async def body(_context: StepContext, _key: str) -> StepResult:
        return answers.pop(0)

    await queue.wake(Wake(STEP, "opened"))
    assert count(await run_once(queue, store, body), "again") == 1
    assert ((await queue.status()).interactive, (await queue.status()).due) == (1, 0)
    assert count(await run_once(queue, store, body), "blocked") == 1
    assert (await queue.status()).interactive == 0


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (Temporary("503"), "retry"),
        (UserError("fix it"), "blocked"),
        (ValueError("bug"), "retry"),
        (TimeoutError(), "retry"),
    ],
)
async def test_no_error_of_a_step_is_dropped(
    queue: Queue, store: Store, error: Exception, verdict: str
) -> None:
    async def body(_context: StepContext, _key: str) -> StepResult:
        raise error

    await queue.wake(Wake(STEP, "opened"))
    assert count(await run_once(queue, store, body), verdict) == 1


async def test_a_step_that_keeps_failing_is_parked_with_its_reason_and_run(
    queue: Queue, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(_context: StepContext, _key: str) -> StepResult:
        raise ValueError("password=hunter2 is wrong")

    await queue.wake(Wake(STEP, "opened"))
    limits = Limits(patience=Patience(unexpected=2))
    assert count(await run_once(queue, store, body, limits), "retry") == 1
    assert count(await run_once(queue, store, body, limits), "parked") == 1
    (parked,) = (await queue.status()).parked_newest
    assert parked.error.startswith("ValueError: password=*** is wrong [run ")


async def test_a_step_that_takes_too_long_is_stopped(queue: Queue, store: Store) -> None:
    async def body(_context: StepContext, _key: str) -> StepResult:
        await asyncio.sleep(30)
        return Done()

    await queue.wake(Wake(STEP, "opened"))
    limits = Limits(step_timeout_s=0.05, patience=Patience(unexpected=1))
    await run_once(queue, store, body, limits)
    (parked,) = (await queue.status()).parked_newest
    assert "longer than 0.05 s" in parked.error


async def test_a_step_that_cancels_itself_has_failed(queue: Queue, store: Store) -> None:
    async def body(_context: StepContext, _key: str) -> StepResult:
        raise asyncio.CancelledError

    await queue.wake(Wake(STEP, "opened"))
    assert count(await run_once(queue, store, body), "retry") == 1


async def test_a_key_of_an_unknown_loop_ends_parked_not_lost(queue: Queue, store: Store) -> None:
    await queue.wake(Wake(STEP, "opened"))
    runner = Runner(queue, {}, Metrics(), Limits(patience=Patience(unexpected=1)))
    await runner.run(STEP, await job_of(store))
    (parked,) = (await queue.status()).parked_newest
    assert "no loop named plan" in parked.error


async def test_a_long_step_keeps_its_lease(store: Store) -> None:
    queue = Queue(store, lease_s=0.3)

    async def body(_context: StepContext, _key: str) -> StepResult:
        for _ in range(8):
            await asyncio.sleep(0.1)
            assert await queue.reap() == []
        return Done()

    await queue.wake(Wake(STEP, "opened"))
    assert count(await run_once(queue, store, body), "done") == 1


async def test_a_step_that_lost_its_lease_is_stopped_and_settles_nothing(store: Store) -> None:
    queue = Queue(store, lease_s=0.2)
    ended = asyncio.Event()

    async def body(_context: StepContext, _key: str) -> StepResult:
        await store.redis.flushall()
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        return Done()

    await queue.wake(Wake(STEP, "opened"))
    assert count(await run_once(queue, store, body), "lost") == 1
    assert ended.is_set()
    assert (await queue.status()).due == 0


async def test_an_end_during_an_outage_is_settled_when_the_store_is_back(
    server: EmbeddedStore, queue: Queue, store: Store
) -> None:
    async def body(_context: StepContext, _key: str) -> StepResult:
        await server.stop()
        return Done()

    await queue.wake(Wake(STEP, "opened"))
    running = asyncio.create_task(run_once(queue, store, body))
    await asyncio.sleep(0.8)
    await server.start()
    assert count(await running, "done") == 1
    assert (await queue.status()).running == 0


async def test_a_superseded_step_can_know(queue: Queue, store: Store) -> None:
    answers: list[bool] = []

    async def body(context: StepContext, _key: str) -> StepResult:
        answers.append(await context.is_superseded())
        await queue.wake(Wake(STEP, "synchronize", supersedes=True))
        answers.append(await context.is_superseded())
        return Done()

    await queue.wake(Wake(STEP, "opened"))
    await run_once(queue, store, body)
    assert answers == [False, True]


async def test_a_bug_is_logged_with_its_traceback_and_trouble_elsewhere_is_not(
    queue: Queue, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[Exception] = [ValueError("bug"), Temporary("503")]

    async def body(_context: StepContext, _key: str) -> StepResult:
        raise errors.pop(0)

    await queue.wake(Wake(STEP, "opened"))
    with structlog.testing.capture_logs() as logs:
        await run_once(queue, store, body)
        await run_once(queue, store, body)
    failures = [line for line in logs if line["event"] == "step_failed"]
    assert [line["exc_info"] for line in failures] == [True, False]
