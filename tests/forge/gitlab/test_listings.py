"""What a group on GitLab has, and what its projects hold."""

import pytest

from bot.forge.base import Located
from bot.forge.errors import ForgeForbidden, ForgeNotFound
from bot.forge.listings import ListedBranch, OwnedBy
from bot.model.repo import Sha
from tests.forge.gitlab.conftest import PATH, World
from tests.sandbox.forge import Level
from tests.sandbox.forge.core.repositories import Repository

GROUP = "acme/platform"
MANY = 1000


def at(known: Repository) -> Located:
    return Located(known.id, known.full_name)


async def paths(world: World, wanted: OwnedBy, limit: int = MANY) -> list[str]:
    return [each.at.path for each in await world.forge.listings.repositories(wanted, limit=limit)]


async def test_a_project_is_listed_with_all_that_is_asked_of_it(world: World) -> None:
    world.fleet.topics, world.fleet.is_archived = ("prod", "eu"), True
    (found,) = await world.forge.listings.repositories(OwnedBy("Acme/Platform"), limit=MANY)
    assert found.at == Located(world.fleet.id, PATH)
    assert (found.owner, found.name, found.default_branch) == (GROUP, "fleet", "main")
    assert (found.labels, found.is_archived) == (("prod", "eu"), True)
    assert found.ssh_url.startswith("git@")
    assert found.https_url.endswith(f"/{PATH}.git")


async def test_groups_below_what_is_shared_a_topic_and_the_archive_count_where_they_are_asked_for(
    world: World,
) -> None:
    created = {
        name: await world.gitlab.create_repo(name, private=False)
        for name in ("acme/platform/old", "acme/platform/deep/web", "other/lent")
    }
    created["acme/platform/old"].is_archived = True
    created["acme/platform/deep/web"].topics = ("web",)
    world.gitlab.share(created["other/lent"], GROUP)
    old = "acme/platform/old"
    assert await paths(world, OwnedBy(GROUP)) == [old, PATH]
    assert await paths(world, OwnedBy(GROUP, archived_only=True)) == [old]
    assert await paths(world, OwnedBy(GROUP, with_shared=True)) == ["other/lent", old, PATH]
    assert await paths(world, OwnedBy(GROUP, with_below=True)) == ["acme/platform/deep/web", old, PATH]
    assert await paths(world, OwnedBy(GROUP, with_below=True, topic="web")) == ["acme/platform/deep/web"]


async def test_what_is_private_to_others_is_not_listed(world: World) -> None:
    await world.gitlab.create_repo("acme/platform/hidden")
    assert await paths(world, OwnedBy(GROUP)) == [PATH]


async def test_pages_are_read_until_there_are_enough(world: World) -> None:
    for number in range(120):
        await world.gitlab.create_repo(f"{GROUP}/r{number}", private=False)
    assert len(await paths(world, OwnedBy(GROUP))) == 121
    world.requests.clear()
    assert len(await paths(world, OwnedBy(GROUP), limit=100)) == 100
    assert len(world.requests) == 1


async def test_a_group_that_is_not_there_is_an_error_and_not_empty(world: World) -> None:
    world.gitlab.create_group("secret")
    for owner in ("nobody", "secret", "acme/../secret", "", "a b"):
        with pytest.raises(ForgeNotFound):
            await paths(world, OwnedBy(owner))


async def test_branches_come_with_their_commits(world: World) -> None:
    await world.gitlab.push(world.fleet, "feature/x", {"x.yaml": b""})
    listings, here = world.forge.listings, at(world.fleet)
    expected = {"main": await world.head(), "feature/x": await world.head("feature/x")}
    assert {each.name: each.sha for each in await listings.branches(here, limit=MANY)} == expected
    assert len(await listings.branches(here, limit=1)) == 1
    assert await listings.branch(here, "feature/x") == ListedBranch("feature/x", expected["feature/x"])
    assert await listings.branch(here, "feature") is None


async def test_an_empty_project_names_no_branch_and_has_none(world: World) -> None:
    empty = await world.gitlab.create_repo(f"{GROUP}/empty", private=False)
    found = {each.name: each for each in await world.forge.listings.repositories(OwnedBy(GROUP), limit=MANY)}
    assert found["empty"].default_branch == ""
    assert await world.forge.listings.branch(at(empty), "") is None
    assert await world.forge.listings.branch(at(empty), "main") is None
    assert await world.forge.listings.branches(at(empty), limit=MANY) == []


async def test_a_project_that_is_gone_is_an_error_and_not_without_branches(world: World) -> None:
    gone = Located(1, f"{GROUP}/gone")
    with pytest.raises(ForgeNotFound):
        await world.forge.listings.branch(gone, "main")
    with pytest.raises(ForgeNotFound):
        await world.forge.listings.branches(gone, limit=MANY)


@pytest.mark.parametrize(
    ("path", "is_there"),
    [
        ("apps", True),
        ("apps/web.yaml", True),
        ("apps/web", False),
        ("APPS", False),
        ("a b/100%?#.yaml", True),
        ("a b/100%", False),
    ],
)
async def test_a_path_is_a_file_or_a_directory_of_the_commit(world: World, path: str, is_there: bool) -> None:
    await world.gitlab.push(world.fleet, "main", {"a b/100%?#.yaml": b""})
    assert await world.forge.listings.has_path(at(world.fleet), await world.head(), path) is is_there


async def test_what_a_commit_holds_is_asked_for_once_and_no_content_is_fetched(world: World) -> None:
    world.requests.clear()
    for _ in range(3):
        assert await world.forge.listings.has_path(at(world.fleet), await world.head(), "apps/web.yaml")
    below = f"/projects/{world.fleet.id}/repository"
    assert world.requests == [f"HEAD {below}/files/apps/web.yaml"]


async def test_what_a_commit_does_not_hold_is_asked_for_again(world: World) -> None:
    """So does GitLab answer for a commit that is not on all of its storages yet."""
    head = Sha("f" * 40)
    assert not await world.forge.listings.has_path(at(world.fleet), head, "k8s")
    world.requests.clear()
    assert not await world.forge.listings.has_path(at(world.fleet), head, "k8s")
    below = f"/projects/{world.fleet.id}/repository"
    assert world.requests == [f"HEAD {below}/files/k8s", f"GET {below}/tree"]


async def test_what_the_tokens_user_may_not_read_is_an_error(world: World) -> None:
    other = await world.gitlab.create_repo(f"{GROUP}/other", files={"a.yaml": b""})
    world.gitlab.give_level(other, world.us.login, Level.GUEST)
    with pytest.raises(ForgeForbidden):
        await world.forge.listings.has_path(at(other), Sha("a" * 40), "a.yaml")
