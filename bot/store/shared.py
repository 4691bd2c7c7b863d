"""What workers share besides the queue: a bounded cache, rate budgets, turns, and who is there.

Values must be masked before they come here. All of it is bounded in time and size, and all of it may vanish.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.model.plan import Protection
from bot.store import keys
from bot.store.connection import Store

MAX_VALUE_BYTES = 1 << 20
MAX_NAMESPACE_BYTES = 16 << 20
WORKER_TTL_S = 20.0


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker says of itself; `started_at_s` is Unix time."""

    id: str
    version: str
    started_at_s: float
    protections: tuple[Protection, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """`capacity` calls at once, refilled by `per_s`."""

    capacity: float
    per_s: float


class Shared:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._redis = store.redis

    async def cache_get(self, namespace: str, name: str) -> bytes | None:
        value: bytes | None = await self._store.call(
            lambda: self._redis.get(f"{keys.CACHE}{namespace}:{name}")
        )
        return value

    async def cache_put(
        self, namespace: str, name: str, value: bytes, *, ttl_s: float, max_bytes: int = MAX_NAMESPACE_BYTES
    ) -> bool:
        """Keep a masked value, dropping the oldest of its namespace for room. False where it is too large to keep."""
        if not name or len(value) > min(MAX_VALUE_BYTES, max_bytes):
            return False
        request = {
            "namespace": namespace,
            "name": name,
            "ttl_ms": round(ttl_s * 1000),
            "max_bytes": max_bytes,
        }
        await self._store.script("cache_put", request, value)
        return True

    async def take(self, budget: str, rate: Rate, cost: float = 1.0) -> float:
        """Take from a budget shared by all workers: 0 when granted, else seconds after which to ask again."""
        if not 0 < cost <= rate.capacity:
            raise ValueError(f"a call that costs {cost:g} never fits into a budget of {rate.capacity:g}")
        request = {"name": budget, "cost": cost, "capacity": rate.capacity, "per_s": rate.per_s}
        wait_ms: int = await self._store.script("budget", request)
        return wait_ms / 1000

    async def claim(self, turn: str, ttl_s: float) -> bool:
        """Whether we are the one worker to take this turn; nobody else gets it for `ttl_s`."""
        name, ttl_ms = keys.CLAIM + turn, round(ttl_s * 1000)
        return bool(await self._store.call(lambda: self._redis.set(name, b"1", px=ttl_ms, nx=True)))

    async def report(self, report: WorkerReport) -> None:
        """Say that this worker lives; to be repeated well within WORKER_TTL_S."""
        value, now_ms = msgspec.msgpack.encode(report), round(time.time() * 1000)
        ttl_ms = round(WORKER_TTL_S * 1000)
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(keys.WORKER + report.id, value, px=ttl_ms)
        pipe.zadd(keys.WORKERS, {report.id: now_ms})
        pipe.zremrangebyscore(keys.WORKERS, "-inf", now_ms - 10 * ttl_ms)
        await self._store.call(pipe.execute)

    async def withdraw(self, worker_id: str) -> None:
        """Say that this worker is gone."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(keys.WORKER + worker_id)
        pipe.zrem(keys.WORKERS, worker_id)
        await self._store.call(pipe.execute)

    async def workers(self) -> Sequence[WorkerReport]:
        """The workers that live."""
        ids = await self._store.call(lambda: self._redis.zrange(keys.WORKERS, 0, -1))
        if not ids:
            return ()
        names = [keys.WORKER + worker_id.decode() for worker_id in ids]
        values = await self._store.call(lambda: self._redis.mget(names))
        return tuple(msgspec.msgpack.decode(value, type=WorkerReport) for value in values if value)
