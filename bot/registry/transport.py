"""Bytes from a host and nowhere else: who may be asked, time limits, size caps, retries, redirects.

Invariant: no request goes to a host that the operator did not allow (a host below the one that was asked counts as
its own), an `Authorization` goes to the very endpoint it is for, and nothing is taken without a limit. All failures
leave here as errors of ours; their messages name the address without user and query.
"""

import asyncio
import random
import socket
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.model.hosts import Hosts, is_public
from bot.registry.address import endpoint_of, permit, permit_redirect, shown
from bot.registry.errors import (
    BadSource,
    Corrupt,
    HostNotAllowed,
    Refused,
    ServerFailed,
    SourceError,
    TooLarge,
    TooManyRequests,
    Unreachable,
)
from bot.registry.limits import Limits
from bot.registry.turns import Turns

CONNECT_S = 10.0
MOST_REDIRECTS = 5
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 4.0
READ_BYTES = 256 * 1024
PASSED_ON = frozenset({200, 304, 401, 403, 404})
"""Answers that mean something to whoever asked."""


@dataclass(frozen=True, slots=True)
class Ask:
    """`home` is the address whose host was allowed; `authorization` is for `url`'s own endpoint.

    With `take` the body is handed over piece by piece and `restart` called before each try; else it is collected.
    """

    url: str
    home: str
    most_bytes: int
    accept: str = "*/*"
    authorization: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    is_packed: bool = False
    take: Callable[[bytes], object] | None = None
    restart: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is empty for anything but a 200; `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Transport:
    """The connections of one process and event loop. Close it."""

    def __init__(self, hosts: Hosts, limits: Limits) -> None:
        self._hosts = hosts
        self._limits = limits
        self._turns = Turns(limits)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Resolver(hosts), limit=limits.in_flight, use_dns_cache=False
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            # NB: bodies are unpacked here, where their size is watched; an archive must stay as it is.
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=limits.stall_s),
            headers={"User-Agent": "longshore"},
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(self, ask: Ask) -> Answer:
        """Ask, and ask again where that may help. Raises `SourceError`; a 401, 403 or 404 is an answer."""
        tries = 0
        async with self._turns.at(ask.url):
            while True:
                tries += 1
                try:
                    return await self._within_time(ask)
                except (TooManyRequests, ServerFailed, Unreachable) as error:
                    if tries >= self._limits.tries or _is_hopeless(error):
                        raise
                    await asyncio.sleep(_pause_s(tries, error.retry_after_s))

    async def _within_time(self, ask: Ask) -> Answer:
        try:
            async with asyncio.timeout(self._limits.request_s):
                return await self._follow(ask)
        except SourceError:
            raise
        except TimeoutError as error:
            raise Unreachable(
                f"{shown(ask.url)} did not answer in full within {self._limits.request_s:g} s"
                if not isinstance(error, aiohttp.ServerTimeoutError)
                else f"{shown(ask.url)} fell silent for too long"
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # NB: to Python, a certificate that is not trusted is a ValueError, as an address that cannot be read is.
            if isinstance(error, ValueError) and not isinstance(error, aiohttp.ClientSSLError):
                raise BadSource(f"{shown(ask.url)} is no address that can be asked") from None
            raise Unreachable(f"{shown(ask.url)} cannot be reached: {_brief(error)}") from error

    async def _follow(self, ask: Ask) -> Answer:
        url, first = ask.url, endpoint_of(ask.url)
        permit(url, ask.home, self._hosts)
        for _ in range(MOST_REDIRECTS + 1):
            headers = {"Accept": ask.accept, "Accept-Encoding": "gzip" if ask.is_packed else "identity"}
            if ask.authorization and endpoint_of(url) == first:
                headers["Authorization"] = ask.authorization
            headers.update(ask.headers)
            request = self._session.get(URL(url, encoded=True), headers=headers, allow_redirects=False)
            async with request as response:
                if response.status in {301, 302, 303, 307, 308}:
                    url = urljoin(url, response.headers.get("Location", ""))
                    permit_redirect(url, ask.url, ask.home, self._hosts)
                    continue
                if response.status not in PASSED_ON:
                    raise _failure(response, url)
                lowered = {name.lower(): value for name, value in response.headers.items()}
                body = await self._read(response, ask) if response.status == 200 else b""
                return Answer(response.status, lowered, body, url)
        raise Refused(f"{shown(ask.url)} redirects more than {MOST_REDIRECTS} times")

    async def _read(self, response: aiohttp.ClientResponse, ask: Ask) -> bytes:
        parts: list[bytes] = []
        take = ask.take or parts.append
        if ask.restart is not None:
            ask.restart()
        if (response.content_length or 0) > ask.most_bytes:
            raise _too_large(ask)
        unpack = _Unpacked(response.headers.get("Content-Encoding", ""), ask) if ask.is_packed else None
        size_bytes = 0
        async for raw in response.content.iter_chunked(READ_BYTES):
            for part in unpack.of(raw) if unpack is not None else (raw,):
                size_bytes += len(part)
                if size_bytes > ask.most_bytes:
                    raise _too_large(ask)
                take(part)
        if unpack is not None:
            unpack.end()
        return b"".join(parts)


class _Unpacked:
    """A gzipped answer, piece by piece; no piece is much larger than what is read at once."""

    def __init__(self, encoding: str, ask: Ask) -> None:
        self._inflate: Any = zlib.decompressobj(31) if encoding.lower() in {"gzip", "x-gzip"} else None
        self._ask = ask

    def of(self, raw: bytes) -> Any:
        if self._inflate is None:
            yield raw
            return
        try:
            while raw:
                yield self._inflate.decompress(raw, READ_BYTES)
                raw = self._inflate.unconsumed_tail
        except zlib.error:
            raise Corrupt(f"{shown(self._ask.url)} came packed in a way that cannot be unpacked") from None

    def end(self) -> None:
        if self._inflate is not None and not self._inflate.eof:
            raise Unreachable(f"{shown(self._ask.url)} broke off")


class _Resolver(AbstractResolver):
    """The system's, except that a name which only wildcards allow may not lead into a private network."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        scheme = "http" if port == 80 else "https"
        if not self._hosts.wants_public_address(f"{scheme}://{host}:{port}"):
            return found
        public = [one for one in found if is_public(one["host"])]
        if not public:
            raise HostNotAllowed(
                f"{host} leads into a private network, so it must be named in full",
                hint=self._hosts.way_in.format(host),
            )
        return public

    async def close(self) -> None:
        await self._inner.close()


def _failure(response: aiohttp.ClientResponse, url: str) -> SourceError:
    after = response.headers.get("Retry-After", "")
    after_s = float(after) if after.isascii() and after.isdigit() and len(after) < 6 else None
    if response.status == 429:
        return TooManyRequests(
            f"{shown(url)} answers that it is asked too often",
            hint="`sources.credentials` for that host may raise the limit",
            retry_after_s=after_s,
        )
    if response.status >= 500:
        return ServerFailed(
            f"{shown(url)} fails on its side (status {response.status})", retry_after_s=after_s
        )
    return Refused(f"{shown(url)} answers with status {response.status}")


def _too_large(ask: Ask) -> TooLarge:
    return TooLarge(f"{shown(ask.url)} is larger than {ask.most_bytes / (1 << 20):g} MiB")


def _is_hopeless(error: ServerFailed | TooManyRequests | Unreachable) -> bool:
    """Its time is used up, or it wants more patience than a step has."""
    return isinstance(error.__cause__, TimeoutError) or (error.retry_after_s or 0.0) > LONGEST_PAUSE_S


def _pause_s(tries: int, asked_s: float | None) -> float:
    pause_s: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1))
    return max(pause_s * random.uniform(0.5, 1.5), asked_s or 0.0)  # noqa: S311 - spreads load, guards nothing


def _brief(error: Exception) -> str:
    # A payload's error may quote what came, so that only its kind is said.
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer broke off"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {error.host} cannot be looked up"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "")
        return f"the certificate of {error.host} is not trusted{why and f' ({why})'}"
    if isinstance(error, aiohttp.ClientConnectorError):
        what = "TLS" if isinstance(error, aiohttp.ClientSSLError) else "connection"
        return f"no {what} with {error.host}:{error.port}"
    return (str(error) or type(error).__name__)[:200]
