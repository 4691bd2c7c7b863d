"""The wire to GitLab: limits, faults, pages, tokens. What holds for every forge's is in `tests/forge/test_wire.py`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.config.types import SecretRef
from bot.forge.errors import (
    ForgeConflict,
    ForgeForbidden,
    ForgeInvalid,
    ForgeRateLimited,
    ForgeUnauthorized,
)
from bot.forge.gitlab import tokens as tokens_module
from bot.forge.gitlab.client import GitLabClient
from bot.forge.gitlab.limits import wait_after
from bot.forge.gitlab.settings import Tier
from bot.forge.gitlab.shapes import User
from bot.forge.gitlab.tokens import Tokens
from bot.model.repo import Actor
from tests.forge.gitlab.conftest import FLEET, World
from tests.forge.rogue import Handler, rogue
from tests.sandbox.forge import Tier as Paid


@asynccontextmanager
async def client_of(handler: Handler, timeout_s: float = 5.0) -> AsyncIterator[GitLabClient]:
    async with rogue(handler, "/sub/api/v4") as api_url, aiohttp.ClientSession() as session:
        yield GitLabClient(session, api_url, Tokens(lambda: "glpat-secret"), timeout_s=timeout_s)


async def ask(handler: Handler, method: str = "GET", **options: Any) -> Any:
    async with client_of(handler) as client:
        return (await client.call(method, "/thing", **options)).data


# Limits and refusals of a GitLab that means well; other faults: `tests/forge/test_faults.py`


async def test_a_used_up_budget_is_not_overdrawn(world: World) -> None:
    await world.forge.default_branch(FLEET)
    world.requests.clear()
    world.gitlab.state.limits.per_minute = 5

    async def ask_about_many() -> None:
        for number in range(20):
            await world.forge.permission(FLEET, Actor("bob", number + 1))

    with pytest.raises(ForgeRateLimited):
        await ask_about_many()
    assert len(world.requests) <= 5


NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (200, {}, None),
        (200, {"ratelimit-remaining": "5", "ratelimit-reset": "1000030"}, None),
        (200, {"ratelimit-remaining": "0", "ratelimit-reset": "1000030"}, 30),
        (200, {"ratelimit-remaining": "0"}, None),
        (429, {}, 60),
        (429, {"retry-after": "7"}, 7),
        (429, {"retry-after": "0"}, 1),
        (429, {"retry-after": "99999999"}, 3600),
        (429, {"retry-after": "soon", "ratelimit-reset": "1000030"}, 30),
        (429, {"ratelimit-reset": "5"}, 1),
        (429, {"ratelimit-reset": "\u0665"}, 60),
        (403, {"retry-after": "7"}, None),
    ],
)
def test_how_long_to_wait_is_read_off_the_answer(
    status: int, headers: dict[str, str], wait_s: float | None
) -> None:
    assert wait_after(status, headers, now=NOW) == wait_s


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (406, ForgeConflict),
        (412, ForgeConflict),
    ],
)
async def test_its_own_refusals_have_their_errors(status: int, error: type[Exception]) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.json_response({"message": "No, since I say so"}, status=status)

    with pytest.raises(error, match="No, since I say so"):
        await ask(handler)


@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        ({"message": "too long"}, ("too long",)),
        ({"message": ["one", "two"]}, ("one", "two")),
        ({"message": {"title": ["is too long"], "base": ["no"]}}, ("title is too long", "no")),
        ({"error": "body is missing"}, ("body is missing",)),
        ({"message": {"a": {"b": {"c": {"d": "deep"}}}}}, ()),
        ([], ()),
    ],
)
async def test_a_refused_request_says_what_is_wrong_with_it(answer: Any, errors: tuple[str, ...]) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.json_response(answer, status=422)

    with pytest.raises(ForgeInvalid) as caught:
        await ask(handler)
    assert caught.value.errors == errors


async def test_a_token_of_too_little_scope_is_told_so() -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.json_response({"error": "insufficient_scope", "scope": "api"}, status=403)

    with pytest.raises(ForgeForbidden, match="scope `api`"):
        await ask(handler)


# Pages


async def test_of_a_link_only_the_query_is_followed() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path_qs)
        link = '<https://elsewhere.example/api/v4/other?id_after=7&per_page=100&x=a%2Cb>; rel="next"'
        headers = {"Link": f'<https://a.example/>; rel="first", {link}'} if len(seen) == 1 else {}
        return web.json_response([{"username": "a", "id": 1}], headers=headers)

    async with client_of(handler) as client:
        assert len(await client.items("/things", User, {"simple": True}, limit=10)) == 2
    assert seen == [
        "/sub/api/v4/things?simple=true&per_page=100",
        "/sub/api/v4/things?id_after=7&per_page=100&x=a,b",
    ]


async def test_pages_are_found_without_a_link_too() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.url.raw_query_string)
        headers = {"X-Next-Page": "2"} if len(seen) == 1 else {"X-Next-Page": ""}
        return web.json_response([{"username": "a", "id": 1}], headers=headers)

    async with client_of(handler) as client:
        assert len(await client.items("/things", User, {"a": "b c"}, limit=10)) == 2
    assert seen == ["a=b+c&per_page=100", "a=b+c&per_page=100&page=2"]


# Tokens


async def test_a_token_that_is_replaced_is_taken_up_without_a_restart(world: World, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(world.token.bearer.text + "\n")
    forge = await world.open(world.settings(read=SecretRef(f"${{file:{file}}}").read))
    us = await forge.identity()
    other = world.gitlab.project_token(world.fleet, "other")
    world.token.is_revoked = True
    with pytest.raises(ForgeUnauthorized, match="no restart"):
        await forge.default_branch(FLEET)
    file.write_text(other.bearer.text)
    assert await forge.default_branch(FLEET) == "main"
    assert (await forge.git_credentials(FLEET)).password == other.bearer.text
    assert (await forge.identity()).id == other.user.id != us.id


async def test_a_token_that_is_refused_is_read_again_once_and_once_only() -> None:
    given = iter(["a", "b", "c"])
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers["PRIVATE-TOKEN"])
        return web.json_response({}, status=401)

    async with rogue(handler, "/api/v4") as api_url, aiohttp.ClientSession() as session:
        client = GitLabClient(session, api_url, Tokens(lambda: next(given)), timeout_s=5.0)
        with pytest.raises(ForgeUnauthorized):
            await client.call("GET", "/thing")
    assert seen == ["a", "b"]


async def test_a_token_is_read_again_now_and_then_and_kept_while_it_cannot_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = [0.0]
    file = tmp_path / "token"
    file.write_text("one")
    tokens = Tokens(SecretRef(f"${{file:{file}}}").read, clock=lambda: clock[0])
    file.write_text("two")
    assert await tokens.current() == "one"
    clock[0] += tokens_module.LIFETIME_S
    assert await tokens.current() == "two"
    file.unlink()
    clock[0] += tokens_module.LIFETIME_S
    assert await tokens.current() == "two"


async def test_what_the_token_lacks_is_said(world: World) -> None:
    assert await world.forge.missing_permissions() == []
    poor = world.gitlab.project_token(world.fleet, "poor", scopes=("read_api",))
    forge = await world.open(world.settings(read=lambda: poor.bearer.text))
    assert await forge.missing_permissions() == ["the token poor lacks the scope `api`"]
    soon = datetime.now(UTC).date() + timedelta(days=3)
    short = world.gitlab.project_token(world.fleet, "short", expires_on=soon)
    forge = await world.open(world.settings(read=lambda: short.bearer.text))
    assert await forge.credentials_expire() == datetime(soon.year, soon.month, soon.day, tzinfo=UTC)
    (said,) = await forge.missing_permissions()
    assert f"expires on {soon}" in said


async def test_a_token_that_is_none_is_said_to_be_so(world: World) -> None:
    forge = await world.open(world.settings(read=lambda: "glpat-wrong", tier=Tier.ULTIMATE))
    with pytest.raises(ForgeUnauthorized):
        await forge.missing_permissions()
    assert "glpat-wrong" not in repr(world.settings(read=lambda: "glpat-wrong"))
    world.gitlab.tier = Paid.FREE
