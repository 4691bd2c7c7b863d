"""A pull request's whole life on the stand-in GitHub, driven by gidgethub as a bot would drive it.

The fixture fails any of these tests when one request, answer or webhook is outside GitHub's own description.
"""

import base64
import time

import aiohttp
import gidgethub.aiohttp
import pytest
from gidgethub import BadRequest
from gidgethub.apps import get_jwt

from tests.sandbox.forge import StandInGitHub
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import App, Installation

Client = gidgethub.aiohttp.GitHubAPI


@pytest.fixture
async def repository(github: StandInGitHub) -> Repository:
    return await github.create_repo("acme/fleet", files={"a.yaml": "a: 1\n", "dir/b.yaml": "b: 1\n"})


@pytest.fixture
async def app(github: StandInGitHub) -> App:
    return github.create_app()


@pytest.fixture
async def installation(github: StandInGitHub, app: App, repository: Repository) -> Installation:
    return github.install(app, "acme", [repository])


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


def client(github: StandInGitHub, session: aiohttp.ClientSession, token: str) -> Client:
    return Client(session, "longshore", oauth_token=token, base_url=github.api_url)


@pytest.fixture
async def bot(
    github: StandInGitHub, session: aiohttp.ClientSession, app: App, installation: Installation
) -> Client:
    """The bot with an installation token, which it got with a JWT."""
    anonymous = Client(session, "longshore", base_url=github.api_url)
    jwt = get_jwt(app_id=str(app.id), private_key=app.private_key)
    answer = await anonymous.post(
        f"/app/installations/{installation.id}/access_tokens",
        data={"repositories": ["fleet"], "permissions": {**app.permissions}},
        jwt=jwt,
    )
    assert answer["token"].startswith("ghs_")
    return client(github, session, answer["token"])


async def test_app_finds_its_installations_and_repositories(
    github: StandInGitHub, session: aiohttp.ClientSession, app: App, installation: Installation, bot: Client
) -> None:
    anonymous = Client(session, "longshore", base_url=github.api_url)
    jwt = get_jwt(app_id=str(app.id), private_key=app.private_key)
    assert (await anonymous.getitem("/app", jwt=jwt))["slug"] == "longshore"
    listed = [known["id"] async for known in anonymous.getiter("/app/installations", jwt=jwt)]
    assert listed == [installation.id]
    found = await anonymous.getitem("/repos/acme/fleet/installation", jwt=jwt)
    assert found["id"] == installation.id
    names = [
        known["full_name"]
        async for known in bot.getiter("/installation/repositories", iterable_key="repositories")
    ]
    assert names == ["acme/fleet"]


async def test_pull_request_lives_from_branch_to_squash_merge(
    github: StandInGitHub, repository: Repository, bot: Client
) -> None:
    head = await github.push(repository, "feature/x", {"a.yaml": "a: 2\n", "dir/b.yaml": None})
    opened = await bot.post(
        "/repos/acme/fleet/pulls", data={"title": "Two", "head": "feature/x", "base": "main", "body": "why"}
    )
    number = opened["number"]
    url = f"/repos/acme/fleet/pulls/{number}"
    assert (opened["mergeable"], (await bot.getitem(url))["mergeable"]) == (None, None)
    pull = await bot.getitem(url)
    assert (pull["mergeable"], pull["changed_files"], pull["commits"]) == (True, 2, 1)
    files = {file["filename"]: file["status"] async for file in bot.getiter(url + "/files")}
    assert files == {"a.yaml": "modified", "dir/b.yaml": "removed"}
    assert [commit["sha"] async for commit in bot.getiter(url + "/commits")] == [head]
    assert [known["number"] async for known in bot.getiter(f"/repos/acme/fleet/commits/{head}/pulls")] == [
        number
    ]
    await bot.patch(url, data={"title": "Better"})
    merged = await bot.put(url + "/merge", data={"merge_method": "squash", "sha": head})
    commit = await bot.getitem(f"/repos/acme/fleet/commits/{merged['sha']}")
    assert commit["commit"]["message"] == f"Better (#{number})"
    assert (await bot.getitem(url))["merged"] is True
    listed = [
        known["number"] async for known in bot.getiter("/repos/acme/fleet/pulls?state=closed&base=main")
    ]
    assert listed == [number]
    brought_by = [
        known["number"] async for known in bot.getiter(f"/repos/acme/fleet/commits/{merged['sha']}/pulls")
    ]
    assert brought_by == [number]


