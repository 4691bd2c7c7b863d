"""Repositories, branches, people and pull requests, asked of a strict GitHub both as an App and with a token."""

import pytest

from bot.forge.base import Permission
from bot.forge.errors import ForgeNotFound
from bot.model.repo import Actor, PullState, RepoId, Sha
from tests.forge.github.conftest import FILES, FLEET, World
from tests.sandbox.forge.core.people import Role

NEW = {"apps/new.yaml": b"kind: Secret\n"}


async def test_a_pull_request_is_told_as_it_is(world: World) -> None:
    base = await world.head()
    head = await world.github.push(world.fleet, "feature/x", NEW)
    opened = await world.github.open_pull(world.fleet, "feature/x", "Add a secret", draft=True)

    await world.forge.pull(FLEET, opened.number)
    # Once GitHub was asked, it makes a trial merge, which is none.
    pull = await world.forge.pull(FLEET, opened.number)

    assert (pull.repo, pull.number, pull.title) == (FLEET, opened.number, "Add a secret")
    assert (pull.state, pull.draft, pull.merge_sha) == (PullState.OPEN, True, None)
    assert (pull.base_ref, pull.base_sha) == ("main", base)
    assert (pull.head_ref, pull.head_sha, pull.head_repo) == ("feature/x", head, "acme/fleet")
    assert pull.author == Actor("alice", world.github.user("alice").id)
    assert not pull.is_fork


async def test_a_merged_pull_request_names_its_merge(world: World) -> None:
    await world.github.push(world.fleet, "x", NEW)
    opened = await world.github.open_pull(world.fleet, "x")
    merge = await world.github.merge_pull(opened)
    pull = await world.forge.pull(FLEET, opened.number)
    assert (pull.state, pull.merge_sha) == (PullState.MERGED, merge)


async def test_a_closed_pull_request_has_no_merge(world: World) -> None:
    await world.github.push(world.fleet, "x", NEW)
    opened = await world.github.open_pull(world.fleet, "x")
    await world.github.close_pull(opened)
    pull = await world.forge.pull(FLEET, opened.number)
    assert (pull.state, pull.merge_sha) == (PullState.CLOSED, None)


async def test_a_fork_that_is_gone_is_still_a_fork(world: World) -> None:
    fork = await world.github.fork(world.fleet, "mallory")
    await world.github.push(fork, "x", NEW, author="mallory")
    opened = await world.github.open_pull(world.fleet, "x", author="mallory", source=fork)
    assert (await world.forge.pull(FLEET, opened.number)).head_repo == "mallory/fleet"
    world.github.forge.delete(fork)
    pull = await world.forge.pull(FLEET, opened.number)
    assert pull.head_repo is None
    assert pull.is_fork
    # The official description does not know that GitHub says null here.
    assert all(" at head/" in found for found in world.github.take_violations())


async def test_open_pulls_are_those_of_the_base(world: World) -> None:
    for name in ("a", "b", "c"):
        await world.github.push(world.fleet, name, {f"{name}.yaml": b""})
    await world.github.push(world.fleet, "release", NEW)
    wanted = await world.github.open_pull(world.fleet, "a")
    other = await world.github.open_pull(world.fleet, "b", base="release")
    closed = await world.github.open_pull(world.fleet, "c")
    await world.github.close_pull(closed)

    assert [pull.number for pull in await world.forge.open_pulls(FLEET, base="main")] == [wanted.number]
    assert {pull.number for pull in await world.forge.open_pulls(FLEET)} == {wanted.number, other.number}


async def test_a_list_tells_labels_and_drafts_of_the_state_that_is_asked_for(world: World) -> None:
    for name in ("a", "b", "c"):
        await world.github.push(world.fleet, name, {f"{name}.yaml": b""})
    draft = await world.github.open_pull(world.fleet, "a", "A draft", draft=True)
    await world.github.label(draft, "preview")
    closed = await world.github.open_pull(world.fleet, "b")
    await world.github.close_pull(closed)
    merged = await world.github.open_pull(world.fleet, "c")
    await world.github.merge_pull(merged)

    (listed,) = await world.forge.listed_pulls(FLEET, state=PullState.OPEN, limit=10)
    assert (listed.number, listed.title, listed.author) == (draft.number, "A draft", "alice")
    assert (listed.head_ref, listed.base_ref, listed.labels) == ("a", "main", ("preview",))
    assert len(listed.head_sha) == 40
    for state, numbers in (
        (PullState.CLOSED, {closed.number}),
        (PullState.MERGED, {merged.number}),
        (None, {draft.number, closed.number, merged.number}),
    ):
        found = await world.forge.listed_pulls(FLEET, state=state, limit=10)
        assert {pull.number for pull in found} == numbers
    assert len(await world.forge.listed_pulls(FLEET, state=None, limit=2)) == 2


