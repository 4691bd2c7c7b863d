"""arq, the part of it we use: polling a queue, starting jobs, keeping a number of them under way.

What a run's end means is decided by `bot.store.queue` alone: here no job is ever retried, expired or failed by arq's
own rules, except that a job which could not even begin is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from arq.connections import ArqRedis
from arq.worker import Retry, Worker, func
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry as RedisRetry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from bot.aio import cancel_all
from bot.errors import Temporary
from bot.log import redact
from bot.model.steps import StepKey
from bot.store.connection import StoreUnavailable, address
from bot.store.queue import ARQ_JOB_TIMEOUT_S, JOB_FUNCTION

POLL_S = 0.1
SOCKET_TIMEOUT_S = 5.0
BEGIN_AGAIN_S = 1.0
# Attempts that fail before a run begins, and workers that die, are all that arq counts; parking is the queue's matter.
MAX_TRIES = 1_000_000
OUTAGE_RETRIES = 30
"""With delays of up to a second: an outage of half a minute goes by unnoticed."""

RunJob = Callable[[StepKey, str], Awaitable[None]]
"""Runs the step of one job, whose id is the second argument, and settles it."""


class JobRunner:
    """Takes jobs from one queue. `run` until it is drained or the store stays away."""

    def __init__(self, url: str, queue: str, run_job: RunJob, *, concurrency: int) -> None:
        self._run_job = run_job
        self._worker = Worker(
            [func(self._job, name=JOB_FUNCTION)],
            queue_name=queue,
            redis_pool=_patient_client(url, queue),
            handle_signals=False,
            max_jobs=concurrency,
            max_tries=MAX_TRIES,
            job_timeout=ARQ_JOB_TIMEOUT_S,
            keep_result=0,
            poll_delay=POLL_S,
            log_results=False,
            job_serializer=msgspec.json.encode,
            job_deserializer=msgspec.json.decode,
        )

    @property
    def running(self) -> int:
        return sum(not task.done() for task in self._worker.tasks.values())

    async def run(self) -> None:
        """Work until cancelled. Raises StoreUnavailable when the store was away for too long."""
        try:
            await self._worker.main()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"the store stayed away: {redact(str(error))}") from error
        finally:
            await cancel_all(self._worker.tasks.values())
            await self._worker.pool.aclose(close_connection_pool=True)

    async def drain(self, timeout_s: float) -> None:
        """Take no more jobs, and return when those under way have ended or the time is over."""
        self._worker.allow_pick_jobs = False
        tasks = list(self._worker.tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)

    async def _job(self, ctx: dict[str, Any], loop: str, key: str) -> None:
        try:
            await self._run_job(StepKey(loop, key), ctx["job_id"])
        except Temporary as error:
            raise Retry(defer=BEGIN_AGAIN_S) from error


def _patient_client(url: str, queue: str) -> ArqRedis:
    """A client that sits out an outage: arq's own would end the worker at the first refused connection."""
    pool = ConnectionPool(
        **address(url),
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        socket_timeout=SOCKET_TIMEOUT_S,
        retry=RedisRetry(ExponentialBackoff(cap=1, base=0.05), OUTAGE_RETRIES),
        retry_on_error=[OSError, RedisConnectionError, RedisTimeoutError, BusyLoadingError],
    )
    return ArqRedis(
        pool,
        job_serializer=msgspec.json.encode,
        job_deserializer=msgspec.json.decode,
        default_queue_name=queue,
    )
