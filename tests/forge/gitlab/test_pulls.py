"""Projects, branches, members and merge requests on a strict GitLab."""

import dataclasses

import pytest

from bot.forge.base import Permission
from bot.forge.errors import ForgeNotFound
from bot.git.remote import Credentials, Remote
from bot.model.repo import Actor, PullState, RepoId, Sha
from tests.forge.gitlab.conftest import FLEET, World
from tests.sandbox.forge import Level


async def test_a_merge_request_is_read_as_a_pull_request(world: World) -> None:
    opened = await world.opened()
    pull = await world.forge.pull(FLEET, opened.number)
    assert (pull.repo, pull.number, pull.state, pull.draft) == (FLEET, opened.number, PullState.OPEN, False)
    assert (pull.base_ref, pull.head_ref) == ("main", "x")
    assert pull.head_sha == await world.head("x")
    assert pull.base_sha == await world.head()
    assert not pull.is_fork
    assert pull.merge_sha is None
    assert pull.url.endswith(f"/acme/platform/fleet/-/merge_requests/{opened.number}")
    assert world.forge.pull_head_ref(pull.number) == f"refs/merge-requests/{pull.number}/head"


@pytest.mark.parametrize("method", ["merge", "squash"])
async def test_a_merged_one_names_the_commit_that_came_onto_the_branch(world: World, method: str) -> None:
    opened = await world.opened()
    await world.gitlab.merge_pull(opened, method)
    pull = await world.forge.pull(FLEET, opened.number)
    assert pull.state is PullState.MERGED
    assert pull.merge_sha == await world.head()
    assert [one.number for one in await world.forge.pulls_of_commit(FLEET, await world.head())] == [
        opened.number
    ]


async def test_a_closed_one_and_a_draft_are_what_they_are(world: World) -> None:
    opened = await world.opened()
    await world.gitlab.set_draft(opened, draft=True)
    assert (await world.forge.pull(FLEET, opened.number)).draft
    await world.gitlab.close_pull(opened)
    assert (await world.forge.pull(FLEET, opened.number)).state is PullState.CLOSED


async def test_a_merge_request_from_a_fork_says_so(world: World) -> None:
    fork = await world.gitlab.fork(world.fleet, "mallory")
    await world.gitlab.push(fork, "evil", {"apps/evil.yaml": b"kind: Secret\n"})
    opened = await world.gitlab.open_pull(world.fleet, "evil", source=fork)
    pull = await world.forge.pull(FLEET, opened.number)
    assert pull.is_fork
    assert (await world.forge.open_pulls(FLEET))[0].is_fork


async def test_open_ones_are_listed_by_base_newest_first(world: World) -> None:
    await world.gitlab.push(world.fleet, "other", {"b.yaml": b""})
    first, second, third = [await world.opened(name) for name in ("a", "b", "c")]
    await world.gitlab.set_base(second, "other")
    await world.gitlab.close_pull(third)
    fourth = await world.opened("d")
    found = await world.forge.open_pulls(FLEET, base="main")
    assert [pull.number for pull in found] == [fourth.number, first.number]
    assert len(await world.forge.open_pulls(FLEET)) == 3


async def test_a_list_tells_labels_and_drafts_of_the_state_that_is_asked_for(world: World) -> None:
    draft, closed, merged = [await world.opened(name) for name in ("a", "b", "c")]
    await world.gitlab.set_draft(draft, draft=True)
    await world.gitlab.label(draft, "preview")
    await world.gitlab.close_pull(closed)
    await world.gitlab.merge_pull(merged)

    (listed,) = await world.forge.listed_pulls(FLEET, state=PullState.OPEN, limit=10)
    assert (listed.number, listed.author, listed.labels) == (draft.number, "alice", ("preview",))
    assert (listed.head_ref, listed.base_ref) == ("a", "main")
    assert listed.head_sha == await world.head("a")
    for state, numbers in (
        (PullState.CLOSED, {closed.number}),
        (PullState.MERGED, {merged.number}),
        (None, {draft.number, closed.number, merged.number}),
    ):
        found = await world.forge.listed_pulls(FLEET, state=state, limit=10)
        assert {pull.number for pull in found} == numbers
    assert len(await world.forge.listed_pulls(FLEET, state=None, limit=2)) == 2


async def test_a_commit_nobody_knows_came_in_with_nothing(world: World) -> None:
    assert await world.forge.pulls_of_commit(FLEET, Sha("f" * 40)) == []


