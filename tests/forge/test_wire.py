"""The wire to a server that means harm, or makes no sense: told once, for the client of every forge."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.forge import wire
from bot.forge.errors import (
    ForgeConflict,
    ForgeError,
    ForgeForbidden,
    ForgeInvalid,
    ForgeMisbehaved,
    ForgeNotFound,
    ForgeRateLimited,
    ForgeUnauthorized,
    ForgeUnavailable,
)
from bot.forge.github.client import MAX_REQUESTS_UNDER_WAY, GitHubClient
from bot.forge.github.pages import Listing, items
from bot.forge.github.shapes import User as GitHubUser
from bot.forge.gitlab.client import MAX_READS_UNDER_WAY, MAX_WRITES_UNDER_WAY, GitLabClient
from bot.forge.gitlab.shapes import User as GitLabUser
from bot.forge.gitlab.tokens import Tokens
from tests.forge.rogue import Handler, rogue

TIMEOUT_S = 5.0
CREDENTIALS = ("Authorization", "PRIVATE-TOKEN")


@dataclass(frozen=True)
class Client:
    """`call` gives the decoded answer; `users` reads a list of users, page after page."""

    call: Callable[..., Awaitable[Any]]
    users: Callable[[int], Awaitable[Any]]


@dataclass(frozen=True)
class Api:
    """`changing` is a method that changes and may be repeated, `name` what a user's own is called; how much goes on at
    once: `reads`, `writes`.
    """

    root: str
    client: Callable[[aiohttp.ClientSession, str], Client]
    changing: str
    name: str
    reads: int
    writes: int

    @asynccontextmanager
    async def asked(self, handler: Handler) -> AsyncIterator[Client]:
        async with rogue(handler, self.root) as url, aiohttp.ClientSession() as session:
            yield self.client(session, url)


def _github(session: aiohttp.ClientSession, url: str) -> Client:
    client = GitHubClient(session, url, timeout_s=TIMEOUT_S, token="ghp_secret")

    async def call(*about: Any, **options: Any) -> Any:
        return (await client.call(*about, **options))[0]

    return Client(call, lambda limit: items(client, Listing("/things"), GitHubUser, limit=limit))


def _gitlab(session: aiohttp.ClientSession, url: str) -> Client:
    client = GitLabClient(session, url, Tokens(lambda: "glpat-secret"), timeout_s=TIMEOUT_S)

    async def call(*about: Any, **options: Any) -> Any:
        return (await client.call(*about, **options)).data

    return Client(call, lambda limit: client.items("/things", GitLabUser, limit=limit))


GITHUB = Api("/api/v3", _github, "PATCH", "login", MAX_REQUESTS_UNDER_WAY, 1)
GITLAB = Api("/sub/api/v4", _gitlab, "PUT", "username", MAX_READS_UNDER_WAY, MAX_WRITES_UNDER_WAY)


@pytest.fixture(params=[GITHUB, GITLAB], ids=["github", "gitlab"])
def api(request: pytest.FixtureRequest) -> Api:
    chosen: Api = request.param
    return chosen


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ForgeInvalid),
        (403, ForgeForbidden),
        (404, ForgeNotFound),
        (405, ForgeConflict),
        (409, ForgeConflict),
        (410, ForgeNotFound),
        (418, ForgeMisbehaved),
        (422, ForgeInvalid),
    ],
)
async def test_every_refusal_has_its_error(api: Api, status: int, error: type[ForgeError]) -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.json_response({"message": "No, since I say so"}, status=status)

    async with api.asked(handler) as client:
        with pytest.raises(error, match="No, since I say so"):
            await client.call("GET", "/thing")
    assert len(seen) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429])
async def test_a_refusal_that_is_no_json_is_a_refusal_all_the_same(api: Api, status: int) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=status, text="<html>" + "x" * 10_000, content_type="text/html")

    refused = (ForgeInvalid, ForgeForbidden, ForgeNotFound, ForgeRateLimited, ForgeUnauthorized)
    async with api.asked(handler) as client:
        with pytest.raises(refused) as caught:
            await client.call("GET", "/thing")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("status", [301, 302])
async def test_credentials_do_not_follow_a_redirect_to_another_host(api: Api, status: int) -> None:
    seen: list[str | None] = []

    async def thief(request: web.Request) -> web.Response:
        seen.extend(request.headers.get(name) for name in CREDENTIALS)
        return web.json_response({})

    async with rogue(thief, api.root) as elsewhere:

        async def handler(_request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": f"{elsewhere}/thing"})

        async with api.asked(handler) as client:
            with pytest.raises(ForgeMisbehaved, match="credentials do not go"):
                await client.call("GET", "/thing")
    assert seen == []


async def test_a_write_is_not_turned_into_another_request_by_a_redirect(api: Api) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": str(request.url)})

    async with api.asked(handler) as client:
        for method in ("POST", api.changing):
            with pytest.raises(ForgeMisbehaved):
                await client.call(method, "/thing", data={})


@pytest.mark.parametrize(
    "location", ["http://[", "https://a:b/", "http://:80/", "https:", "//", "mailto:a@b"]
)
async def test_a_redirect_to_what_is_no_address_is_an_error_of_ours(api: Api, location: str) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    async with api.asked(handler) as client:
        with pytest.raises(ForgeMisbehaved):
            await client.call("GET", "/thing")


async def test_redirects_in_a_circle_end(api: Api) -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=301, headers={"Location": str(request.url)})

    async with api.asked(handler) as client:
        with pytest.raises(ForgeMisbehaved):
            await client.call("GET", "/thing")
    assert len(seen) == 1 + wire.MAX_REDIRECTS


async def test_pages_without_end_end(api: Api) -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        return web.json_response([], headers={"Link": f'<{request.url}>; rel="next"'})

    async with api.asked(handler) as client:
        assert await client.users(250) == []
    assert 2 <= len(seen) <= 12


async def test_no_more_items_than_asked_for(api: Api) -> None:
    async def handler(request: web.Request) -> web.Response:
        users = [{api.name: "a", "id": number} for number in range(100)]
        return web.json_response(users, headers={"Link": f'<{request.url}>; rel="next"'})

    async with api.asked(handler) as client:
        assert len(await client.users(250)) == 250


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>", "text/html"),
        (b"<html>", "application/json"),
        (b"{", "application/json"),
        (b"\xff", "application/json; charset=utf-8"),
        (b"{}", "application/json; charset=no-such-thing"),
        (b'{"login": 5, "username": 5}', "application/json"),
        (b"", "application/json"),
        (b"[" * 5000, "application/json"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_said_to_be_so(
    api: Api, body: bytes, content_type: str
) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": content_type})

    async with api.asked(handler) as client:
        with pytest.raises(ForgeMisbehaved):
            await client.users(10)


async def test_an_answer_without_end_is_cut_off(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER_BYTES", 100_000)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_compression()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b" " * 10_000)
        return response

    async with api.asked(handler) as client:
        with pytest.raises(ForgeMisbehaved, match="more than 100000 bytes"):
            await client.call("GET", "/thing")


async def test_nobody_at_home_is_temporary_and_tried_again_even_for_a_post(api: Api) -> None:
    async def never(_request: web.Request) -> web.Response:
        raise web.HTTPInternalServerError

    async with rogue(never, api.root) as url:
        pass
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ForgeUnavailable, match="cannot be reached"):
            await api.client(session, url).call("POST", "/thing", data={})


async def test_requests_under_way_are_bounded(api: Api) -> None:
    under_way, peak = {"GET": 0, "POST": 0}, {"GET": 0, "POST": 0}

    async def handler(request: web.Request) -> web.Response:
        under_way[request.method] += 1
        peak[request.method] = max(peak[request.method], under_way[request.method])
        await asyncio.sleep(0.01)
        under_way[request.method] -= 1
        return web.json_response({})

    async with api.asked(handler) as client:
        await asyncio.gather(
            *(client.call("GET", f"/r{n}") for n in range(40)),
            *(client.call("POST", f"/w{n}", data={}) for n in range(20)),
        )
    assert peak["GET"] <= api.reads
    assert peak["POST"] <= api.writes
