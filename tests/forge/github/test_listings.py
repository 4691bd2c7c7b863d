"""What an organisation on GitHub is told to have, and with which token."""

import pytest

from bot.forge.base import Located
from bot.forge.errors import ForgeForbidden, ForgeNotFound
from bot.forge.github.forge import GitHubForge
from bot.forge.github.settings import AppKey
from bot.forge.listings import ListedBranch, OwnedBy
from bot.model.repo import Sha
from tests.forge.github.conftest import World, Worlds
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.core.repositories import Repository

ACME = OwnedBy("Acme")
MANY = 1000


def at(known: Repository) -> Located:
    return Located(known.id, known.full_name)


async def sha(world: World, branch: str = "main") -> Sha:
    return Sha(await world.github.head(world.fleet, branch))


@pytest.fixture
async def org(world: World) -> World:
    """As an App that is installed on one repository, and with a token of a member."""
    world.github.create_org("acme")
    world.requests.clear()
    return world


async def names(forge: GitHubForge, limit: int = MANY) -> list[str]:
    return [each.name for each in await forge.listings.repositories(ACME, limit=limit)]


async def test_a_repository_is_listed_with_all_that_is_asked_of_it(org: World) -> None:
    org.fleet.topics, org.fleet.is_archived = ("prod", "eu"), True
    (found,) = await org.forge.listings.repositories(ACME, limit=MANY)
    assert found.at == Located(org.fleet.id, "acme/fleet")
    assert (found.owner, found.name, found.default_branch) == ("acme", "fleet", "main")
    assert (found.labels, found.is_archived) == (("prod", "eu"), True)
    assert found.ssh_url.startswith("git@")
    assert found.https_url.endswith("/acme/fleet.git")


async def test_what_is_private_to_others_is_not_listed_and_what_is_public_is(org: World) -> None:
    await org.github.create_repo("acme/hidden")
    await org.github.create_repo("acme/open", private=False)
    await org.github.create_repo("other/open", private=False)
    assert sorted(await names(org.forge)) == ["fleet", "open"]


async def test_pages_are_read_until_there_are_enough(org: World) -> None:
    for number in range(120):
        await org.github.create_repo(f"acme/r{number}", private=False)
    assert len(await names(org.forge)) == 121
    org.requests.clear()
    assert len(await names(org.forge, limit=100)) == 100
    assert org.requests == ["GET /orgs/Acme/repos"]


async def test_a_person_is_no_owner_whose_repositories_can_be_listed(world: World) -> None:
    for owner in ("acme", "nobody", "../orgs/acme", "acme/fleet", ""):
        with pytest.raises(ForgeNotFound):
            await world.forge.listings.repositories(OwnedBy(owner), limit=MANY)


async def test_branches_come_with_their_commits(org: World) -> None:
    await org.github.push(org.fleet, "feature/x", {"x.yaml": b""})
    listings, here = org.forge.listings, at(org.fleet)
    expected = {"main": await sha(org), "feature/x": await sha(org, "feature/x")}
    assert {each.name: each.sha for each in await listings.branches(here, limit=MANY)} == expected
    assert len(await listings.branches(here, limit=1)) == 1
    assert await listings.branch(here, "feature/x") == ListedBranch("feature/x", expected["feature/x"])
    assert await listings.branch(here, "feature") is None
    assert await listings.branch(here, "") is None


async def test_a_repository_without_commits_has_no_branch(org: World) -> None:
    empty = await org.github.create_repo("acme/empty", private=False)
    assert await org.forge.listings.branch(at(empty), "main") is None
    assert await org.forge.listings.branches(at(empty), limit=MANY) == []


async def test_what_is_gone_is_an_error_and_not_without_branches(org: World) -> None:
    with pytest.raises(ForgeNotFound):
        await org.forge.listings.branch(Located(1, "acme/gone"), "main")
    with pytest.raises(ForgeNotFound):
        await org.forge.listings.branches(Located(1, "acme/gone"), limit=MANY)


@pytest.mark.parametrize(
    ("path", "is_there"),
    [
        ("apps", True),
        ("apps/web.yaml", True),
        ("apps/web", False),
        ("APPS", False),
        ("a b/{c}/%2e?#.yaml", True),
        ("a b/{c}/%2e", False),
    ],
)
async def test_a_path_is_a_file_or_a_directory_of_the_commit(org: World, path: str, is_there: bool) -> None:
    await org.github.push(org.fleet, "main", {"a b/{c}/%2e?#.yaml": b""})
    assert await org.forge.listings.has_path(at(org.fleet), await sha(org), path) is is_there


async def test_only_what_a_commit_does_not_hold_is_asked_for_again(org: World) -> None:
    before = await sha(org)
    await org.github.push(org.fleet, "main", {"k8s/a.yaml": b""})
    for _ in range(3):
        assert await org.forge.listings.has_path(at(org.fleet), await sha(org), "k8s")
    assert sum(line.endswith("/contents/k8s") for line in org.requests) == 1
    for _ in range(3):
        assert not await org.forge.listings.has_path(at(org.fleet), before, "k8s")
    assert sum(line.endswith("/contents/k8s") for line in org.requests) == 4


async def test_one_token_that_only_reads_does_for_all_of_an_organisation(worlds: Worlds) -> None:
    app = await worlds.app()
    assert app.app is not None
    app.github.create_org("acme")
    shop = await app.github.create_repo("acme/shop", files={"a.yaml": b""})
    assert app.installation is not None
    app.github.select(app.installation, shop, is_covered=True)
    for each in await app.forge.listings.repositories(ACME, limit=MANY):
        await app.forge.listings.branch(each.at, each.default_branch)
    assert [line for line in app.requests if line.startswith("POST")] == [
        f"POST /app/installations/{app.installation.id}/access_tokens"
    ]
    (token,) = (t for t in app.github.forge.tokens.all if t.source is app.installation)
    assert token.permissions == {"contents": "read", "metadata": "read"}


async def test_a_token_that_was_taken_away_is_made_anew(worlds: Worlds) -> None:
    app = await worlds.app()
    app.github.create_org("acme")
    assert await names(app.forge) == ["fleet"]
    for token in app.github.forge.tokens.all:
        token.is_revoked = True
    assert await names(app.forge) == ["fleet"]
    assert await app.forge.listings.branch(at(app.fleet), "main") is not None


async def test_an_app_that_is_installed_nowhere_in_the_organisation_says_so(worlds: Worlds) -> None:
    app = worlds.github.create_app("elsewhere")
    worlds.github.create_org("acme")
    forge = await worlds.open(worlds.settings(app=AppKey(str(app.id), app.private_key)))
    with pytest.raises(ForgeNotFound, match="not installed for the organisation") as refused:
        await forge.listings.repositories(ACME, limit=MANY)
    assert "install it" in refused.value.hint


async def test_what_an_app_sees_and_may_not_read_is_an_error(worlds: Worlds) -> None:
    app = await worlds.app()
    app.github.create_org("acme")
    secret = await app.github.create_repo("acme/secret", files={"a.yaml": b""})
    with pytest.raises((ForgeForbidden, ForgeNotFound)):
        await app.forge.listings.branch(at(secret), "main")


async def test_a_member_sees_what_they_may_read(worlds: Worlds) -> None:
    known = await worlds.token()
    known.github.create_org("acme")
    shop = await known.github.create_repo("acme/shop")
    assert await names(known.forge) == ["fleet"]
    known.github.give_role(shop, "delivery-bot", Role.READ)
    assert sorted(await names(known.forge)) == ["fleet", "shop"]