async def test_a_branch_is_told_from_a_missing_one_and_from_a_missing_project(world: World) -> None:
    await world.gitlab.push(world.fleet, "feat/a@b#c", {"b.yaml": b""})
    assert await world.forge.branch_head(FLEET, "feat/a@b#c") == await world.head("feat/a@b#c")
    assert await world.forge.branch_head(FLEET, "none") is None
    with pytest.raises(ForgeNotFound, match="acme/none"):
        await world.forge.branch_head(RepoId("lab", "acme/none"), "main")
    with pytest.raises(ForgeNotFound, match="cannot be a project"):
        await world.forge.default_branch(RepoId("lab", "acme/../fleet"))


async def test_a_project_is_asked_by_its_path_once_and_by_its_number_from_then_on(world: World) -> None:
    assert await world.forge.default_branch(FLEET) == "main"
    await world.forge.branch_head(FLEET, "main")
    await world.forge.open_pulls(FLEET)
    assert len([line for line in world.requests if "fleet" in line]) == 1


async def test_a_rename_changes_nothing(world: World) -> None:
    opened = await world.opened()
    before = await world.forge.locate(FLEET)
    world.gitlab.rename(world.fleet, "acme/new/navy")
    assert (await world.forge.pull(FLEET, opened.number)).repo == FLEET
    located = await world.forge.locate(FLEET)
    assert (located.number, located.path) == (before.number, "acme/new/navy")
    assert not (await world.forge.pull(FLEET, opened.number)).is_fork


async def test_a_project_renamed_before_we_came_is_found_at_its_old_path(world: World) -> None:
    world.gitlab.rename(world.fleet, "acme/new/navy")
    fresh = await world.open(world.settings())
    assert (await fresh.locate(FLEET)).path == "acme/new/navy"
    assert await fresh.default_branch(FLEET) == "main"


async def test_another_project_at_the_old_path_is_not_taken_for_it(world: World) -> None:
    number = (await world.forge.locate(FLEET)).number
    world.gitlab.rename(world.fleet, "acme/new/navy")
    squatter = await world.gitlab.create_repo("acme/platform/fleet", files={"evil.yaml": b""})
    assert (await world.forge.locate(FLEET)).number == number
    assert await world.forge.branch_head(FLEET, "main") != await world.gitlab.head(squatter)
    located = await world.forge.locate(FLEET)
    assert world.forge.clone_url(FLEET, located) == f"{world.gitlab.url}/acme/new/navy.git"


async def test_every_project_we_are_a_member_of_is_found(world: World) -> None:
    token = world.gitlab.group_token("acme")
    for number in range(105):
        await world.gitlab.create_repo(f"acme/many/r{number}")
    await world.gitlab.create_repo("strangers/fleet")
    forge = await world.open(world.settings(read=lambda: token.bearer.text))
    paths = {repo.path for repo in await forge.repositories()}
    assert len(paths) == 106
    assert {"acme/platform/fleet", "acme/many/r104"} <= paths


@pytest.mark.parametrize(
    ("level", "permission"),
    [
        (Level.OWNER, Permission.ADMIN),
        (Level.MAINTAINER, Permission.MAINTAIN),
        (Level.DEVELOPER, Permission.WRITE),
        (Level.REPORTER, Permission.TRIAGE),
        (Level.GUEST, Permission.READ),
    ],
)
async def test_what_a_member_may_do_follows_from_the_role_also_one_from_a_group(
    world: World, level: Level, permission: Permission
) -> None:
    world.gitlab.give_level("acme", "bob", level)
    bob = world.gitlab.user("bob")
    assert await world.forge.permission(FLEET, Actor("whoever", bob.id)) is permission


async def test_a_stranger_may_do_nothing(world: World) -> None:
    eve = world.gitlab.user("eve")
    assert await world.forge.permission(FLEET, Actor("eve", eve.id)) is Permission.NONE


async def test_git_is_read_with_the_token_and_nothing_else_shows_it(world: World) -> None:
    credentials = await world.forge.git_credentials(FLEET)
    url = world.forge.git_url(FLEET)
    assert url == f"{world.gitlab.url}/acme/platform/fleet.git"
    assert credentials.username == "oauth2"
    assert credentials.password == world.token.bearer.text
    assert world.token.bearer.text not in repr(credentials)
    Remote(url, Credentials(credentials.username, credentials.password))


async def test_reading_twice_gives_the_same(world: World) -> None:
    opened = await world.opened()
    first = await world.forge.pull(FLEET, opened.number)
    assert dataclasses.asdict(first) == dataclasses.asdict(await world.forge.pull(FLEET, opened.number))
