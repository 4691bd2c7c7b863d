"""Merge requests of the stand-in GitLab: their states, their refusals, and how they are merged."""

from typing import Any

import pytest

from tests.sandbox.forge import Level, Tier
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.laboratory import Laboratory


async def status(lab: Laboratory, pull: Pull) -> str:
    return str((await lab.request(pull)).detailed_merge_status)


async def test_mergeability_is_found_out_in_the_background(lab: Laboratory) -> None:
    pull = await lab.pull()
    project = await lab.project()
    seen = [(await lab.ask(project.mergerequests.get, pull.number)).detailed_merge_status for _ in range(3)]
    assert seen == ["checking", "mergeable", "mergeable"]
    await lab.gitlab.push(lab.repository, "main", {"a.yaml": "a: other\n"})
    seen = [(await lab.ask(project.mergerequests.get, pull.number)).detailed_merge_status for _ in range(2)]
    assert seen[-1] == "conflict"


async def test_merge_right_after_creation_is_405(lab: Laboratory) -> None:
    """The trap of every bot that merges what it has just made."""
    pull = await lab.pull()
    project = await lab.project()
    request = project.mergerequests.get(pull.number, lazy=True)
    assert await lab.refused(405, request.merge) == "405 Method Not Allowed"
    ready = await lab.request(pull)
    await lab.ask(ready.merge)
    assert pull.is_merged


async def test_versions_keep_what_was_reviewed(lab: Laboratory) -> None:
    pull = await lab.pull()
    first = pull.head_sha
    await lab.gitlab.push(lab.repository, "change", {"a.yaml": "a: 2\n"})
    request = await lab.request(pull)
    versions = await lab.ask(request.diffs.list, get_all=True)
    assert [known.head_commit_sha for known in versions] == [pull.head_sha, first]
    assert request.diff_refs["head_sha"] == request.sha == pull.head_sha
    whole = await lab.ask(request.diffs.get, versions[0].id)
    assert [diff["new_path"] for diff in whole.diffs] == ["a.yaml"]


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"target_branch": "nowhere"}, 400, "target_branch"),
        ({"source_branch": "main"}, 409, "can't use same project/branch"),
        ({"title": "x" * 256}, 400, "too long"),
        ({"title": ""}, 400, "title is empty"),
    ],
)
async def test_impossible_merge_request_is_refused(
    lab: Laboratory, changed: dict[str, Any], code: int, said: str
) -> None:
    await lab.gitlab.push(lab.repository, "new", {"a.yaml": "a: 3\n"})
    project = await lab.project()
    wanted = {"title": "t", "source_branch": "new", "target_branch": "main", **changed}
    assert said in str(await lab.refused(code, project.mergerequests.create, wanted))


async def test_second_merge_request_of_a_branch_is_409_and_names_the_first(lab: Laboratory) -> None:
    pull = await lab.pull()
    project = await lab.project()
    wanted = {"title": "t", "source_branch": "change", "target_branch": "main"}
    said = await lab.refused(409, project.mergerequests.create, wanted)
    assert f"already exists for this source branch: !{pull.number}" in said


async def test_branch_that_is_missing_makes_a_merge_request_without_a_head(lab: Laboratory) -> None:
    """As recorded from gitlab.com."""
    project = await lab.project()
    wanted = {"title": "t", "source_branch": "later", "target_branch": "main"}
    made = await lab.ask(project.mergerequests.create, wanted)
    assert (made.sha, made.diff_refs["head_sha"], made.changes_count) == (None, None, None)
    pull = lab.repository.pulls[0]
    assert await status(lab, pull) == "commits_status"
    await lab.gitlab.push(lab.repository, "later", {"a.yaml": "a: later\n"})
    assert (await lab.request(pull)).sha == pull.head_sha


@pytest.mark.parametrize("obstacle", ["draft_status", "not_open", "discussions_not_resolved", "ci_must_pass"])
async def test_merge_that_something_stands_in_the_way_of_is_405(lab: Laboratory, obstacle: str) -> None:
    pull, project = await lab.pull(), await lab.project()
    match obstacle:
        case "draft_status":
            await lab.gitlab.set_draft(pull, draft=True)
        case "not_open":
            await lab.gitlab.close_pull(pull)
        case "discussions_not_resolved":
            project.only_allow_merge_if_all_discussions_are_resolved = True
            await lab.ask(project.save)
            request = await lab.request(pull)
            await lab.ask(request.discussions.create, {"body": "a finding"})
        case _:
            project.only_allow_merge_if_pipeline_succeeds = True
            await lab.ask(project.save)
    assert await status(lab, pull) == obstacle
    await lab.refused(405, (await lab.request(pull)).merge)


