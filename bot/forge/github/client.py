"""HTTP to one GitHub with one set of credentials: gidgethub, made safe.

Invariants: credentials go to the configured API root and nowhere else, whatever a link or a redirect says; every
request and every answer is bounded in time and size; only `ForgeError`s come out; and nothing is sent a second time
that could take effect twice.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import gidgethub
import structlog
from gidgethub import sansio
from gidgethub.aiohttp import GitHubAPI
from yarl import URL

from bot.forge.errors import ForgeError, ForgeMisbehaved, ForgeRateLimited, ForgeUnavailable
from bot.forge.github.caches import AnswerCache
from bot.forge.github.limits import wait_after
from bot.forge.github.refusals import refusal
from bot.forge.github.settings import AppKey

USER_AGENT: Final = "longshore"
API_VERSION: Final = "2022-11-28"
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
MAX_CACHED_BYTES: Final = 128 * 1024
CHUNK_BYTES: Final = 64 * 1024
MAX_REDIRECTS: Final = 3
MAX_REQUESTS_UNDER_WAY: Final = 10
MAX_WAIT_S: Final = 3.0
"""A longer wait is the step's to make, not ours: it gives the worker back."""
REPEAT_AFTER_S: Final = (0.2, 1.0)

NO_BODY: Final = b""

_log = structlog.get_logger()


class NotReached(ForgeUnavailable):
    """No connection came about: the request certainly had no effect."""


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
        root = URL(api_url)
        self._origin = root.origin()
        self._root_path = root.path.rstrip("/") + "/"
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s / 2)
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
        may_repeat = method != "POST" if repeatable is None else repeatable
        for delay_s in REPEAT_AFTER_S:
            try:
                return await self._call_once(method, url, variables, data, token)
            except ForgeUnavailable as error:
                if not (may_repeat or isinstance(error, NotReached)):
                    raise
                _log.info("forge_request_repeated", method=method, url=url, reason=error.message)
            await self.sleep(delay_s)
        return await self._call_once(method, url, variables, data, token)

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
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # What json, codecs and gidgethub's own reading of an answer throw at one that makes no sense.
            raise ForgeMisbehaved(f"{self._origin.host} gave an answer that cannot be read") from error
        # A link may hold braces, which gidgethub would take for a template.
        return answer, next_page.replace("{", "%7B").replace("}", "%7D") if next_page else None

    async def scopes(self) -> frozenset[str] | None:
        """What a classic token was made for; None where the token does not say (fine-grained ones do not)."""
        headers = sansio.create_headers(USER_AGENT, oauth_token=self.oauth_token)
        _, answer, _ = await self._request(
            "GET", sansio.format_url("/user", {}, base_url=self.base_url), headers
        )
        text = answer.get("x-oauth-scopes")
        return (
            None if text is None else frozenset(scope.strip() for scope in text.split(",") if scope.strip())
        )

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
        _log.info("forge_rate_limited", host=self._origin.host, wait_s=round(wait_s, 1))
        if wait_s > MAX_WAIT_S:
            raise self._rate_limited(wait_s)
        await self.sleep(wait_s)

    def _rate_limited(self, wait_s: float) -> ForgeRateLimited:
        return ForgeRateLimited(f"{self._origin.host} asks us to wait {wait_s:.0f} s", retry_after_s=wait_s)

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        sent = {**headers, "x-github-api-version": API_VERSION}
        target = self._ours(URL(url, encoded=True))
        async with self._under_way if method == "GET" else self._writing:
            status, answer, content = await self._exchange(method, target, sent, body)
            for _ in range(MAX_REDIRECTS):
                if not _is_redirect(method, status) or "location" not in answer:
                    break
                target = self._ours(target.join(URL(answer["location"], encoded=True)))
                status, answer, content = await self._exchange(method, target, sent, body)
        if status >= 500:
            wait = answer.get("retry-after", "")
            raise ForgeUnavailable(
                f"{self._origin.host} answered {status}",
                retry_after_s=float(wait) if wait.isdecimal() else None,
            )
        try:
            # An answer 304 costs nothing, but gidgethub has counted it: the headers know better.
            self.rate_limit = sansio.RateLimit.from_http(answer) or self.rate_limit
        except (ValueError, OverflowError, OSError):
            # Nonsense about the budget is no reason to lose the answer, as gidgethub would.
            answer = {name: value for name, value in answer.items() if not name.startswith("x-ratelimit-")}
        return status, answer, content

    async def _exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        try:
            async with self._session.request(
                method, url, headers=headers, data=body, timeout=self._timeout, allow_redirects=False
            ) as response:
                content = await _read(response)
                answer = {name.lower(): value for name, value in response.headers.items()}
                if len(content) > MAX_CACHED_BYTES:
                    # Without these it is not remembered.
                    answer.pop("etag", None)
                    answer.pop("last-modified", None)
                return response.status, answer, content
        except aiohttp.ClientConnectorCertificateError as error:
            raise ForgeMisbehaved(f"the certificate of {self._origin.host} is not valid for it") from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(f"{self._origin.host} cannot be reached") from error
        except TimeoutError as error:
            raise ForgeUnavailable(f"{self._origin.host} did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ForgeUnavailable(f"the connection to {self._origin.host} broke") from error

    def _path(self, url: str, variables: Mapping[str, Any] | None) -> str:
        """Which address it was, without the query, for a message."""
        path = URL(sansio.format_url(url, variables or {}, base_url=self.base_url), encoded=True).raw_path
        return "/" + path.removeprefix(self._root_path)

    def _ours(self, url: URL) -> URL:
        if url.origin() != self._origin or not url.raw_path.startswith(self._root_path):
            raise ForgeMisbehaved(
                f"{self._origin.host} pointed to {url.host}, where our credentials do not go"
            )
        return url


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    while chunk := await response.content.read(CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise ForgeMisbehaved(f"{response.host} gave an answer of more than {MAX_ANSWER_BYTES} bytes")
    return bytes(content)


def _is_redirect(method: str, status: int) -> bool:
    """A renamed repository: GitHub asks with 307 to repeat a write there, and with 301 to repeat a read."""
    return status in {307, 308} or (method == "GET" and status in {301, 302})
