"""The queue's promises, against a real Valkey and without arq: jobs are picked up by hand."""

import asyncio
import re
import signal
import uuid

import arq.constants
import msgspec
import pytest
from arq.connections import ArqRedis

from bot.model.steps import StepKey, Wake
from bot.store import keys
from bot.store.connection import Store, StoreUnavailable
from bot.store.embedded import EmbeddedStore
from bot.store.queue import (
    Delivery,
    Outcome,
    Queue,
    Renewal,
    Run,
    Settled,
    Verdict,
    WakeState,
)

STEP = StepKey("plan", "gh:acme/fleet#7")
DONE = Outcome(Verdict.DONE)
INTERACTIVE, BACKGROUND = keys.QUEUE_INTERACTIVE, keys.QUEUE_BACKGROUND


def wake(reason: str = "opened", **options: object) -> Wake:
    return Wake(STEP, reason, **options)  # type: ignore[arg-type] # the table of options is the test's own


async def jobs(store: Store, queue: str = INTERACTIVE) -> list[str]:
    return [job.decode() for job in await store.redis.zrange(queue, 0, -1)]


async def due_in_s(store: Store, queue: str = INTERACTIVE) -> float:
    ((_, score),) = await store.redis.zrange(queue, 0, -1, withscores=True)
    seconds, micros = await store.redis.time()
    return float(score / 1000 - seconds - micros / 1e6)


async def begin(queue: Queue, store: Store, name: str = INTERACTIVE) -> Run:
    (job,) = await jobs(store, name)
    run = await queue.begin(STEP, job, uuid.uuid4().hex)
    assert run is not None
    return run


def test_the_names_that_arq_uses_are_arqs_own() -> None:
    assert arq.constants.job_key_prefix == keys.ARQ_JOB
    assert arq.constants.in_progress_key_prefix == keys.ARQ_IN_PROGRESS
    assert arq.constants.retry_key_prefix == keys.ARQ_RETRY