async def test_conflict_is_422(lab: Laboratory) -> None:
    pull = await lab.pull()
    await lab.gitlab.push(lab.repository, "main", {"a.yaml": "a: other\n"})
    assert await lab.refused(422, (await lab.request(pull)).merge) == "Branch cannot be merged"


async def test_head_that_moved_is_409(lab: Laboratory) -> None:
    pull = await lab.pull()
    request = await lab.request(pull)
    seen = request.sha
    await lab.gitlab.push(lab.repository, "change", {"a.yaml": "a: 2\n"})
    said = await lab.refused(409, request.merge, sha=seen)
    assert said.startswith("SHA does not match HEAD of source branch")


async def test_who_may_not_merge_is_401(lab: Laboratory) -> None:
    lab.gitlab.protect_branch(lab.repository, "main")
    lab.gitlab.give_level(lab.repository, "carol", Level.DEVELOPER)
    pull = await lab.pull()
    await lab.request(pull)
    project = await lab.project(lab.client(lab.gitlab.token("carol")))
    request = await lab.ask(project.mergerequests.get, pull.number)
    assert request.user == {"can_merge": False}
    await lab.refused(401, request.merge)


async def test_merge_is_a_merge_commit_that_names_its_merge_request(lab: Laboratory) -> None:
    pull = await lab.pull()
    await lab.ask((await lab.request(pull)).merge)
    commit = await lab.repository.store.commit(await lab.gitlab.head(lab.repository))
    assert commit.message == (
        "Merge branch 'change' into 'main'\n\nA change\n\nSee merge request acme/platform/fleet!1"
    )
    request = await lab.request(pull)
    assert (request.state, request.merge_commit_sha) == ("merged", commit.sha)
    assert request.detailed_merge_status == "not_open"


async def test_squash_and_source_branch_are_as_the_merger_says(lab: Laboratory) -> None:
    pull = await lab.pull()
    await lab.gitlab.push(lab.repository, "change", {"c.yaml": "c: 1\n"})
    request = await lab.request(pull)
    await lab.ask(
        lab.bot.http_put,
        f"/projects/{lab.repository.id}/merge_requests/{request.iid}/merge",
        post_data={"squash": True, "should_remove_source_branch": True},
    )
    store, head = lab.repository.store, await lab.gitlab.head(lab.repository)
    merge = await store.commit(head)
    assert (await store.commit(merge.parents[1])).message == "A change"
    assert await store.resolve("refs/heads/change") is None


@pytest.mark.parametrize("method", ["ff", "rebase_merge"])
async def test_linear_history_asks_for_a_rebase(lab: Laboratory, method: str) -> None:
    pull, project = await lab.pull(), await lab.project()
    project.merge_method = method
    await lab.ask(project.save)
    await lab.gitlab.push(lab.repository, "main", {"c.yaml": "c: 1\n"})
    assert await status(lab, pull) == "need_rebase"
    request = await lab.request(pull)
    await lab.refused(405, request.merge)
    await lab.ask(request.rebase)
    assert await status(lab, pull) == "mergeable"
    await lab.ask((await lab.request(pull)).merge)
    head = await lab.repository.store.commit(await lab.gitlab.head(lab.repository))
    assert len(head.parents) == (1 if method == "ff" else 2)


async def test_auto_merge_waits_for_the_pipeline(lab: Laboratory) -> None:
    pull = await lab.pull()
    pipeline = await lab.gitlab.run_pipeline(pull)
    url = f"/projects/{lab.repository.id}/merge_requests/{pull.number}"
    await lab.request(pull)
    await lab.ask(lab.bot.http_put, f"{url}/merge", post_data={"auto_merge": True, "sha": pull.head_sha})
    request = await lab.request(pull)
    assert (request.state, request.merge_when_pipeline_succeeds) == ("opened", True)
    await lab.ask(request.cancel_merge_when_pipeline_succeeds)
    await lab.refused(406, request.cancel_merge_when_pipeline_succeeds)
    await lab.ask(lab.bot.http_put, f"{url}/merge", post_data={"auto_merge": True})
    await lab.gitlab.finish_pipeline(pipeline)
    assert pull.is_merged


