"""What an organisation on Gitea has: the first page of everything, and the labels of issues for topics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.config.forges import Forge as ForgeConfig
from bot.forge.base import Forge, ListedPull, Located
from bot.forge.errors import ForgeNotFound
from bot.forge.listings import ListedBranch, ListedRepository, OwnedBy
from bot.forge.opening import open_forge
from bot.model.repo import PullState, RepoId, Sha
from tests.forge.rogue import rogue

MAIN, NEXT = Sha("a" * 40), Sha("b" * 40)
FLEET, EMPTY = Located(61, "Acme/fleet"), Located(62, "Acme/empty")
MANY = 1000


def repository(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "full_name": f"Acme/{name}",
        "owner": {"login": "Acme", "id": 7},
        "ssh_url": f"git@tea.example:Acme/{name}.git",
        "clone_url": f"https://tea.example/Acme/{name}.git",
        "html_url": f"https://tea.example/Acme/{name}",
        "default_branch": "main",
        "archived": name == "empty",
        "topics": ["a-topic"],
    }


ANSWERS: dict[str, Any] = {
    "/orgs/acme/repos": [repository(61, "fleet"), repository(62, "empty")],
    "/repos/acme/fleet": repository(61, "fleet"),
    "/repos/acme/empty": repository(62, "empty"),
    "/repos/acme/fleet/labels": [{"name": "prod"}, {"name": "eu"}],
    "/repos/acme/empty/labels": [],
    "/repos/acme/fleet/branches": [
        {"name": "main", "commit": {"id": MAIN}},
        {"name": "next", "commit": {"id": NEXT}},
    ],
    "/repos/acme/fleet/branches/main": {"name": "main", "commit": {"id": MAIN}},
    "/repos/acme/fleet/pulls": [
        {
            "number": 7,
            "title": "Add it",
            "state": "open",
            "html_url": "",
            "user": {"login": "ada", "id": 9},
            "labels": [{"name": "preview"}],
            "base": {"ref": "main", "sha": MAIN},
            "head": {"ref": "next", "sha": NEXT},
        }
    ],
    "/repos/acme/fleet/contents/apps": [{"type": "dir", "name": "web"}],
    "/repos/acme/fleet/contents/apps/web.yaml": {"type": "file", "name": "web.yaml"},
}


@asynccontextmanager
async def running(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[list[str], Forge]]:
    monkeypatch.setenv("TEA_TOKEN", "x" * 40)
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        path = request.path.removeprefix("/git/api/v1")
        asked.append(f"{path}?{request.query_string}")
        if path.lower() not in ANSWERS:
            return web.json_response({"message": "not found"}, status=404)
        address = str(request.url.update_query(page=2, limit=30))
        return web.json_response(ANSWERS[path.lower()], headers={"Link": f'<{address}>; rel="next"'})

    async with rogue(handle, "/git") as url:
        entry = {"kind": "gitea", "gitUrl": url, "token": "${env:TEA_TOKEN}", "webhookSecrets": ["${env:X}"]}
        async with open_forge("tea", ForgeConfig.model_validate(entry)) as forge:
            yield asked, forge


async def test_the_first_page_is_all_and_is_as_long_as_the_server_makes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(monkeypatch) as (asked, forge):
        fleet, empty = await forge.listings.repositories(OwnedBy("acme"), limit=MANY)
        assert sorted(asked) == [
            "/orgs/acme/repos?page=1&limit=0",
            "/repos/acme/empty/labels?page=1&limit=0",
            "/repos/acme/fleet/labels?page=1&limit=0",
        ]
        assert fleet == ListedRepository(
            *(FLEET, "acme", "fleet", "git@tea.example:Acme/fleet.git", "https://tea.example/Acme/fleet"),
            *("main", ("prod", "eu")),
        )
        assert (empty.labels, empty.is_archived) == ((), True)
        asked.clear()
        assert await forge.listings.branches(FLEET, limit=MANY) == [
            ListedBranch("main", MAIN),
            ListedBranch("next", NEXT),
        ]
        assert asked == ["/repos/acme/fleet/branches?page=1&limit=0"]


async def test_pull_requests_are_those_of_the_first_page(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch) as (asked, forge):
        found = await forge.listed_pulls(RepoId("tea", FLEET.path), state=PullState.OPEN, limit=MANY)
        assert found == [ListedPull(7, "Add it", "ada", "main", "next", NEXT, ("preview",))]
        assert asked == ["/repos/acme/fleet/pulls?state=open&page=1&limit=0"]


async def test_a_branch_that_is_not_there_is_none_and_a_repository_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(monkeypatch) as (_, forge):
        assert await forge.listings.branch(FLEET, "main") == ListedBranch("main", MAIN)
        assert await forge.listings.branch(EMPTY, "main") is None
        with pytest.raises(ForgeNotFound):
            await forge.listings.branch(Located(63, "acme/gone"), "main")
        with pytest.raises(ForgeNotFound):
            await forge.listings.repositories(OwnedBy("nobody"), limit=MANY)


async def test_a_path_is_a_file_or_a_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch) as (asked, forge):
        assert await forge.listings.has_path(FLEET, MAIN, "apps")
        assert await forge.listings.has_path(FLEET, MAIN, "apps/web.yaml")
        assert not await forge.listings.has_path(FLEET, MAIN, "k8s")
        assert asked[0] == f"/repos/acme/fleet/contents/apps?ref={MAIN}"
