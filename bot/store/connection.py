"""The way to the store: one client per process, every call bounded in time, every failure ours.

No caller sees an exception of redis. With the store down or refusing writes a call raises `StoreUnavailable` within
two seconds, plus, when many calls are made at once, at most `TURN_TIMEOUT_S` of waiting for a turn.
"""

import asyncio
from collections.abc import Callable
from importlib import resources
from typing import Any

import msgspec
from redis.asyncio import ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import (
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from bot.errors import LongshoreError, Temporary, UserError
from bot.log import redact
from bot.store import keys

CALL_TIMEOUT_S = 1.8
SOCKET_TIMEOUT_S = 1.0
MAX_CONNECTIONS = 32
TURN_TIMEOUT_S = 5.0
"""A burst is worth waiting for: a forge gives an answer ten seconds, and does not deliver again by itself."""
RETRY_AFTER_S = 5.0

SCRIPTS = ("wake", "seen", "begin", "renew", "settle", "reap", "cache_put", "budget")

# Replies that mean the server cannot take the call now, not that the call is wrong.
_REFUSALS = (OutOfMemoryError, ReadOnlyError, NoPermissionError)
_REFUSAL_WORDS = ("MISCONF", "NOREPLICAS", "MASTERDOWN", "BUSY")


class StoreUnavailable(Temporary):
    """The store does not answer, or answers that it takes no writes now."""


class StoreMisused(LongshoreError):
    """The store understood the call and found it wrong: a bug, or a server of the wrong version."""


class Store:
    """A connection pool and the scripts. Open it with `Store.open`, close it with `close`."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._turns = asyncio.Semaphore(MAX_CONNECTIONS)
        self._scripts = {name: redis.register_script(_source(name)) for name in SCRIPTS}

    @classmethod
    def open(cls, url: str) -> "Store":
        """Does not connect yet: a store that is down shows at the first call. Raises UserError for an unusable URL."""
        return cls(Redis(connection_pool=_pool(url)))

    async def close(self) -> None:
        await self.redis.aclose(close_connection_pool=True)

    async def script(self, name: str, request: dict[str, Any], *blobs: bytes) -> Any:
        """Run one script, atomically. Bytes go beside the request: the server's msgpack knows text only."""
        script = self._scripts[name]
        return await self.call(lambda: script(args=[msgspec.msgpack.encode(request), *blobs]))

    async def call(self, function: Callable[[], Any]) -> Any:
        """Await what `function` begins with the client, bounded in time, its failures made ours."""
        await self._wait_for_turn()
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await _cancellable(function)
        except ResponseError as error:
            if isinstance(error, _REFUSALS) or str(error).startswith(_REFUSAL_WORDS):
                raise _unavailable(error) from error
            raise StoreMisused(f"the store refused a call: {redact(str(error))}") from error
        except (RedisError, OSError, TimeoutError) as error:
            raise _unavailable(error) from error
        finally:
            self._turns.release()

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(TURN_TIMEOUT_S):
                await self._turns.acquire()
        except TimeoutError as error:
            raise _unavailable(TimeoutError("too many calls are under way")) from error

    async def ping(self) -> None:
        await self.call(self.redis.ping)


async def _cancellable(function: Callable[[], Any]) -> Any:
    """Await what `function` begins, and let no cancellation that comes meanwhile go by.

    NB: redis awaits `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that comes as it succeeds: a
    loop around a call would then go on for ever, and whoever cancelled it wait for ever.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    answer = await function()
    if task and task.cancelling() > before:
        raise asyncio.CancelledError
    return answer


def _unavailable(error: Exception) -> StoreUnavailable:
    told = redact(str(error)) or type(error).__name__
    return StoreUnavailable(f"the store is not available: {told}", retry_after_s=RETRY_AFTER_S)


def _pool(url: str) -> ConnectionPool:
    options: dict[str, Any] = {
        "socket_connect_timeout": SOCKET_TIMEOUT_S,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "retry": Retry(ConstantBackoff(0.1), 2),
        # NB: OSError is what a vanished Unix socket raises, and redis does not retry it by itself.
        "retry_on_error": [OSError, RedisConnectionError, RedisTimeoutError, BusyLoadingError],
        "max_connections": MAX_CONNECTIONS,
    }
    return ConnectionPool(**address(url), **options)


def address(url: str) -> dict[str, Any]:
    """The URL as redis's connection arguments. Raises UserError, without the URL: it may hold a password."""
    try:
        parsed: dict[str, Any] = dict(parse_url(url))
    except ValueError:
        parsed = {}
    scheme = url.partition("://")[0]
    if scheme == "unix" and "path" in parsed:
        return {**parsed, "connection_class": UnixDomainSocketConnection}
    if scheme == "rediss" and "host" in parsed:
        return {**parsed, "connection_class": SSLConnection}
    if scheme == "redis" and "host" in parsed:
        return parsed
    raise UserError(
        "store.url is not usable", hint="write redis://HOST:PORT/DB, rediss://HOST:PORT/DB or unix:///PATH"
    )


def _source(name: str) -> str:
    folder = resources.files("bot.store") / "lua"
    return keys.lua_table() + "".join(
        (folder / f"{part}.lua").read_text("utf-8") for part in ("common", name)
    )
