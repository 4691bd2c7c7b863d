"""What a real Gitea answers to the adapter, asked with the token that docs/forges.md asks for."""

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.config.forges import Forge as ForgeConfig
from bot.forge.base import CommentId, Forge, Permission
from bot.forge.errors import ForgeForbidden, ForgeNotFound, ForgeUnauthorized
from bot.forge.github.comments import LIMIT
from bot.forge.opening import open_forge
from bot.forge.reports import CheckReport, CheckState, Conclusion
from bot.model.repo import Actor, PullState, RepoId, Sha
from oracles.gitea.fleet import Fleet
from oracles.gitea.town import BOT, OWNER, Town, entry

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

NOWHERE = "http://127.0.0.1:9/nobody-listens"
MORE_THAN_A_PAGE = 35


@pytest_asyncio.fixture(loop_scope="session")
async def fleet(town: Town) -> Fleet:
    """The bot hears nothing of it, so that nobody but the test asks."""
    return await Fleet.founded(town, "answers", hook_url=NOWHERE)


def repo_of(fleet: Fleet) -> RepoId:
    return RepoId("hub", fleet.path)


async def test_who_we_are_and_where_a_repository_is(forge: Forge, fleet: Fleet) -> None:
    us = await forge.identity()
    assert (us.login, us.is_bot) == (BOT, False)
    assert await forge.missing_permissions() == ()
    located = await forge.locate(repo_of(fleet))
    assert located.path == fleet.path
    assert await forge.default_branch(repo_of(fleet)) == "main"
    assert repo_of(fleet) in await forge.repositories()
    with pytest.raises(ForgeNotFound):
        await forge.locate(RepoId("hub", "nobody/nothing"))


async def test_a_renamed_repository_is_found_by_its_old_name(forge: Forge, fleet: Fleet) -> None:
    before = await forge.locate(repo_of(fleet))
    await fleet.owner.call("PATCH", f"/repos/{fleet.path}", {"name": "renamed"})
    after = await forge.locate(repo_of(fleet))
    assert (after.number, after.path) == (before.number, f"{fleet.name}/renamed")


async def test_a_branch_has_a_head_until_it_is_gone(forge: Forge, fleet: Fleet) -> None:
    repo = repo_of(fleet)
    head = await fleet.push({"a": "1\n"}, "feature/one#two", since="main")
    assert await forge.branch_head(repo, "feature/one#two") == head
    assert await forge.branch_head(repo, "feature") is None
    with pytest.raises(ForgeNotFound):
        await forge.branch_head(RepoId("hub", "nobody/nothing"), "main")


async def test_a_pull_request_is_read_in_each_of_its_states(forge: Forge, fleet: Fleet) -> None:
    repo = repo_of(fleet)
    opened = await fleet.open({"a": "1\n"}, "WIP: A thought")
    number = opened["number"]
    pull = await forge.pull(repo, number)
    assert (pull.state, pull.draft, pull.author.login) == (PullState.OPEN, True, OWNER)
    assert (pull.base_ref, pull.head_sha, pull.head_repo) == ("main", opened["head"]["sha"], fleet.path)
    assert pull.url.endswith(f"/{fleet.path}/pulls/{number}")
    await fleet.push({"README.md": "Other.\n"}, "other", since="main")
    assert [one.number for one in await forge.open_pulls(repo, base="main")] == [number]
    assert await forge.open_pulls(repo, base="other") == []
    [listed] = await forge.listed_pulls(repo, state=PullState.OPEN, limit=10)
    assert (listed.number, listed.head_sha, listed.author) == (number, pull.head_sha, OWNER)

    await fleet.edit(number, title="A thought")
    merged = await fleet.merge(number)
    pull = await forge.pull(repo, number)
    assert (pull.state, pull.merge_sha) == (PullState.MERGED, merged)
    assert [one.number for one in await forge.pulls_of_commit(repo, Sha(merged))] == [number]
    assert await forge.pulls_of_commit(repo, Sha("a" * 40)) == []

    closed = await fleet.open({"b": "1\n"})
    await fleet.edit(closed["number"], state="closed")
    assert (await forge.pull(repo, closed["number"])).state is PullState.CLOSED
    with pytest.raises(ForgeNotFound):
        await forge.pull(repo, 4711)


