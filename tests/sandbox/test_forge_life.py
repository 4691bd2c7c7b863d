"""A pull request's whole life on the stand-in GitHub, driven by gidgethub as a bot would drive it.

The fixture fails any of these tests when one request, answer or webhook is outside GitHub's own description.
"""

import base64

import pytest
from gidgethub import BadRequest

from tests.sandbox.forge import Role
from tests.sandbox.forge.acme import Acme

REPOSITORY = "/repos/acme/fleet"


async def test_app_finds_its_installations_and_repositories(acme: Acme) -> None:
    anonymous, jwt = acme.client(), acme.jwt
    assert (await anonymous.getitem("/app", jwt=jwt))["slug"] == "longshore"
    listed = [known["id"] async for known in anonymous.getiter("/app/installations", jwt=jwt)]
    assert listed == [acme.installation.id]
    found = await anonymous.getitem(REPOSITORY + "/installation", jwt=jwt)
    assert found["id"] == acme.installation.id
    bot = acme.client(await acme.installation_token(repositories=["fleet"], permissions={"contents": "read"}))
    covered = bot.getiter("/installation/repositories", iterable_key="repositories")
    assert [known["full_name"] async for known in covered] == ["acme/fleet"]


async def test_pull_request_lives_from_branch_to_squash_merge(acme: Acme) -> None:
    github, repository, bot = acme.github, acme.repository, acme.bot
    head = await github.push(repository, "feature/x", {"a.yaml": "a: 2\n", "dir/b.yaml": None})
    opened = await bot.post(
        REPOSITORY + "/pulls", data={"title": "Two", "head": "feature/x", "base": "main", "body": "why"}
    )
    number = opened["number"]
    url = f"{REPOSITORY}/pulls/{number}"
    assert (opened["mergeable"], (await bot.getitem(url))["mergeable"]) == (None, None)
    pull = await bot.getitem(url)
    assert (pull["mergeable"], pull["changed_files"], pull["commits"]) == (True, 2, 1)
    files = {file["filename"]: file["status"] async for file in bot.getiter(url + "/files")}
    assert files == {"a.yaml": "modified", "dir/b.yaml": "removed"}
    assert [commit["sha"] async for commit in bot.getiter(url + "/commits")] == [head]
    assert [known["number"] async for known in bot.getiter(f"{REPOSITORY}/commits/{head}/pulls")] == [number]
    await bot.patch(url, data={"title": "Better"})
    merged = await bot.put(url + "/merge", data={"merge_method": "squash", "sha": head})
    commit = await bot.getitem(f"{REPOSITORY}/commits/{merged['sha']}")
    assert commit["commit"]["message"] == f"Better (#{number})"
    assert (await bot.getitem(url))["merged"] is True
    listed = [known["number"] async for known in bot.getiter(REPOSITORY + "/pulls?state=closed&base=main")]
    assert listed == [number]
    brought_by = [
        known["number"] async for known in bot.getiter(f"{REPOSITORY}/commits/{merged['sha']}/pulls")
    ]
    assert brought_by == [number]


@pytest.mark.parametrize(
    ("method", "parents", "commits"), [("merge", 2, 4), ("squash", 1, 2), ("rebase", 1, 3)]
)
async def test_each_merge_method_leaves_its_own_history(
    acme: Acme, method: str, parents: int, commits: int
) -> None:
    github, repository, bot = acme.github, acme.repository, acme.bot
    await github.push(repository, "two", {"a.yaml": "a: 2\n"})
    await github.push(repository, "two", {"c.yaml": "c: 1\n"})
    pull = await github.open_pull(repository, "two")
    merged = await bot.put(f"{REPOSITORY}/pulls/{pull.number}/merge", data={"merge_method": method})
    commit = await bot.getitem(f"{REPOSITORY}/git/commits/{merged['sha']}")
    assert len(commit["parents"]) == parents
    assert await repository.store.count("main") == commits
    assert [row[4] for row in await repository.store.entries("main")] == ["a.yaml", "c.yaml", "dir"]


async def test_comments_can_be_written_read_changed_and_removed(acme: Acme) -> None:
    github, repository, bot = acme.github, acme.repository, acme.bot
    await github.push(repository, "x", {"a.yaml": "a: 2\n"})
    pull = await github.open_pull(repository, "x")
    await github.comment(pull, "/plan", "bob")
    url = f"{REPOSITORY}/issues/{pull.number}/comments"
    comment = await bot.post(url, data={"body": "the plan"})
    assert comment["user"]["login"] == "longshore[bot]"
    assert comment["performed_via_github_app"]["slug"] == "longshore"
    await bot.patch(f"{REPOSITORY}/issues/comments/{comment['id']}", data={"body": "the new plan"})
    listed = [(known["user"]["type"], known["body"]) async for known in bot.getiter(url)]
    assert listed == [("User", "/plan"), ("Bot", "the new plan")]
    reactions = f"{REPOSITORY}/issues/comments/{pull.comments[0].id}/reactions"
    assert (await bot.post(reactions, data={"content": "eyes"}))["content"] == "eyes"
    assert [known["content"] async for known in bot.getiter(reactions)] == ["eyes"]
    labels = await bot.post(f"{REPOSITORY}/issues/{pull.number}/labels", data={"labels": ["planned"]})
    assert [label["name"] for label in labels] == ["planned"]
    await bot.delete(f"{REPOSITORY}/issues/{pull.number}/labels/planned")
    await bot.delete(f"{REPOSITORY}/issues/comments/{comment['id']}")
    with pytest.raises(BadRequest, match="Not Found"):
        await bot.getitem(f"{REPOSITORY}/issues/comments/{comment['id']}")