async def test_merge_request_from_a_fork_is_made_there_and_lives_here(lab: Laboratory) -> None:
    fork = await lab.gitlab.fork(lab.repository, "bob")
    lab.gitlab.give_level(lab.repository, "bob", Level.REPORTER)
    await lab.gitlab.push(fork, "theirs", {"c.yaml": "c: 1\n"}, author="bob")
    bob = lab.client(lab.gitlab.token("bob"))
    source = await lab.ask(bob.projects.get, fork.id)
    made = await lab.ask(
        source.mergerequests.create,
        {
            "title": "t",
            "source_branch": "theirs",
            "target_branch": "main",
            "target_project_id": lab.repository.id,
        },
    )
    assert (made.project_id, made.source_project_id) == (lab.repository.id, fork.id)
    pull = lab.repository.pulls[0]
    assert (await lab.request(pull)).source_project_id == fork.id
    lab.gitlab.forge.delete(fork)
    assert (await lab.request(pull)).source_project_id is None


async def test_merge_requests_of_a_commit_are_those_that_brought_it(lab: Laboratory) -> None:
    pull, other = await lab.pull("one"), await lab.pull("two")
    project = await lab.project()
    commit = await lab.ask(project.commits.get, pull.head_sha)
    assert [known["iid"] for known in await lab.ask(commit.merge_requests)] == [pull.number]
    sha = await lab.gitlab.merge_pull(other)
    merged = await lab.ask(project.commits.get, sha)
    assert [known["iid"] for known in await lab.ask(merged.merge_requests)] == [other.number]


# Approvals


async def test_free_approvals_are_remarks(lab: Laboratory) -> None:
    pull = await lab.pull()
    await lab.gitlab.approve(pull, "alice")
    approvals = await lab.ask((await lab.request(pull)).approvals.get)
    assert [given["user"]["username"] for given in approvals.approved_by] == ["alice"]
    assert not hasattr(approvals, "approvals_left")
    assert await status(lab, pull) == "mergeable"


async def test_rule_holds_until_its_people_approved_and_a_push_takes_it_back(lab: Laboratory) -> None:
    lab.gitlab.tier = Tier.PREMIUM
    lab.gitlab.require_approvals(lab.repository, 1, "alice")
    pull = await lab.pull()
    pull.author = lab.gitlab.user("bob")
    lab.gitlab.give_level(lab.repository, "carol", Level.DEVELOPER)
    await lab.gitlab.approve(pull, "carol")
    assert await status(lab, pull) == "not_approved"
    await lab.gitlab.approve(pull, "alice")
    assert await status(lab, pull) == "mergeable"
    await lab.gitlab.push(lab.repository, "change", {"a.yaml": "a: 2\n"})
    assert await status(lab, pull) == "not_approved"


async def test_approval_of_another_head_is_409_and_a_second_one_401(lab: Laboratory) -> None:
    request = await lab.request(await lab.pull())
    await lab.refused(409, request.approve, sha="0" * 40)
    await lab.ask(request.approve)
    again = await lab.request(lab.repository.pulls[0])
    await lab.refused(401, again.approve)


# External status checks


async def test_external_status_check_is_answered_for_the_head_only(lab: Laboratory) -> None:
    lab.gitlab.tier = Tier.ULTIMATE
    pull, project = await lab.pull(), await lab.project()
    check = await lab.ask(
        project.external_status_checks.create, {"name": "plan", "external_url": "http://127.0.0.1/x"}
    )
    url = f"/projects/{project.id}/merge_requests/{pull.number}/status_check_responses"
    answer = {"sha": pull.head_sha, "external_status_check_id": check.id, "status": "failed"}
    await lab.ask(lab.bot.http_post, url, post_data=answer)
    request = await lab.request(pull)
    assert [known.status for known in await lab.ask(request.status_checks.list)] == ["failed"]
    await lab.refused(409, lab.bot.http_post, url, post_data={**answer, "sha": "0" * 40})
    await lab.gitlab.push(lab.repository, "change", {"a.yaml": "a: 2\n"})
    assert [known.status for known in await lab.ask(request.status_checks.list)] == ["pending"]