async def test_a_pull_request_outlives_its_branch(forge: Forge, fleet: Fleet) -> None:
    opened = await fleet.open({"a": "1\n"})
    await fleet.merge(opened["number"])
    await fleet.owner.call("DELETE", f"/repos/{fleet.path}/branches/{opened['head']['ref']}")
    pull = await forge.pull(repo_of(fleet), opened["number"])
    assert (pull.state, pull.head_sha) == (PullState.MERGED, opened["head"]["sha"])


async def test_a_comment_is_made_edited_read_and_taken_back(forge: Forge, fleet: Fleet) -> None:
    repo, number = repo_of(fleet), (await fleet.open({"a": "1\n"}))["number"]
    body = "<!-- hidden -->\nwords\r\nand ünïcödé"
    made = await forge.create_comment(repo, number, body)
    assert (made.body, made.author) == (forge.as_kept(body), await forge.identity())
    edited = await forge.update_comment(repo, number, made.id, "others")
    assert (edited.id, edited.body) == (made.id, "others")
    assert [one.id for one in await forge.comments(repo, number)] == [made.id]
    await forge.delete_comment(repo, number, made.id)
    await forge.delete_comment(repo, number, made.id)
    assert await forge.comments(repo, number) == []
    with pytest.raises(ForgeNotFound):
        await forge.update_comment(repo, number, made.id, "too late")
    with pytest.raises(ForgeNotFound):
        await forge.update_comment(repo, number, CommentId(99_999_999), "nowhere")


async def test_the_longest_comment_is_kept_whole(forge: Forge, fleet: Fleet) -> None:
    repo, number = repo_of(fleet), (await fleet.open({"a": "1\n"}))["number"]
    longest = "ö" * LIMIT.code_points
    assert (await forge.create_comment(repo, number, longest)).body == longest


async def test_lists_are_read_to_their_end(forge: Forge, fleet: Fleet) -> None:
    repo, number = repo_of(fleet), (await fleet.open({"a": "1\n"}))["number"]
    for count in range(MORE_THAN_A_PAGE):
        await fleet.say(number, f"word {count}")
        await fleet.push({f"file-{count}": "1\n"}, f"branch-{count}", since="main")
        await fleet.request(f"branch-{count}")
    assert len(await forge.comments(repo, number)) == MORE_THAN_A_PAGE
    assert len(await forge.open_pulls(repo, base="main")) == MORE_THAN_A_PAGE + 1


async def test_a_verdict_is_a_status_that_is_not_said_twice(forge: Forge, fleet: Fleet) -> None:
    repo, sha = repo_of(fleet), Sha((await fleet.open({"a": "1\n"}))["head"]["sha"])
    assert await forge.find_check(repo, sha, "longshore/plan") is None
    running = CheckReport("longshore/plan", sha, CheckState.RUNNING, "Looking")
    await forge.put_check(repo, running)
    for conclusion, word in (
        (Conclusion.FAILURE, "failure"),
        (Conclusion.CANCELLED, "error"),
        (Conclusion.SUCCESS, "success"),
    ):
        done = CheckReport("longshore/plan", sha, CheckState.DONE, "word " * 100, conclusion=conclusion)
        report = replace(done, details_url=f"{NOWHERE}?a=b")
        put = await forge.put_check(repo, report)
        assert await forge.put_check(repo, report) == put
        assert await forge.find_check(repo, sha, "longshore/plan") == put
        assert (put.conclusion, put.url) == (conclusion, f"{NOWHERE}?a=b")
        assert (await fleet.statuses(sha, "longshore/plan"))[0]["status"] == word
    assert len(await fleet.statuses(sha, "longshore/plan")) == 4


