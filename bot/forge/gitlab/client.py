"""HTTP to one GitLab with one token, on a wire of ours.

Invariants: only `ForgeError`s come out; a limit that GitLab names is kept to, by everything that asks this GitLab; a
token that is refused is read again once, and once only; of a link to the next page only the query is taken.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import aiohttp
import msgspec
import structlog
from yarl import URL

from bot.forge.errors import ForgeMisbehaved, ForgeRateLimited
from bot.forge.gitlab.limits import wait_after
from bot.forge.gitlab.refusals import refusal
from bot.forge.gitlab.tokens import Tokens, refused
from bot.forge.shaped import shaped
from bot.forge.wire import MAX_WAIT_S, REPEAT_AFTER_S, Reply, Wire, repeated

USER_AGENT: Final = "longshore"
MAX_READS_UNDER_WAY: Final = 10
MAX_WRITES_UNDER_WAY: Final = 4
PAGE: Final = 100
READS: Final = frozenset({"GET", "HEAD"})

Params = Mapping[str, str | int | bool]
NO_PARAMS: Final[Params] = {}

T = TypeVar("T")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded answer; `next_page` is the query of the page after it."""

    data: Any
    next_page: Mapping[str, str] | None


class GitLabClient:
    def __init__(
        self, session: aiohttp.ClientSession, api_url: str, tokens: Tokens, *, timeout_s: float
    ) -> None:
        self.tokens = tokens
        self._root = api_url.rstrip("/")
        self._wire = Wire(session, api_url, timeout_s=timeout_s)
        self._reading = asyncio.Semaphore(MAX_READS_UNDER_WAY)
        self._writing = asyncio.Semaphore(MAX_WRITES_UNDER_WAY)
        self._blocked_until = 0.0

    async def get(self, path: str, shape: type[T], params: Params = NO_PARAMS) -> T:
        return shaped((await self.call("GET", path, params)).data, shape)

    async def items(
        self, path: str, shape: type[T], params: Params = NO_PARAMS, *, limit: int
    ) -> Sequence[T]:
        """The first `limit` items of a list, by whichever way of paging GitLab answers with."""
        found: list[T] = []
        query: Params | None = {**params, "per_page": PAGE}
        # Pages may come short, but a list of empty ones has to end as well.
        for _ in range(2 * (limit // PAGE + 1)):
            if query is None or len(found) >= limit:
                break
            answer = await self.call("GET", path, query)
            found += shaped(answer.data, list[shape])  # type: ignore[valid-type]
            query = answer.next_page
        return found[:limit]

    async def call(
        self,
        method: str,
        path: str,
        params: Params = NO_PARAMS,
        *,
        data: Mapping[str, Any] | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """`path` is below the API's root, its parts encoded. `repeatable` says whether the request may be sent again
        when it is not known whether it took effect; left open, everything but a POST may.
        """
        return await repeated(
            lambda: self._call_once(method, path, params, data),
            f"{method} {path}",
            may_repeat=method != "POST" if repeatable is None else repeatable,
        )

    async def _call_once(
        self, method: str, path: str, params: Params, data: Mapping[str, Any] | None
    ) -> Answer:
        url = URL(self._root + path, encoded=True).update_query(
            {name: _text(params[name]) for name in params}
        )
        body = b"" if data is None else msgspec.json.encode(data)
        reply = await self._within_limits(method, url, body)
        if not 200 <= reply.status < 300:
            raise refusal(reply, f"{method} {self._wire.path(url)}")
        try:
            decoded = msgspec.json.decode(reply.content) if reply.content else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ForgeMisbehaved(f"{self._wire.host} gave an answer that cannot be read") from error
        return Answer(decoded, _next_page(reply.headers, params))

    async def _within_limits(self, method: str, url: URL, body: bytes) -> Reply:
        for _ in range(1 + len(REPEAT_AFTER_S)):
            await self._wait(self._blocked_until - time.monotonic())
            reply = await self._authorized(method, url, body)
            wait_s = wait_after(reply.status, reply.headers)
            if wait_s is not None:
                self._blocked_until = max(self._blocked_until, time.monotonic() + wait_s)
            if reply.status != 429:
                return reply
        raise self._rate_limited(max(self._blocked_until - time.monotonic(), 0.0))

    async def _authorized(self, method: str, url: URL, body: bytes) -> Reply:
        token = await self.tokens.current()
        reply = await self._send(method, url, body, token)
        if reply.status == 401 and await self.tokens.renewed(token):
            reply = await self._send(method, url, body, await self.tokens.current())
        if reply.status == 401:
            raise refused()
        return reply

    async def _send(self, method: str, url: URL, body: bytes, token: str) -> Reply:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", "PRIVATE-TOKEN": token}
        if body:
            headers["Content-Type"] = "application/json"
        async with self._reading if method in READS else self._writing:
            return await self._wire.exchange(method, url, headers, body)

    async def _wait(self, wait_s: float) -> None:
        if wait_s <= 0:
            return
        _log.info("forge_rate_limited", host=self._wire.host, wait_s=round(wait_s, 1))
        if wait_s > MAX_WAIT_S:
            raise self._rate_limited(wait_s)
        await asyncio.sleep(wait_s)

    def _rate_limited(self, wait_s: float) -> ForgeRateLimited:
        return ForgeRateLimited(f"{self._wire.host} asks us to wait {wait_s:.0f} s", retry_after_s=wait_s)


def _next_page(headers: Mapping[str, str], params: Params) -> Mapping[str, str] | None:
    """Of GitLab's link only the query: behind a proxy it names an address of its own for itself."""
    for link in headers.get("link", "").split(","):
        target, _, relation = link.partition(";")
        if 'rel="next"' in relation.replace(" ", "") and target.strip()[:1] == "<":
            try:
                return dict(URL(target.strip()[1:-1], encoded=True).query)
            except ValueError:
                break
    page = headers.get("x-next-page", "")
    return {**{name: _text(params[name]) for name in params}, "page": page} if page.isdecimal() else None


def _text(value: str | int | bool) -> str:  # noqa: FBT001 - what queries are made of
    return str(value).lower() if isinstance(value, bool) else str(value)