@pytest.mark.parametrize(
    ("method", "parents", "commits"), [("merge", 2, 4), ("squash", 1, 2), ("rebase", 1, 3)]
)
async def test_each_merge_method_leaves_its_own_history(
    github: StandInGitHub, repository: Repository, bot: Client, method: str, parents: int, commits: int
) -> None:
    await github.push(repository, "two", {"a.yaml": "a: 2\n"})
    await github.push(repository, "two", {"c.yaml": "c: 1\n"})
    pull = await github.open_pull(repository, "two")
    merged = await bot.put(f"/repos/acme/fleet/pulls/{pull.number}/merge", data={"merge_method": method})
    commit = await bot.getitem(f"/repos/acme/fleet/git/commits/{merged['sha']}")
    assert len(commit["parents"]) == parents
    assert await repository.store.count("main") == commits
    assert [row[4] for row in await repository.store.entries("main")] == ["a.yaml", "c.yaml", "dir"]


async def test_comments_can_be_written_read_changed_and_removed(
    github: StandInGitHub, repository: Repository, bot: Client
) -> None:
    await github.push(repository, "x", {"a.yaml": "a: 2\n"})
    pull = await github.open_pull(repository, "x")
    await github.comment(pull, "/plan", "bob")
    url = f"/repos/acme/fleet/issues/{pull.number}/comments"
    comment = await bot.post(url, data={"body": "the plan"})
    assert comment["user"]["login"] == "longshore[bot]"
    assert comment["performed_via_github_app"]["slug"] == "longshore"
    await bot.patch(f"/repos/acme/fleet/issues/comments/{comment['id']}", data={"body": "the new plan"})
    listed = [(known["user"]["type"], known["body"]) async for known in bot.getiter(url)]
    assert listed == [("User", "/plan"), ("Bot", "the new plan")]
    reactions = f"/repos/acme/fleet/issues/comments/{pull.comments[0].id}/reactions"
    assert (await bot.post(reactions, data={"content": "eyes"}))["content"] == "eyes"
    assert [known["content"] async for known in bot.getiter(reactions)] == ["eyes"]
    labels = await bot.post(f"/repos/acme/fleet/issues/{pull.number}/labels", data={"labels": ["planned"]})
    assert [label["name"] for label in labels] == ["planned"]
    await bot.delete(f"/repos/acme/fleet/issues/{pull.number}/labels/planned")
    await bot.delete(f"/repos/acme/fleet/issues/comments/{comment['id']}")
    with pytest.raises(BadRequest, match="Not Found"):
        await bot.getitem(f"/repos/acme/fleet/issues/comments/{comment['id']}")


async def test_check_run_is_made_updated_and_its_annotations_grow(
    github: StandInGitHub, repository: Repository, bot: Client
) -> None:
    head = await github.head(repository)
    note = {"path": "a.yaml", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}
    run = await bot.post(
        "/repos/acme/fleet/check-runs",
        data={"name": "plan", "head_sha": head, "status": "in_progress", "external_id": "digests"},
    )
    url = f"/repos/acme/fleet/check-runs/{run['id']}"
    output = {"title": "t", "summary": "s", "annotations": [note] * 50}
    await bot.patch(url, data={"output": output})
    done = await bot.patch(url, data={"conclusion": "success", "output": {**output, "annotations": [note]}})
    assert (done["status"], done["conclusion"], done["external_id"]) == ("completed", "success", "digests")
    assert done["output"]["annotations_count"] == 51
    assert len([one async for one in bot.getiter(url + "/annotations")]) == 51
    listing = f"/repos/acme/fleet/commits/{head}/check-runs?check_name=plan"
    assert [known["id"] async for known in bot.getiter(listing, iterable_key="check_runs")] == [run["id"]]
    suites = await bot.getitem(f"/repos/acme/fleet/commits/{head}/check-suites")
    assert [suite["conclusion"] for suite in suites["check_suites"]] == ["success"]


async def test_newest_status_of_a_context_counts(
    github: StandInGitHub, repository: Repository, bot: Client
) -> None:
    head = await github.head(repository)
    for state in ("pending", "success"):
        await bot.post(f"/repos/acme/fleet/statuses/{head}", data={"state": state, "context": "plan"})
    combined = await bot.getitem(f"/repos/acme/fleet/commits/{head}/status")
    assert (combined["state"], combined["total_count"]) == ("success", 1)
    assert len([one async for one in bot.getiter(f"/repos/acme/fleet/commits/{head}/statuses")]) == 2