async def test_a_job_looks_as_if_arq_had_enqueued_it(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    redis = ArqRedis(connection_pool=store.redis.connection_pool)
    redis.job_deserializer = msgspec.json.decode
    (job,) = await redis.queued_jobs(queue_name=INTERACTIVE)
    assert (job.function, tuple(job.args), job.kwargs) == ("step", ("plan", "gh:acme/fleet#7"), {})
    redis.job_serializer = msgspec.json.encode
    await redis.enqueue_job("step", "plan", "gh:acme/fleet#7", _job_id="arqs", _queue_name="q")
    ours, arqs = await store.redis.mget(keys.ARQ_JOB + str(job.job_id), keys.ARQ_JOB + "arqs")
    assert re.sub(rb"\d{10,}", b"-", ours) == re.sub(rb"\d{10,}", b"-", arqs)


async def test_many_wakes_before_a_run_make_one_run(queue: Queue, store: Store) -> None:
    states = [(await queue.wake(wake())).states for _ in range(10)]
    assert states == [(WakeState.QUEUED,)] + [(WakeState.PENDING,)] * 9
    assert len(await jobs(store)) == 1
    assert await queue.finish(await begin(queue, store), DONE) is Settled.IDLE
    assert await jobs(store) == []


async def test_many_wakes_during_a_run_make_exactly_one_more(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    run = await begin(queue, store)
    assert {(await queue.wake(wake())).states for _ in range(100)} == {(WakeState.RUNNING,)}
    assert await queue.finish(run, DONE) is Settled.PENDING
    second = await begin(queue, store)
    assert second.generation == 101
    assert await queue.finish(second, DONE) is Settled.IDLE
    assert await jobs(store) == []


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_a_wake_during_a_run_is_kept_however_the_run_ends(
    queue: Queue, store: Store, verdict: Verdict
) -> None:
    await queue.wake(wake())
    run = await begin(queue, store)
    await queue.wake(wake("synchronize"))
    assert await queue.finish(run, Outcome(verdict, "why", delay_s=100)) is Settled.PENDING
    assert await due_in_s(store) < 0.1


async def test_again_looks_later_and_a_wake_pulls_it_forward(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    await queue.finish(await begin(queue, store), Outcome(Verdict.AGAIN, delay_s=60))
    assert await due_in_s(store) == pytest.approx(60, abs=2)
    await queue.wake(wake(delay_s=30))
    assert await due_in_s(store) == pytest.approx(30, abs=2)
    await queue.wake(wake(delay_s=90))
    assert await due_in_s(store) == pytest.approx(30, abs=2)
    await queue.wake(wake())
    assert await due_in_s(store) < 0.1
    assert len(await jobs(store)) == 1


async def test_no_wake_shortens_a_wait_the_other_side_asked_for(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    run = await begin(queue, store)
    await queue.wake(wake("during"))
    await queue.finish(run, Outcome(Verdict.RETRY, "429", delay_s=60, hold=True))
    await queue.wake(wake("after"))
    assert await due_in_s(store) == pytest.approx(60, abs=2)


async def test_a_persons_wake_moves_a_key_out_of_the_background(queue: Queue, store: Store) -> None:
    await queue.wake(wake("sweep", background=True, delay_s=100))
    assert len(await jobs(store, BACKGROUND)) == 1
    await queue.wake(wake("opened"))
    assert await jobs(store, BACKGROUND) == []
    assert await due_in_s(store) < 0.1


async def test_a_sweep_does_not_push_a_key_into_the_background(queue: Queue, store: Store) -> None:
    await queue.wake(wake("opened"))
    await queue.wake(wake("sweep", background=True))
    assert (len(await jobs(store)), await jobs(store, BACKGROUND)) == (1, [])


async def test_a_persons_wake_during_a_background_run_runs_in_front(queue: Queue, store: Store) -> None:
    await queue.wake(wake("sweep", background=True))
    run = await begin(queue, store, BACKGROUND)
    await queue.wake(wake("opened"))
    await queue.finish(run, DONE)
    assert (len(await jobs(store)), await jobs(store, BACKGROUND)) == (1, [])


async def test_a_delivery_is_skipped_only_when_its_keys_have_completed(queue: Queue, store: Store) -> None:
    delivery, other = Delivery("app/1", "guid"), StepKey("deliver", "gh:acme/fleet@main")
    await queue.wake(wake(), Wake(other, "push"), delivery=delivery)
    assert not await queue.has_completed(delivery)
    assert not (await queue.wake(wake(), Wake(other, "push"), delivery=delivery)).is_skipped

    await queue.finish(await _begin_of(queue, store, STEP), DONE)
    assert not await queue.has_completed(delivery)
    await queue.finish(await _begin_of(queue, store, other), Outcome(Verdict.BLOCKED, "a guard asks"))
    assert await queue.has_completed(delivery)
    result = await queue.wake(wake(), Wake(other, "push"), delivery=delivery)
    assert (result.is_skipped, await jobs(store)) == (True, [])


async def _begin_of(queue: Queue, store: Store, step: StepKey) -> Run:
    (job,) = [job for job in await jobs(store) if job.startswith(f"{step}|")]
    run = await queue.begin(step, job, uuid.uuid4().hex)
    assert run is not None
    return run


async def test_a_delivery_that_came_during_a_run_is_not_covered_by_it(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    run = await begin(queue, store)
    delivery = Delivery("app/1", "guid")
    await queue.wake(wake(), delivery=delivery)
    await queue.finish(run, DONE)
    assert not await queue.has_completed(delivery)
    await queue.finish(await begin(queue, store), DONE)
    assert await queue.has_completed(delivery)


@pytest.mark.parametrize("verdict", [Verdict.RETRY, Verdict.PARKED])
async def test_a_failed_run_completes_no_delivery(queue: Queue, store: Store, verdict: Verdict) -> None:
    delivery = Delivery("app/1", "guid")
    await queue.wake(wake(), delivery=delivery)
    await queue.finish(await begin(queue, store), Outcome(verdict, "boom"))
    assert not await queue.has_completed(delivery)
    assert not (await queue.wake(wake(), delivery=delivery)).is_skipped


async def test_the_same_id_from_another_hook_is_another_delivery(queue: Queue, store: Store) -> None:
    await queue.wake(wake(), delivery=Delivery("app/1", "guid"))
    await queue.finish(await begin(queue, store), DONE)
    assert not (await queue.wake(wake(), delivery=Delivery("app/2", "guid"))).is_skipped


async def test_remembered_deliveries_are_bounded(
    queue: Queue, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.queue.MAX_DELIVERIES", 5)
    for number in range(20):
        await queue.wake(wake(), delivery=Delivery("app/1", str(number)))
    assert await store.redis.zcard(keys.DELIVERIES) == 5
    assert len(await store.redis.keys(keys.DELIVERY + "*")) == 5
    assert await store.redis.exists(keys.DELIVERY + "app/1|19")


async def test_attempts_and_the_reason_are_kept_until_a_run_succeeds(queue: Queue, store: Store) -> None:
    await queue.wake(wake("opened"), delivery=Delivery("app/1", "guid"))
    for attempt in (1, 2, 3):
        run = await begin(queue, store)
        assert (run.attempt, run.reasons, run.event_ids) == (attempt, ("opened",), ("guid",))
        await queue.finish(run, Outcome(Verdict.RETRY, f"boom {attempt}"))
    run = await begin(queue, store)
    assert run.last_error == "boom 3"
    await queue.finish(run, Outcome(Verdict.AGAIN))
    run = await begin(queue, store)
    assert (run.attempt, run.last_error, run.reasons) == (1, "", ())


async def test_an_interrupted_run_starts_over_and_counts_for_nothing(queue: Queue, store: Store) -> None:
    delivery = Delivery("app/1", "guid")
    await queue.wake(wake(), delivery=delivery)
    assert await queue.finish(await begin(queue, store), Outcome(Verdict.INTERRUPTED)) is Settled.PENDING
    assert not await queue.has_completed(delivery)
    assert (await begin(queue, store)).attempt == 1


async def test_reasons_come_oldest_first_once_each_and_bounded(queue: Queue, store: Store) -> None:
    for number in range(30):
        await queue.wake(wake(f"r{number}"))
        await queue.wake(wake("same"))
    run = await begin(queue, store)
    assert len(run.reasons) == 11
    assert run.reasons[-1] == "r29"
    await queue.wake(wake("during"))
    await queue.finish(run, DONE)
    assert (await begin(queue, store)).reasons == ("during",)


async def test_a_parked_key_is_shown_with_its_reason_and_without_secrets(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    await queue.finish(
        await begin(queue, store), Outcome(Verdict.PARKED, "token ghp_abcdefghijkl " + "x" * 5000)
    )
    status = await queue.status()
    (parked,) = status.parked_newest
    assert (status.parked, status.due, status.running) == (1, 0, 0)
    assert parked.step == STEP
    assert "ghp_" not in parked.error
    assert len(parked.error) < 2100


async def test_a_persons_wake_gives_a_parked_key_all_its_tries_again(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    await queue.finish(await begin(queue, store), Outcome(Verdict.RETRY, "boom"))
    await queue.finish(await begin(queue, store), Outcome(Verdict.PARKED, "boom"))
    await queue.wake(wake("sweep", background=True))
    run = await begin(queue, store, BACKGROUND)
    assert run.attempt == 3
    await queue.finish(run, Outcome(Verdict.PARKED, "boom"))
    await queue.wake(wake("opened"))
    assert (await begin(queue, store)).attempt == 1
    assert (await queue.status()).parked == 0


async def test_a_job_of_the_past_does_not_begin(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    run = await begin(queue, store)
    await queue.finish(run, Outcome(Verdict.AGAIN))
    assert await queue.begin(STEP, run.job, "t") is None


async def test_a_key_that_runs_does_not_begin_a_second_time(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    run = await begin(queue, store)
    assert await queue.begin(STEP, run.job, "somebody else") is None
    assert await queue.renew(run) is Renewal.HELD


async def test_a_run_learns_that_it_is_superseded(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    run = await begin(queue, store)
    await queue.wake(wake("commented"))
    assert not await queue.is_superseded(run)
    await queue.wake(wake("synchronize", supersedes=True))
    assert await queue.is_superseded(run)
    assert await queue.renew(run) is Renewal.SUPERSEDED
    await queue.finish(run, DONE)
    assert not await queue.is_superseded(await begin(queue, store))


async def test_a_flushed_store_ends_runs_as_lost_and_starts_afresh(queue: Queue, store: Store) -> None:
    await queue.wake(wake())
    run = await begin(queue, store)
    await store.redis.flushall()
    assert await queue.renew(run) is Renewal.LOST
    assert await queue.is_superseded(run)
    await queue.wake(wake())
    assert await queue.finish(run, DONE) is Settled.LOST
    assert (await begin(queue, store)).generation == 1


async def test_a_dead_workers_key_runs_again_at_once(store: Store) -> None:
    queue = Queue(store, lease_s=0.2)
    await queue.wake(wake())
    run = await begin(queue, store)
    await store.redis.set(keys.ARQ_IN_PROGRESS + run.job, b"1", px=310_000)
    assert await queue.reap() == []
    await asyncio.sleep(0.25)
    assert await queue.reap() == [STEP]
    again = await begin(queue, store)
    assert (again.attempt, again.crashes, again.last_error) == (2, 1, "the worker died while it ran")
    assert not await store.redis.exists(keys.ARQ_IN_PROGRESS + run.job, keys.ARQ_IN_PROGRESS + again.job)
    assert await queue.finish(run, DONE) is Settled.LOST


async def test_a_renewed_lease_is_not_reaped(store: Store) -> None:
    queue = Queue(store, lease_s=0.3)
    await queue.wake(wake())
    run = await begin(queue, store)
    for _ in range(4):
        await asyncio.sleep(0.1)
        assert await queue.renew(run) is Renewal.HELD
        assert await queue.reap() == []


async def test_a_key_whose_job_vanished_gets_another(store: Store) -> None:
    queue = Queue(store, lease_s=0.1)
    await queue.wake(wake())
    await store.redis.delete(INTERACTIVE)
    await asyncio.sleep(0.15)
    assert await queue.reap() == [STEP]
    assert len(await jobs(store)) == 1


async def test_a_worker_that_died_before_its_lease_is_noticed_by_arqs_mark(store: Store) -> None:
    queue = Queue(store, lease_s=0.1)
    await queue.wake(wake())
    (job,) = await jobs(store)
    await store.redis.set(keys.ARQ_IN_PROGRESS + job, b"1", px=310_000)
    await asyncio.sleep(0.15)
    assert await queue.reap() == [STEP]
    assert await jobs(store) != [job]


async def test_keys_that_merely_wait_are_left_alone_by_the_reaper(store: Store) -> None:
    queue = Queue(store, lease_s=0.1)
    await queue.wake(wake())
    before = await jobs(store)
    await asyncio.sleep(0.15)
    assert await queue.reap() == []
    assert await jobs(store) == before


async def test_the_status_counts_what_is_due_and_how_old_it_is(queue: Queue, store: Store) -> None:
    await queue.wake(wake(), Wake(StepKey("sweep", "gh"), "schedule", background=True, delay_s=50))
    await asyncio.sleep(0.05)
    status = await queue.status()
    assert (status.interactive, status.background, status.due, status.running) == (1, 1, 1, 0)
    assert 0.04 < status.oldest_age_s < 5
    await begin(queue, store)
    assert (await queue.status()).running == 1


async def test_a_delivery_wakes_all_its_keys_or_none(queue: Queue) -> None:
    with pytest.raises(ValueError, match="501 keys"):
        await queue.wake(*[wake()] * 501, delivery=Delivery("app/1", "guid"))
    assert len((await queue.wake(*[wake()] * 1001)).states) == 1001


async def test_a_store_that_is_down_is_said_within_two_seconds(server: EmbeddedStore, queue: Queue) -> None:
    await server.stop()
    async with asyncio.timeout(2):
        with pytest.raises(StoreUnavailable, match="not available"):
            await queue.wake(wake())


async def test_a_store_that_hangs_is_said_within_two_seconds(server: EmbeddedStore, queue: Queue) -> None:
    assert server._server is not None
    server._server.signal(signal.SIGSTOP)
    try:
        async with asyncio.timeout(2.5):
            with pytest.raises(StoreUnavailable):
                await queue.wake(wake())
    finally:
        server._server.signal(signal.SIGCONT)


async def test_a_full_store_is_unavailable_not_broken(queue: Queue, store: Store) -> None:
    await store.redis.config_set("maxmemory", "1")
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        await queue.wake(wake())
