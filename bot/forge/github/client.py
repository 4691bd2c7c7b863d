"""HTTP to one GitHub with one set of credentials: gidgethub on a wire of ours.

Invariant: only `ForgeError`s come out, and a budget that GitHub names is kept to.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import gidgethub
import structlog
from gidgethub import sansio
from gidgethub.aiohttp import GitHubAPI
from yarl import URL

from bot.forge.errors import ForgeError, ForgeMisbehaved, ForgeRateLimited
from bot.forge.github.caches import AnswerCache
from bot.forge.github.limits import wait_after
from bot.forge.github.refusals import refusal
from bot.forge.github.settings import AppKey
from bot.forge.wire import MAX_WAIT_S, REPEAT_AFTER_S, Wire, repeated

USER_AGENT: Final = "longshore"
API_VERSION: Final = "2022-11-28"
MAX_CACHED_BYTES: Final = 128 * 1024
MAX_REQUESTS_UNDER_WAY: Final = 10
EXPIRES: Final = "github-authentication-token-expiration"

NO_BODY: Final = b""

_log = structlog.get_logger()


class GitHubClient(GitHubAPI):
    """One instance has one rate budget and one memory of answers, so there is one for each installation."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        api_url: str,
        *,
        timeout_s: float,
        token: str | None = None,
        app: AppKey | None = None,
    ) -> None:
        super().__init__(
            session,
            USER_AGENT,
            oauth_token=token,
            app_id=app.app_id if app else None,
            private_key=app.private_key if app else None,
            cache=AnswerCache(),
            base_url=api_url,
        )
        self._wire = Wire(session, api_url, timeout_s=timeout_s)
        self._under_way = asyncio.Semaphore(MAX_REQUESTS_UNDER_WAY)
        # GitHub asks for writes one after the other.
        self._writing = asyncio.Semaphore(1)
        self._blocked_until = 0.0

    async def call(
        self,
        method: str,
        url: str,
        variables: Mapping[str, Any] | None = None,
        *,
        data: Any = NO_BODY,
        token: str | None = None,
        repeatable: bool | None = None,
    ) -> tuple[Any, str | None]:
        """The decoded answer and the address of its next page.

        `url` is a URI template. `repeatable` says whether the request may be sent again when it is not known whether
        it took effect; left open, everything but a POST may.
        """
        return await repeated(
            lambda: self._call_once(method, url, variables, data, token),
            f"{method} {url}",
            may_repeat=method != "POST" if repeatable is None else repeatable,
            sleep=self.sleep,
        )

    async def _call_once(
        self, method: str, url: str, variables: Mapping[str, Any] | None, data: Any, token: str | None
    ) -> tuple[Any, str | None]:
        try:
            answer, next_page, _status = await self._make_request(
                method, url, variables or {}, data, sansio.accept_format(), oauth_token=token
            )
        except ForgeError:
            raise
        except gidgethub.HTTPException as error:
            raise refusal(error, f"{method} {self._path(url, variables)}") from error
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            # What json, codecs and gidgethub's own reading of an answer throw at one that makes no sense.
            raise ForgeMisbehaved(f"{self._wire.host} gave an answer that cannot be read") from error
        # A link may hold braces, which gidgethub would take for a template.
        return answer, next_page.replace("{", "%7B").replace("}", "%7D") if next_page else None

    async def scopes(self) -> frozenset[str] | None:
        """What a classic token was made for; None where the token does not say (fine-grained ones do not)."""
        text = (await self._headers_of_user()).get("x-oauth-scopes")
        return (
            None if text is None else frozenset(scope.strip() for scope in text.split(",") if scope.strip())
        )

    async def token_expires_at(self) -> datetime | None:
        """None for a token that does not end, and where GitHub does not say."""
        text = (await self._headers_of_user()).get(EXPIRES, "").replace("UTC", "+0000")
        try:
            return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
        except ValueError:
            return None

    async def _headers_of_user(self) -> Mapping[str, str]:
        headers = sansio.create_headers(USER_AGENT, oauth_token=self.oauth_token)
        _, answer, _ = await self._request(
            "GET", sansio.format_url("/user", {}, base_url=self.base_url), headers
        )
        return answer

    async def manage_rate_limit(self, *, method: str, url: str) -> None:  # noqa: ARG002 - gidgethub's hook
        wait_s = self._blocked_until - time.monotonic()
        # gidgethub has counted this request already: below zero means that there was none left for it.
        if self.rate_limit is not None and self.rate_limit.remaining < 0:
            wait_s = max(wait_s, self.rate_limit.reset_datetime.timestamp() - time.time())
        if wait_s > 0:
            await self._wait(wait_s)

    async def handle_rate_limit_error(
        self,
        *,
        method: str,  # noqa: ARG002 - gidgethub's hook
        url: str,  # noqa: ARG002 - gidgethub's hook
        exception: gidgethub.HTTPException,
        attempt: int,
    ) -> bool:
        headers = exception.headers or {}
        wait_s = wait_after(exception.status_code, headers, str(exception), now=time.time())
        if wait_s is None:
            return False
        self._blocked_until = max(self._blocked_until, time.monotonic() + wait_s)
        if attempt > len(REPEAT_AFTER_S):
            raise self._rate_limited(wait_s)
        await self._wait(wait_s)
        return True

    async def _wait(self, wait_s: float) -> None:
        _log.info("forge_rate_limited", host=self._wire.host, wait_s=round(wait_s, 1))
        if wait_s > MAX_WAIT_S:
            raise self._rate_limited(wait_s)
        await self.sleep(wait_s)

    def _rate_limited(self, wait_s: float) -> ForgeRateLimited:
        return ForgeRateLimited(f"{self._wire.host} asks us to wait {wait_s:.0f} s", retry_after_s=wait_s)

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        sent = {**headers, "x-github-api-version": API_VERSION}
        async with self._under_way if method == "GET" else self._writing:
            reply = await self._wire.exchange(method, URL(url, encoded=True), sent, body)
        answer = dict(reply.headers)
        if len(reply.content) > MAX_CACHED_BYTES:
            # Without these it is not remembered.
            answer.pop("etag", None)
            answer.pop("last-modified", None)
        try:
            # An answer 304 costs nothing, but gidgethub has counted it: the headers know better.
            self.rate_limit = sansio.RateLimit.from_http(answer) or self.rate_limit
        except (ValueError, OverflowError, OSError):
            # Nonsense about the budget is no reason to lose the answer, as gidgethub would.
            answer = {name: value for name, value in answer.items() if not name.startswith("x-ratelimit-")}
        return reply.status, answer, reply.content

    def _path(self, url: str, variables: Mapping[str, Any] | None) -> str:
        return self._wire.path(
            URL(sansio.format_url(url, variables or {}, base_url=self.base_url), encoded=True)
        )