async def test_successful_deployment_retires_the_one_before(
    github: StandInGitHub, repository: Repository, bot: Client
) -> None:
    head = await github.head(repository)
    wanted = {"ref": head, "environment": "staging", "auto_merge": False, "required_contexts": []}
    urls = []
    for _ in range(2):
        made = await bot.post("/repos/acme/fleet/deployments", data=wanted)
        urls.append(f"/repos/acme/fleet/deployments/{made['id']}/statuses")
        await bot.post(urls[-1], data={"state": "success", "description": "done"})
    states = [[known["state"] async for known in bot.getiter(url)] for url in urls]
    assert states == [["inactive", "success"], ["success"]]
    listing = await bot.getitem("/repos/acme/fleet/deployments?environment=staging")
    assert [known["sha"] for known in listing] == [head, head]
    environments = await bot.getitem("/repos/acme/fleet/environments")
    assert [known["name"] for known in environments["environments"]] == ["staging"]


async def test_commit_is_built_from_blobs_trees_and_refs(
    github: StandInGitHub, repository: Repository, bot: Client
) -> None:
    base = "/repos/acme/fleet/git"
    head = (await bot.getitem(base + "/ref/heads/main"))["object"]["sha"]
    blob = await bot.post(base + "/blobs", data={"content": "b: 2\n", "encoding": "utf-8"})
    tree = await bot.post(
        base + "/trees",
        data={
            "base_tree": head,
            "tree": [
                {"path": "dir/b.yaml", "mode": "100644", "type": "blob", "sha": blob["sha"]},
                {"path": "c.yaml", "mode": "100644", "type": "blob", "content": "c: 1\n"},
                {"path": "a.yaml", "mode": "100644", "type": "blob", "sha": None},
            ],
        },
    )
    commit = await bot.post(base + "/commits", data={"message": "m", "tree": tree["sha"], "parents": [head]})
    await bot.post(base + "/refs", data={"ref": "refs/heads/made", "sha": commit["sha"]})
    listing = await bot.getitem(base + "/trees/made?recursive=1")
    assert [entry["path"] for entry in listing["tree"]] == ["c.yaml", "dir", "dir/b.yaml"]
    content = await bot.getitem(base + f"/blobs/{blob['sha']}")
    assert base64.b64decode(content["content"]) == b"b: 2\n"
    branch = await bot.getitem("/repos/acme/fleet/branches/made")
    assert branch["commit"]["sha"] == commit["sha"]
    compared = await bot.getitem("/repos/acme/fleet/compare/main...made")
    assert (compared["status"], compared["ahead_by"], len(compared["files"])) == ("ahead", 1, 3)
    await bot.patch(base + "/refs/heads/made", data={"sha": head, "force": True})
    refs = await bot.getitem(base + "/matching-refs/heads/ma")
    assert {known["ref"]: known["object"]["sha"] for known in refs} == {
        "refs/heads/made": head,
        "refs/heads/main": head,
    }
    await bot.delete(base + "/refs/heads/made")
    assert [known["name"] for known in await bot.getitem("/repos/acme/fleet/branches")] == ["main"]


async def test_file_is_written_over_the_version_that_was_read(
    github: StandInGitHub, repository: Repository, bot: Client
) -> None:
    url = "/repos/acme/fleet/contents/dir/b.yaml"
    read = await bot.getitem(url)
    assert base64.b64decode(read["content"]) == b"b: 1\n"
    new = base64.b64encode(b"b: 2\n").decode()
    written = await bot.put(url, data={"message": "m", "content": new, "sha": read["sha"]})
    assert written["content"]["sha"] == (await bot.getitem(url))["sha"]
    assert [entry["name"] for entry in await bot.getitem("/repos/acme/fleet/contents/dir")] == ["b.yaml"]
    assert len(await bot.getitem("/repos/acme/fleet/commits")) == 2


async def test_person_with_a_plain_token_sees_what_their_role_allows(
    github: StandInGitHub, repository: Repository, session: aiohttp.ClientSession, bot: Client
) -> None:
    from tests.sandbox.forge import Role

    github.give_role(repository, "carol", Role.WRITE)
    carol = client(github, session, github.token("carol"))
    assert (await carol.getitem("/user"))["login"] == "carol"
    assert (await carol.getitem("/repos/acme/fleet"))["permissions"]["push"] is True
    level = await bot.getitem("/repos/acme/fleet/collaborators/carol/permission")
    assert level["permission"] == "write"
    assert (await carol.getitem("/rate_limit"))["rate"]["limit"] == 5000


async def test_starts_in_an_instant(github: StandInGitHub, tmp_path) -> None:
    start = time.monotonic()
    async with StandInGitHub.running(tmp_path / "other", contract=github.state.contract):
        pass
    assert time.monotonic() - start < 0.3
