"""What a real Gitea lists of an organisation, as Argo CD's generators ask for it."""

import pytest

from bot.config.forges import Forge as ForgeConfig
from bot.forge.base import Forge
from bot.forge.errors import ForgeForbidden, ForgeNotFound
from bot.forge.listings import OwnedBy
from bot.forge.opening import open_forge
from bot.model.repo import RepoId, Sha
from oracles.gitea.fleet import Fleet
from oracles.gitea.town import SCOPES, Town, entry

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

FIRST_PAGE = 30
"""As long as Gitea makes a page when nobody says how long."""


async def test_an_owner_s_repositories_are_listed_with_their_labels(
    town: Town, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = await Fleet.founded(town, "listed")
    with pytest.raises(ForgeForbidden, match="read:organization"):
        await forge.listings.repositories(OwnedBy(fleet.name), limit=100)
    lister = f"lister-{fleet.name}"
    wider = await town.gitea.administrator.new_user(lister, *SCOPES, "read:organization")
    await fleet.give(lister, "read")
    monkeypatch.setenv("GITEA_TOKEN", wider.token)
    async with open_forge("hub", ForgeConfig.model_validate(entry(town))) as reader:
        await _listed_with_labels(town, fleet, reader)


async def _listed_with_labels(town: Town, fleet: Fleet, forge: Forge) -> None:
    label = {"name": "prod", "color": "#00aabb"}
    await fleet.owner.post(f"/repos/{fleet.path}/labels", label)
    [found] = await forge.listings.repositories(OwnedBy(fleet.name), limit=100)
    assert found.at == await forge.locate(RepoId("hub", fleet.path))
    assert (found.owner, found.name, found.default_branch) == (fleet.name, "fleet", "main")
    assert found.https_url == f"{town.gitea.url}/{fleet.path}"
    assert (found.labels, found.is_archived) == (("prod",), False)
    with pytest.raises(ForgeNotFound):
        await forge.listings.repositories(OwnedBy("nobody-here"), limit=100)


async def test_branches_and_paths_are_listed_of_a_commit(town: Town, forge: Forge) -> None:
    fleet = await Fleet.founded(town, "paths")
    head = Sha(await fleet.push({"apps/web app.yaml": "1\n"}, "next", since="main"))
    at = await forge.locate(RepoId("hub", fleet.path))
    found = {branch.name: branch.sha for branch in await forge.listings.branches(at, limit=100)}
    assert (set(found), found["next"]) == ({"main", "next"}, head)
    there = [await forge.listings.has_path(at, head, path) for path in ("", "apps", "apps/web app.yaml", "x")]
    assert there == [True, True, True, False]


async def test_of_a_long_list_the_first_page_is_all(town: Town, forge: Forge) -> None:
    fleet = await Fleet.founded(town, "many")
    for count in range(FIRST_PAGE):
        await fleet.owner.post(f"/repos/{fleet.path}/branches", {"new_branch_name": f"b-{count:02}"})
    at = await forge.locate(RepoId("hub", fleet.path))
    assert len(await forge.listings.branches(at, limit=100)) == FIRST_PAGE