async def test_a_commit_knows_the_pull_request_it_came_with(world: World) -> None:
    head = await world.github.push(world.fleet, "x", NEW)
    opened = await world.github.open_pull(world.fleet, "x")
    merge = Sha(await world.github.merge_pull(opened))
    for sha in (merge, Sha(head)):
        assert [pull.number for pull in await world.forge.pulls_of_commit(FLEET, sha)] == [opened.number]


async def test_a_commit_nobody_knows_has_no_pull_requests(world: World) -> None:
    assert await world.forge.pulls_of_commit(FLEET, Sha("f" * 40)) == []


async def test_branches(world: World) -> None:
    head = await world.github.push(world.fleet, "release/1.0#{x}%20", NEW)
    assert await world.forge.default_branch(FLEET) == "main"
    assert await world.forge.branch_head(FLEET, "main") == await world.head()
    assert await world.forge.branch_head(FLEET, "release/1.0#{x}%20") == head
    assert await world.forge.branch_head(FLEET, "release") is None


async def test_an_empty_repository_has_a_default_branch_without_a_head(world: World) -> None:
    empty = await world.github.create_repo("acme/empty", files=None)
    world.github.give_role(empty, world.us.login, Role.WRITE)
    if world.installation is not None:
        world.github.select(world.installation, empty, is_covered=True)
    repo = RepoId("hub", "acme/empty")
    assert await world.forge.default_branch(repo) == "main"
    assert await world.forge.branch_head(repo, "main") is None


async def test_a_branch_of_a_repository_that_is_not_ours_is_not_none(world: World) -> None:
    await world.github.create_repo("acme/hidden", files=FILES)
    with pytest.raises(ForgeNotFound):
        await world.forge.branch_head(RepoId("hub", "acme/hidden"), "main")


@pytest.mark.parametrize(
    ("role", "expected"),
    [(Role.READ, Permission.READ), (Role.WRITE, Permission.WRITE), (Role.ADMIN, Permission.ADMIN)],
)
async def test_permission_is_the_role_of_the_person(world: World, role: Role, expected: Permission) -> None:
    world.github.give_role(world.fleet, "bob", role)
    assert await world.forge.permission(FLEET, Actor("bob", world.github.user("bob").id)) is expected


async def test_a_name_that_went_to_somebody_else_has_no_permission(world: World) -> None:
    world.github.give_role(world.fleet, "bob", Role.ADMIN)
    assert await world.forge.permission(FLEET, Actor("bob", 1)) is Permission.NONE


async def test_nobody_has_no_permission(world: World) -> None:
    assert await world.forge.permission(FLEET, Actor("nobody-at-all", 5)) is Permission.NONE


@pytest.mark.parametrize(
    "path", ["acme", "acme/../x", "acme/fleet/x", "../fleet", "acme/fl{e}et", "acme/a b"]
)
async def test_what_cannot_be_a_repository_is_never_asked_for(world: World, path: str) -> None:
    with pytest.raises(ForgeNotFound):
        await world.forge.pull(RepoId("hub", path), 1)
    assert not [line for line in world.requests if line.startswith("GET /repos")]


async def test_a_pull_request_that_is_not_there(world: World) -> None:
    with pytest.raises(ForgeNotFound):
        await world.forge.pull(FLEET, 404)


async def test_a_renamed_repository_is_followed_with_a_token_and_named_to_an_app(world: World) -> None:
    await world.github.push(world.fleet, "x", NEW)
    opened = await world.github.open_pull(world.fleet, "x")
    world.github.forge.rename(world.fleet, "armada")
    if world.app is None:
        assert (await world.forge.pull(FLEET, opened.number)).number == opened.number
        created = await world.forge.create_comment(FLEET, opened.number, "still here")
        assert created.body == "still here"
    else:
        with pytest.raises(ForgeNotFound, match="renamed"):
            await world.forge.pull(FLEET, opened.number)
