"""The wire to GitHub: limits, faults, links, caching. What holds for every forge's is in `tests/forge/test_wire.py`."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.forge.errors import (
    ForgeForbidden,
    ForgeInvalid,
    ForgeMisbehaved,
    ForgeNotFound,
    ForgeRateLimited,
)
from bot.forge.github import client as client_module
from bot.forge.github.client import GitHubClient
from bot.forge.github.pages import Listing, items
from bot.forge.github.shapes import User
from bot.model.repo import Actor
from tests.forge.github.conftest import FLEET, Handler, World, rogue

REPO = r"/repos/acme/fleet$"
GET_REPO = "GET /repos/acme/fleet"


@asynccontextmanager
async def client_of(api_url: str, timeout_s: float = 5.0) -> AsyncIterator[GitHubClient]:
    async with aiohttp.ClientSession() as session:
        yield GitHubClient(session, api_url, timeout_s=timeout_s, token="ghp_secret")


async def ask(handler: Handler, method: str = "GET", **options: Any) -> Any:
    async with rogue(handler) as api_url, client_of(api_url) as client:
        return (await client.call(method, "/thing", **options))[0]


# Limits and refusals of a GitHub that means well; other faults: `tests/forge/test_faults.py`


async def test_a_long_wait_may_be_called_forbidden(with_token: World) -> None:
    with_token.github.faults.rate_limit("GET", REPO, status=403, retry_after_s=90)
    with pytest.raises(ForgeRateLimited) as caught:
        await with_token.forge.default_branch(FLEET)
    assert caught.value.retry_after_s == 90


async def test_short_waits_without_end_are_given_up(
    with_token: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def sleep(_client: GitHubClient, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(GitHubClient, "sleep", sleep)
    with_token.github.faults.rate_limit("GET", REPO, times=50, retry_after_s=1)
    with pytest.raises(ForgeRateLimited):
        await with_token.forge.default_branch(FLEET)
    assert with_token.requests.count(GET_REPO) == 3
    assert sum(waited) < 6


async def test_a_used_up_budget_is_not_overdrawn(with_token: World) -> None:
    await with_token.forge.default_branch(FLEET)
    with_token.github.state.limits.per_hour = 3
    for _ in range(2):
        await with_token.forge.branch_head(FLEET, "main")
    with_token.requests.clear()

    async def ask_about_many() -> None:
        for number in range(4):
            await with_token.forge.permission(FLEET, Actor(f"bob-{number}", 1))

    with pytest.raises(ForgeRateLimited) as caught:
        await ask_about_many()
    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s > 60
    assert len(with_token.requests) <= 2


async def test_what_has_not_changed_costs_nothing(with_token: World) -> None:
    await with_token.forge.default_branch(FLEET)
    window = with_token.github.state.limits.window(f"user:{with_token.us.id}", time.time())
    used = window.used
    for _ in range(5):
        assert await with_token.forge.default_branch(FLEET) == "main"
    assert window.used == used


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, ForgeForbidden),
        (404, ForgeNotFound),
        (451, ForgeForbidden),
    ],
)
async def test_a_refusal_is_not_asked_for_again(
    with_token: World, status: int, error: type[Exception]
) -> None:
    with_token.github.faults.answer("GET", REPO, status, message="No, since I say so")
    with pytest.raises(error, match="No, since I say so"):
        await with_token.forge.default_branch(FLEET)
    assert with_token.requests.count(GET_REPO) == 1


async def test_a_refused_request_says_what_is_wrong_with_it(with_token: World) -> None:
    answer = {
        "message": "Validation Failed",
        "errors": ["too long", {"resource": "X", "field": "y", "code": "invalid"}],
    }

    async def handler(_request: web.Request) -> web.Response:
        return web.json_response(answer, status=422)

    with pytest.raises(ForgeInvalid) as caught:
        await ask(handler)
    assert caught.value.errors == ("too long", "X y invalid")


async def test_a_forbidden_request_says_which_permission_it_takes() -> None:
    async def handler(_request: web.Request) -> web.Response:
        headers = {"X-Accepted-GitHub-Permissions": "checks=write"}
        return web.json_response({"message": "Resource not accessible"}, status=403, headers=headers)

    with pytest.raises(ForgeForbidden, match=r"GET /thing: Resource.*checks=write"):
        await ask(handler)


# A server that means harm


@pytest.mark.parametrize("next_page", ["http://127.0.0.1:1/api/v3/x", "http://127.0.0.1:{port}/elsewhere"])
async def test_credentials_do_not_follow_a_link_out_of_the_api(next_page: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        link = next_page.replace("{port}", str(request.url.port))
        return web.json_response([], headers={"Link": f'<{link}>; rel="next"'})

    async with rogue(handler) as api_url, client_of(api_url) as client:
        with pytest.raises(ForgeMisbehaved, match="credentials do not go"):
            await items(client, Listing("/things"), User, limit=10)


async def test_short_pages_are_read_to_the_end_too() -> None:
    async def handler(request: web.Request) -> web.Response:
        page = int(request.query.get("page", "1"))
        users = [{"login": "a", "id": number} for number in range(30)]
        follows = {"Link": f'<{request.url.with_query(page=str(page + 1))}>; rel="next"'}
        return web.json_response(users, headers=follows if page < 50 else {})

    async with rogue(handler) as api_url, client_of(api_url) as client:
        assert len(await items(client, Listing("/things"), User, limit=2000)) == 1500


async def test_of_a_link_everything_is_followed_as_it_stands() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.query_string)
        link = f'<{request.url.with_query(page=str(len(seen)))}&t={{x}}>; rel="next"'
        return web.json_response([], headers={"Link": link})

    async with rogue(handler) as api_url, client_of(api_url) as client:
        assert await items(client, Listing("/things{?q}", {"q": "a b", "x": "!"}), User, limit=250) == []
    assert seen[:2] == ["q=a b", "page=1&t={x}"]
    assert 2 <= len(seen) <= 12


async def test_rate_limit_headers_that_make_no_sense_are_ignored() -> None:
    async def handler(_request: web.Request) -> web.Response:
        headers = {"X-RateLimit-Limit": "x", "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "1e99"}
        return web.json_response({"fine": True}, headers=headers)

    assert await ask(handler) == {"fine": True}


async def test_a_large_answer_is_not_remembered() -> None:
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("If-None-Match"))
        size = 10 if request.path.endswith("small") else client_module.MAX_CACHED_BYTES
        return web.json_response("x" * size, headers={"ETag": '"1"'})

    async with rogue(handler) as api_url, client_of(api_url) as client:
        for path in ("/small", "/small", "/large", "/large"):
            await client.call("GET", path)
    assert seen == [None, '"1"', None, None]