async def test_check_run_is_made_updated_and_its_annotations_grow(acme: Acme) -> None:
    github, repository, bot = acme.github, acme.repository, acme.bot
    head = await github.head(repository)
    note = {"path": "a.yaml", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}
    run = await bot.post(
        REPOSITORY + "/check-runs",
        data={"name": "plan", "head_sha": head, "status": "in_progress", "external_id": "digests"},
    )
    url = f"{REPOSITORY}/check-runs/{run['id']}"
    output = {"title": "t", "summary": "s", "annotations": [note] * 50}
    await bot.patch(url, data={"output": output})
    done = await bot.patch(url, data={"conclusion": "success", "output": {**output, "annotations": [note]}})
    assert (done["status"], done["conclusion"], done["external_id"]) == ("completed", "success", "digests")
    assert done["output"]["annotations_count"] == 51
    assert len([one async for one in bot.getiter(url + "/annotations")]) == 51
    listing = f"{REPOSITORY}/commits/{head}/check-runs?check_name=plan"
    assert [known["id"] async for known in bot.getiter(listing, iterable_key="check_runs")] == [run["id"]]
    suites = await bot.getitem(f"{REPOSITORY}/commits/{head}/check-suites")
    assert [suite["conclusion"] for suite in suites["check_suites"]] == ["success"]


async def test_newest_status_of_a_context_counts(acme: Acme) -> None:
    github, repository, bot = acme.github, acme.repository, acme.bot
    head = await github.head(repository)
    for state in ("pending", "success"):
        await bot.post(f"{REPOSITORY}/statuses/{head}", data={"state": state, "context": "plan"})
    combined = await bot.getitem(f"{REPOSITORY}/commits/{head}/status")
    assert (combined["state"], combined["total_count"]) == ("success", 1)
    assert len([one async for one in bot.getiter(f"{REPOSITORY}/commits/{head}/statuses")]) == 2


async def test_successful_deployment_retires_the_one_before(acme: Acme) -> None:
    github, repository, bot = acme.github, acme.repository, acme.bot
    head = await github.head(repository)
    wanted = {"ref": head, "environment": "staging", "auto_merge": False, "required_contexts": []}
    urls = []
    for _ in range(2):
        made = await bot.post(REPOSITORY + "/deployments", data=wanted)
        urls.append(f"{REPOSITORY}/deployments/{made['id']}/statuses")
        await bot.post(urls[-1], data={"state": "success", "description": "done"})
    states = [[known["state"] async for known in bot.getiter(url)] for url in urls]
    assert states == [["inactive", "success"], ["success"]]
    listing = await bot.getitem(REPOSITORY + "/deployments?environment=staging")
    assert [known["sha"] for known in listing] == [head, head]
    environments = await bot.getitem(REPOSITORY + "/environments")
    assert [known["name"] for known in environments["environments"]] == ["staging"]


async def test_commit_is_built_from_blobs_trees_and_refs(acme: Acme) -> None:
    bot = acme.bot
    base = REPOSITORY + "/git"
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
    branch = await bot.getitem(REPOSITORY + "/branches/made")
    assert branch["commit"]["sha"] == commit["sha"]
    compared = await bot.getitem(REPOSITORY + "/compare/main...made")
    assert (compared["status"], compared["ahead_by"], len(compared["files"])) == ("ahead", 1, 3)
    await bot.patch(base + "/refs/heads/made", data={"sha": head, "force": True})
    refs = await bot.getitem(base + "/matching-refs/heads/ma")
    assert {known["ref"]: known["object"]["sha"] for known in refs} == {
        "refs/heads/made": head,
        "refs/heads/main": head,
    }
    await bot.delete(base + "/refs/heads/made")
    assert [known["name"] for known in await bot.getitem(REPOSITORY + "/branches")] == ["main"]


async def test_file_is_written_over_the_version_that_was_read(acme: Acme) -> None:
    bot = acme.bot
    url = REPOSITORY + "/contents/dir/b.yaml"
    read = await bot.getitem(url)
    assert base64.b64decode(read["content"]) == b"b: 1\n"
    new = base64.b64encode(b"b: 2\n").decode()
    written = await bot.put(url, data={"message": "m", "content": new, "sha": read["sha"]})
    assert written["content"]["sha"] == (await bot.getitem(url))["sha"]
    assert [entry["name"] for entry in await bot.getitem(REPOSITORY + "/contents/dir")] == ["b.yaml"]
    assert len(await bot.getitem(REPOSITORY + "/commits")) == 2


async def test_person_with_a_plain_token_sees_what_their_role_allows(acme: Acme) -> None:
    acme.github.give_role(acme.repository, "carol", Role.WRITE)
    carol = acme.client(acme.github.token("carol"))
    assert (await carol.getitem("/user"))["login"] == "carol"
    assert (await carol.getitem(REPOSITORY))["permissions"]["push"] is True
    level = await acme.bot.getitem(REPOSITORY + "/collaborators/carol/permission")
    assert level["permission"] == "write"
    assert (await carol.getitem("/rate_limit"))["rate"]["limit"] == 5000
