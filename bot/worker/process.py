"""The worker as a process: two queues, the housekeeping, a metrics port, and an orderly end.

On SIGTERM it takes no more jobs, gives those under way `drain_s` to finish, and hands the rest back to the queue.
"""

import asyncio
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from bot.aio import cancel_all
from bot.model.plan import Protection
from bot.model.steps import StepFunction, StepKey
from bot.store import keys
from bot.store.connection import Store, StoreUnavailable
from bot.store.jobs import JobRunner
from bot.store.queue import LEASE_S, Queue
from bot.store.shared import Shared, WorkerReport
from bot.worker.credentials import Expiry, watch_credentials
from bot.worker.housekeeping import Chore, Sweeps, chores, keep_house
from bot.worker.metrics import Metrics
from bot.worker.runner import Limits, Runner

EX_TEMPFAIL = 75
"""The exit status of a worker whose store went away: start it again."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How the process works. Port 0 takes a free one; the log line `worker_ready` tells which."""

    store_url: str
    version: str
    interactive: int = 4
    background: int = 1
    drain_s: float = 25.0
    sweep_every_s: float = 600.0
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 8081
    lease_s: float = LEASE_S
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Work:
    """What the loops bring: a function per loop, the keys of the sweep, and the protections for `/readyz`.

    `expiries` asks each forge when the credentials for it end.
    """

    steps: Mapping[str, StepFunction]
    sweeps: tuple[StepKey, ...] = ()
    protections: tuple[Protection, ...] = ()
    expiries: Mapping[str, Expiry] = field(default_factory=dict)


OpenWork = Callable[[Store], AbstractAsyncContextManager[Work]]
"""Opens whatever the loops need (clients, mirrors) and closes it when the worker ends."""


async def serve(options: WorkerOptions, open_work: OpenWork) -> int:
    """Work until SIGTERM or SIGINT; the exit status of the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    store = Store.open(options.store_url)
    try:
        async with open_work(store) as work:
            return await _Process(options, store, work).work_until(stop)
    finally:
        await store.close()


class _Process:
    def __init__(self, options: WorkerOptions, store: Store, work: Work) -> None:
        self._options = options
        self._metrics = metrics = Metrics()
        self._queue = queue = Queue(store, lease_s=options.lease_s)
        self._shared = shared = Shared(store)
        self._sweeps = Sweeps(work.sweeps, options.sweep_every_s)
        name = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self._report = WorkerReport(name, options.version, time.time(), work.protections)
        self._runner = runner = Runner(queue, work.steps, metrics, options.limits)
        self._chores: tuple[Chore, ...] = (
            *chores(queue, shared, metrics, self._report, self._sweeps),
            watch_credentials(work.expiries, metrics),
        )
        self._jobs = [
            JobRunner(options.store_url, name, runner.run, concurrency=concurrency)
            for name, concurrency in (
                (keys.QUEUE_INTERACTIVE, options.interactive),
                (keys.QUEUE_BACKGROUND, options.background),
            )
        ]

    async def work_until(self, stop: asyncio.Event) -> int:
        async with _operators_port(self._options, self._metrics, self._queue):
            await self._wake_sweeps()
            stopping = asyncio.create_task(stop.wait(), name="stop")
            house = asyncio.create_task(keep_house(self._chores, self._metrics), name="housekeeping")
            working = [asyncio.create_task(jobs.run(), name="jobs") for jobs in self._jobs]
            try:
                await asyncio.wait({stopping, house, *working}, return_when=asyncio.FIRST_COMPLETED)
                return await self._end([house, *working])
            finally:
                await cancel_all([stopping, *working])
                await self._runner.settled()
                await cancel_all([house])
                await self._withdraw()

    async def _end(self, tasks: list[asyncio.Task[None]]) -> int:
        failure = next((task.exception() for task in tasks if task.done()), None)
        if failure is not None and not isinstance(failure, StoreUnavailable):
            raise failure
        log.info("worker_draining", running=sum(j.running for j in self._jobs), error=str(failure or ""))
        # Leases are renewed and dead workers' keys freed until the last step has ended.
        await asyncio.gather(*(jobs.drain(self._options.drain_s) for jobs in self._jobs))
        log.info("worker_stopped", handed_back=sum(j.running for j in self._jobs))
        return 0 if failure is None else EX_TEMPFAIL

    async def _wake_sweeps(self) -> None:
        try:
            await self._sweeps.wake_at_start(self._queue, self._shared)
        except StoreUnavailable as error:
            log.warning("sweep_not_woken", error=str(error))

    async def _withdraw(self) -> None:
        try:
            await self._shared.withdraw(self._report.id)
        except StoreUnavailable as error:
            log.warning("worker_not_withdrawn", error=str(error))


@asynccontextmanager
async def _operators_port(options: WorkerOptions, metrics: Metrics, queue: Queue) -> AsyncIterator[None]:
    """For the operator alone: `/parked` names keys and errors."""
    from prometheus_client.aiohttp import make_aiohttp_handler  # noqa: PLC0415 - loads its own share of modules

    async def parked(_request: web.Request) -> web.Response:
        status = await queue.status()
        return web.json_response(
            {
                "count": status.parked,
                "newest": [
                    {"key": str(one.step), "sinceUnix": round(one.since_s), "error": one.error}
                    for one in status.parked_newest
                ],
            }
        )

    app = web.Application()
    app.router.add_get("/metrics", make_aiohttp_handler(metrics.registry))
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/parked", parked)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.metrics_host, options.metrics_port)
        await site.start()
        log.info("worker_ready", metrics_port=runner.addresses[0][1], store=options.store_url)
        yield
    finally:
        await runner.cleanup()


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})