# Merge trains


async def test_train_merges_in_order_and_each_car_on_top_of_those_before(lab: Laboratory) -> None:
    lab.gitlab.tier = Tier.PREMIUM
    lab.gitlab.state.projects.of(lab.repository).merge_trains = True
    pulls = []
    for name in ("one", "two"):
        await lab.gitlab.push(lab.repository, name, {f"{name}.yaml": "x: 1\n"})
        pulls.append(await lab.gitlab.open_pull(lab.repository, name))
    first, second = [await lab.gitlab.board_train(pull) for pull in pulls]
    refs = await lab.repository.store.refs("refs/merge-requests")
    assert {"refs/merge-requests/1/train", "refs/merge-requests/2/train"} <= refs.keys()
    assert second.pipeline is not None
    assert first.pipeline is not None
    both = {e[4] for e in await lab.repository.store.entries(second.pipeline.sha)}
    assert {"one.yaml", "two.yaml"} <= both
    await lab.gitlab.finish_pipeline(second.pipeline)
    assert not pulls[1].is_merged
    await lab.gitlab.finish_pipeline(first.pipeline)
    assert [pull.is_merged for pull in pulls] == [True, True]
    project = await lab.project()
    cars = await lab.ask(project.merge_trains.list, get_all=True)
    assert [car.status for car in cars] == ["merged", "merged"]


async def test_car_whose_pipeline_fails_leaves_the_train(lab: Laboratory) -> None:
    lab.gitlab.tier = Tier.PREMIUM
    lab.gitlab.state.projects.of(lab.repository).merge_trains = True
    pull = await lab.pull()
    car = await lab.gitlab.board_train(pull)
    assert car.pipeline is not None
    await lab.gitlab.finish_pipeline(car.pipeline, "failed")
    assert (car.state, pull.is_open) == ("skip_merged", True)


async def test_pipeline_on_the_merged_result_speaks_for_the_head(lab: Laboratory) -> None:
    lab.gitlab.tier = Tier.PREMIUM
    lab.gitlab.state.projects.of(lab.repository).merge_pipelines = True
    pull = await lab.pull()
    pipeline = await lab.gitlab.run_pipeline(pull)
    assert pipeline.ref == f"refs/merge-requests/{pull.number}/merge"
    merge = await lab.repository.store.commit(pipeline.sha)
    assert merge.parents == (await lab.gitlab.head(lab.repository), pull.head_sha)
    assert (await lab.request(pull)).head_pipeline["id"] == pipeline.id


# Owners of files


@pytest.mark.parametrize(
    ("owners", "asked"),
    [
        ("* @alice\n", ["alice"]),
        ("* @alice\n*.yaml @bob\n", ["bob"]),
        ("* @alice\n/dir/ @bob\n", ["alice"]),
        ("/dir/ @bob\n", []),
        ("[Apps]\n* @alice\n[Yaml][2] @bob\n*.yaml\n", ["alice", "bob"]),
        ("^[Apps]\n* @alice\n", []),
        ("# nobody\n", []),
    ],
)
async def test_owners_of_changed_files_are_asked_where_the_branch_wants_it(
    lab: Laboratory, owners: str, asked: list[str]
) -> None:
    lab.gitlab.tier = Tier.PREMIUM
    for login in ("alice", "bob"):
        lab.gitlab.give_level(lab.repository, login, Level.DEVELOPER)
    await lab.gitlab.push(lab.repository, "main", {"CODEOWNERS": owners})
    lab.gitlab.protect_branch(lab.repository, "main", code_owners=True)
    request = await lab.request(await lab.pull())
    state = await lab.ask(request.approval_state.get)
    rules = [rule for rule in state.rules if rule["approvals_required"]]
    assert [user["username"] for rule in rules for user in rule["users"]] == asked
    assert all(rule["rule_type"] == "code_owner" for rule in rules)
    assert request.detailed_merge_status == ("not_approved" if asked else "mergeable")
    lab.gitlab.protect_branch(lab.repository, "main", code_owners=False)
    assert await status(lab, lab.repository.pulls[0]) == "mergeable"