async def test_a_status_of_somebody_else_is_none_of_ours(forge: Forge, fleet: Fleet) -> None:
    sha = Sha((await fleet.open({"a": "1\n"}))["head"]["sha"])
    theirs = {"state": "success", "context": "longshore/plan", "description": "trust me"}
    await fleet.owner.post(f"/repos/{fleet.path}/statuses/{sha}", theirs)
    assert await forge.find_check(repo_of(fleet), sha, "longshore/plan") is None


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        ("none", Permission.NONE),
        ("read", Permission.READ),
        ("write", Permission.WRITE),
        ("admin", Permission.ADMIN),
    ],
)
async def test_what_a_person_may_do_is_told_to_an_administrator(
    town: Town, forge: Forge, fleet: Fleet, role: str, permission: Permission
) -> None:
    name = f"{role}-{fleet.name}"
    await town.gitea.administrator.new_user(name, "read:user")
    person = Actor(name, (await fleet.owner.get(f"/users/{name}"))["id"])
    if role != "none":
        await fleet.give(name, role)
    with pytest.raises(ForgeForbidden):
        await forge.permission(repo_of(fleet), person)
    await fleet.give(BOT, "admin")
    assert await forge.permission(repo_of(fleet), person) is permission
    assert await forge.permission(repo_of(fleet), Actor("nobody-here", 1)) is Permission.NONE
    assert await forge.permission(repo_of(fleet), Actor(name, 1)) is Permission.NONE


async def test_it_is_told_where_we_may_not_write(forge: Forge, fleet: Fleet) -> None:
    assert await forge.missing_in(repo_of(fleet)) == ()
    await fleet.give(BOT, "read")
    [missing] = await forge.missing_in(repo_of(fleet))
    assert "needs write access" in missing


async def test_the_owner_may_do_everything(forge: Forge, fleet: Fleet) -> None:
    await fleet.give(BOT, "admin")
    owner = Actor(OWNER, (await fleet.owner.get("/user"))["id"])
    assert await forge.permission(repo_of(fleet), owner) is Permission.ADMIN


async def test_the_head_of_a_pull_request_is_fetched_with_the_token(forge: Forge, fleet: Fleet) -> None:
    repo, pull = repo_of(fleet), await fleet.open({"a": "1\n"})
    credentials = await forge.git_credentials(repo)
    address = forge.git_url(repo).replace("://", f"://{credentials.username}:{credentials.password}@")
    ref = forge.pull_head_ref(pull["number"])
    assert await _remote(address, ref) == f"{pull['head']['sha']}\t{ref}"
    assert "fatal" in await _remote(forge.git_url(repo), ref)


async def _remote(address: str, ref: str) -> str:
    """What `git ls-remote` says."""
    process = await asyncio.create_subprocess_exec(
        *("git", "-c", "credential.helper=", "ls-remote", address, ref),
        env={"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode().strip()


async def test_a_token_of_no_use_is_told_apart(
    town: Town, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "x" * 20)
    monkeypatch.setenv("GITEA_TOKEN", "0" * 40)
    async with open_forge("hub", ForgeConfig.model_validate(entry(town))) as forge:
        with pytest.raises(ForgeUnauthorized):
            await forge.identity()
    reader = f"reader-{fleet.name}"
    narrow = await town.gitea.administrator.new_user(reader, "read:repository", "read:user")
    await fleet.give(reader, "write")
    number = (await fleet.open({"a": "1\n"}))["number"]
    monkeypatch.setenv("GITEA_TOKEN", narrow.token)
    async with open_forge("hub", ForgeConfig.model_validate(entry(town))) as forge:
        with pytest.raises(ForgeForbidden, match="scope"):
            await forge.create_comment(repo_of(fleet), number, "words")
