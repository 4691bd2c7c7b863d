"""Bytes to the API server and back: time limits, retries, caps, and every failure as an error of ours.

Invariant: nothing goes out without a time limit, nothing is taken without a size limit, and a request is sent again
only when sending it twice does no more than sending it once.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.kube.connection import Connection
from bot.kube.errors import BadConnection, KubeError, ServerFailed, TooLarge, TooManyRequests, Unreachable
from bot.kube.status import error_of

MAX_ANSWER_BYTES = 64 * 2**20
MAX_TRIES = 4
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 4.0
READ_BYTES = 256 * 1024
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """`what` is how a person would name it. `repeatable` says that a second sending does no harm."""

    method: str
    path: str
    what: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = JSON
    accept: str = JSON
    repeatable: bool = True
    is_secret: bool = False
    timeout_s: float | None = None


class Transport:
    """One cluster's connections. Opened lazily by the first request; close it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._gate = asyncio.Semaphore(connection.max_in_flight)
        self._opening = asyncio.Lock()
        self._client: Any = None

    @property
    def cluster(self) -> str:
        return self._connection.name

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def send(self, request: Request) -> bytes:
        """The body of a 2xx answer. Raises the KubeError that the answer, or its absence, amounts to."""
        client = await self._opened()
        tries = 0
        async with self._gate:
            while True:
                tries += 1
                try:
                    return await self._send_once(client, request)
                except (TooManyRequests, ServerFailed, Unreachable) as error:
                    # A 429 was not acted upon, so that anything may be sent again; else only what is repeatable.
                    again = request.repeatable or isinstance(error, TooManyRequests)
                    if not again or tries >= MAX_TRIES or _is_hopeless(error):
                        raise
                    await asyncio.sleep(_pause_s(tries, error.retry_after_s))

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                self._client = await self._connection.open()
            return self._client

    async def _send_once(self, client: Any, request: Request) -> bytes:
        limit_s = request.timeout_s or self._connection.request_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                answer = await client.call_api(
                    request.path,
                    request.method,
                    query_params=list(request.query.items()),
                    header_params={"Accept": request.accept, "Content-Type": request.content_type},
                    body=request.body,
                    auth_settings=["BearerToken"],
                    _preload_content=False,
                    _request_timeout=limit_s,
                )
                async with answer:
                    body = await self._read(answer, request)
        except KubeError:
            raise
        except TimeoutError as error:
            raise Unreachable(
                f"{request.what}: cluster {self.cluster} did not answer within {limit_s:.0f} s",
                hint="is its API server up, and reachable from the worker?",
            ) from error
        except OSError as error:
            # aiohttp's connection errors are OSErrors; their words name host and port, no secret.
            raise Unreachable(
                f"{request.what}: cluster {self.cluster} cannot be reached: {_brief(error)}",
                hint="is its API server up, and reachable from the worker?",
            ) from error
        except Exception as error:
            raise self._translated(request, error) from error
        if answer.status >= 300:
            raise error_of(answer.status, body, request.what, is_secret=request.is_secret)
        return body

    async def _read(self, answer: Any, request: Request) -> bytes:
        parts: list[bytes] = []
        size_bytes = 0
        async for part in answer.content.iter_chunked(READ_BYTES):
            size_bytes += len(part)
            if size_bytes > MAX_ANSWER_BYTES:
                raise TooLarge(f"{request.what}: the answer exceeds {MAX_ANSWER_BYTES >> 20} MiB")
            parts.append(part)
        return b"".join(parts)

    def _translated(self, request: Request, error: Exception) -> KubeError:
        from aiohttp import ClientError, InvalidURL  # noqa: PLC0415 - loaded with the client by now

        if isinstance(error, InvalidURL):
            return BadConnection(f"cluster {self.cluster}: the server's address is no URL")
        if isinstance(error, ClientError):
            return Unreachable(
                f"{request.what}: the connection to cluster {self.cluster} broke: {_brief(error)}"
            )
        raise error


def _is_hopeless(error: KubeError) -> bool:
    """A request that used up its whole time is left to the caller's next step: steps are short."""
    return isinstance(error, Unreachable) and isinstance(error.__cause__, TimeoutError)


def _pause_s(tries: int, asked_s: float | None) -> float:
    pause_s: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1))
    jittered_s = pause_s * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
    return max(jittered_s, min(asked_s or 0.0, LONGEST_PAUSE_S))


def _brief(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
