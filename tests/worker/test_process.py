"""The worker as a process: signals, deaths and restarts, with arq and a real Valkey."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.model.steps import StepKey, Wake
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.queue import LEASE_S, Queue
from bot.store.shared import Shared
from bot.worker.housekeeping import REAP_EVERY_S
from bot.worker.process import EX_TEMPFAIL, Work, WorkerOptions, serve

StartWorker = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start_worker(server: EmbeddedStore, tmp_path: Path) -> AsyncIterator[StartWorker]:
    started: list[Process] = []

    async def start(**changes: object) -> Process:
        options = {
            "store_url": server.url,
            "version": "test",
            "metrics_port": 0,
            "drain_s": 5,
            "sweep": str(tmp_path / "sweep"),
            **changes,
        }
        argv = (sys.executable, "-m", "tests.worker.program", json.dumps(options))
        process = await asyncio.create_subprocess_exec(*argv, stderr=PIPE, limit=1 << 20)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.03)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def note(verb: str, path: Path) -> Wake:
    return Wake(StepKey("note", f"{verb} {path}"), "test")


async def ready(process: Process) -> dict[str, object]:
    assert process.stderr is not None
    async with asyncio.timeout(20):
        while True:
            line = await process.stderr.readline()
            assert line, "the worker ended before it was ready"
            told: dict[str, object] = json.loads(line)
            if told["event"] == "worker_ready":
                return told


async def test_a_worker_works_off_what_was_woken_before_it_started(
    queue: Queue, start_worker: StartWorker, tmp_path: Path
) -> None:
    await queue.wake(note("quick", tmp_path / "a"), note("quick", tmp_path / "b"))
    await start_worker()
    await until(lambda: lines(tmp_path / "a") == lines(tmp_path / "b") == ["begin 1", "end"])


async def test_every_start_wakes_the_sweep(start_worker: StartWorker, tmp_path: Path) -> None:
    await start_worker()
    await until(lambda: "end" in lines(tmp_path / "sweep"))


async def test_the_sweep_comes_again_on_its_schedule(start_worker: StartWorker, tmp_path: Path) -> None:
    await start_worker(sweep_every_s=0.3)
    await until(lambda: lines(tmp_path / "sweep").count("end") >= 3)


async def test_a_wake_during_a_run_leads_to_exactly_one_more(
    queue: Queue, start_worker: StartWorker, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    await queue.wake(note("slow", path))
    await start_worker()
    await until(lambda: lines(path) == ["begin 1"])
    # In one call: on a busy machine a hundred would outlast the run they are meant to fall into.
    await queue.wake(*[note("slow", path)] * 100)
    await until(lambda: lines(path) == ["begin 1", "end"] * 2)
    await asyncio.sleep(0.5)
    assert lines(path) == ["begin 1", "end"] * 2


async def test_sigterm_lets_steps_finish(queue: Queue, start_worker: StartWorker, tmp_path: Path) -> None:
    path = tmp_path / "a"
    await queue.wake(note("slow", path))
    process = await start_worker()
    await until(lambda: lines(path) == ["begin 1"])
    process.send_signal(signal.SIGTERM)
    await queue.wake(note("quick", tmp_path / "later"))
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert lines(path) == ["begin 1", "end"]
    assert lines(tmp_path / "later") == []
    assert (await queue.status()).running == 0


async def test_what_the_drain_cuts_off_is_handed_back_and_starts_over_at_once(
    queue: Queue, start_worker: StartWorker, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    await queue.wake(note("stuck", path))
    process = await start_worker(drain_s=0.3)
    await until(lambda: lines(path) == ["begin 1"])
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert lines(path) == ["begin 1", "cancelled"]
    assert ((await queue.status()).running, (await queue.status()).due) == (0, 1)
    await start_worker()
    await until(lambda: lines(path) == ["begin 1", "cancelled", "begin 1"], timeout_s=8)


def test_a_dead_workers_step_is_free_within_twenty_seconds() -> None:
    assert LEASE_S + 2 * REAP_EVERY_S < 20


async def test_another_worker_takes_over_from_a_killed_one(
    queue: Queue, start_worker: StartWorker, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    await queue.wake(note("stuck", path))
    first = await start_worker(lease_s=3)
    await until(lambda: lines(path) == ["begin 1"])
    await start_worker(lease_s=3)
    first.kill()
    await until(lambda: lines(path) == ["begin 1", "begin 2"], timeout_s=10)


async def test_a_worker_sits_out_a_killed_store(
    queue: Queue, server: EmbeddedStore, start_worker: StartWorker, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    await queue.wake(note("slow", path))
    process = await start_worker()
    await until(lambda: lines(path) == ["begin 1"])
    assert server._server is not None
    await server._server.kill()
    await asyncio.sleep(1.2)
    await server.start()
    await until(lambda: lines(path) == ["begin 1", "end"])
    await queue.wake(note("quick", tmp_path / "b"))
    await until(lambda: lines(tmp_path / "b") == ["begin 1", "end"])
    assert process.returncode is None
    assert lines(path) == ["begin 1", "end"]


async def test_a_worker_whose_store_stays_away_asks_to_be_started_again(
    server: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def open_work(_store: Store) -> AsyncIterator[Work]:
        yield Work({})

    monkeypatch.setattr("bot.store.jobs.OUTAGE_RETRIES", 2)
    await server.stop()
    assert await serve(WorkerOptions(server.url, "test", metrics_port=0), open_work) == EX_TEMPFAIL


async def test_the_operator_sees_what_was_given_up_and_why(queue: Queue, start_worker: StartWorker) -> None:
    told = await ready(await start_worker())
    url = f"http://127.0.0.1:{told['metrics_port']}/parked"
    await queue.wake(Wake(StepKey("note", "park x"), "test"))
    async with asyncio.timeout(20), aiohttp.ClientSession() as client:
        while True:
            async with client.get(url) as response:
                facts = await response.json()
            if facts["count"]:
                break
            await asyncio.sleep(0.05)
    (parked,) = facts["newest"]
    assert parked["key"] == "note:park x"
    assert parked["error"].startswith("ValueError: as the key says [run ")


async def test_a_worker_says_that_it_lives_and_what_protects_it_until_it_ends(
    shared: Shared, start_worker: StartWorker
) -> None:
    process = await start_worker()
    told = await ready(process)
    async with aiohttp.ClientSession() as client:
        async with client.get(f"http://127.0.0.1:{told['metrics_port']}/metrics") as response:
            text = await response.text()
        async with client.get(f"http://127.0.0.1:{told['metrics_port']}/healthz") as response:
            assert response.status == 200
    assert "longshore_queue_depth" in text
    async with asyncio.timeout(5):
        while not (reports := await shared.workers()):  # noqa: ASYNC110 - another process says it
            await asyncio.sleep(0.05)
    (report,) = reports
    assert [p.name for p in report.protections] == ["landlock"]
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert await shared.workers() == ()
