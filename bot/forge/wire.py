"""Requests to one forge's API and nowhere else: the part of HTTP that all forges share.

Invariants: credentials go to the configured root, whatever a link or a redirect says; every request and every answer
is bounded in time and size; only `ForgeError`s come out; and nothing is sent a second time that could take effect
twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import aiohttp
import structlog
from yarl import URL

from bot.forge.errors import ForgeMisbehaved, ForgeUnavailable

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
MAX_REDIRECTS: Final = 3
MAX_WAIT_S: Final = 3.0
"""A longer wait is the step's to make, not ours: it gives the worker back."""
REPEAT_AFTER_S: Final = (0.2, 1.0)

T = TypeVar("T")

_log = structlog.get_logger()


class NotReached(ForgeUnavailable):
    """No connection came about: the request certainly had no effect."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever its status; names of headers are lower-case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire:
    """The way to one API root. The session stays the caller's to close."""

    def __init__(self, session: aiohttp.ClientSession, root_url: str, *, timeout_s: float) -> None:
        root = URL(root_url)
        self._session = session
        self._origin = root.origin()
        self._root_path = root.path.rstrip("/") + "/"
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s / 2)

    @property
    def host(self) -> str:
        return self._origin.host or ""

    def path(self, url: URL) -> str:
        """Which address it was, without root and query, for a message."""
        return "/" + url.raw_path.removeprefix(self._root_path)

    async def exchange(self, method: str, url: URL, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer, also one that is a refusal; redirects that stay below the root are followed."""
        target = self._ours(url)
        reply = await self._once(method, target, headers, body)
        for _ in range(MAX_REDIRECTS):
            if not _is_redirect(method, reply.status) or "location" not in reply.headers:
                break
            target = self._redirected(target, reply.headers["location"])
            reply = await self._once(method, target, headers, body)
        if reply.status >= 500:
            wait = reply.headers.get("retry-after", "")
            raise ForgeUnavailable(
                f"{self.host} answered {reply.status}",
                retry_after_s=float(wait) if wait.isdecimal() else None,
            )
        return reply

    async def _once(self, method: str, url: URL, headers: Mapping[str, str], body: bytes) -> Reply:
        try:
            async with self._session.request(
                method, url, headers=headers, data=body, timeout=self._timeout, allow_redirects=False
            ) as response:
                content = await _read(response)
                names = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, names, content)
        except aiohttp.ClientConnectorCertificateError as error:
            raise ForgeMisbehaved(f"the certificate of {self.host} is not valid for it") from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(f"{self.host} cannot be reached") from error
        except TimeoutError as error:
            raise ForgeUnavailable(f"{self.host} did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ForgeUnavailable(f"the connection to {self.host} broke") from error

    def _redirected(self, url: URL, location: str) -> URL:
        try:
            return self._ours(url.join(URL(location, encoded=True)))
        except ValueError as error:
            raise ForgeMisbehaved(f"{self.host} redirected to what is no address") from error

    def _ours(self, url: URL) -> URL:
        if url.origin() != self._origin or not url.raw_path.startswith(self._root_path):
            raise ForgeMisbehaved(f"{self.host} pointed to {url.host}, where our credentials do not go")
        return url


async def repeated(
    act: Callable[[], Awaitable[T]],
    request: str,
    *,
    may_repeat: bool,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Act, and again where the forge was away. `may_repeat`: also when it is not known whether it took effect."""
    for delay_s in REPEAT_AFTER_S:
        try:
            return await act()
        except ForgeUnavailable as error:
            if not (may_repeat or isinstance(error, NotReached)):
                raise
            _log.info("forge_request_repeated", request=request, reason=error.message)
        await sleep(delay_s)
    return await act()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    while chunk := await response.content.read(CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise ForgeMisbehaved(f"{response.host} gave an answer of more than {MAX_ANSWER_BYTES} bytes")
    return bytes(content)


def _is_redirect(method: str, status: int) -> bool:
    """A renamed repository: forges ask with 307 or 308 to repeat a write there, with the others to repeat a read."""
    return status in {307, 308} or (method == "GET" and status in {301, 302})
