"""Notes, discussions, emoji, commit statuses and deployments of the stand-in GitLab."""

from typing import Any

import pytest

from tests.sandbox.forge import Level, Tier
from tests.sandbox.laboratory import Laboratory

# Notes


async def test_note_is_written_changed_and_taken_back(lab: Laboratory) -> None:
    pull = await lab.pull()
    request = await lab.request(pull)
    note = await lab.ask(request.notes.create, {"body": "the plan"})
    note.body = "the new plan"
    await lab.ask(note.save)
    read = await lab.ask(request.notes.get, note.id)
    assert (read.body, read.author["id"], read.system, read.resolvable) == (
        "the new plan",
        lab.us.id,
        False,
        False,
    )
    await lab.ask(note.delete)
    await lab.refused(404, request.notes.get, note.id)


async def test_what_gitlab_writes_down_itself_is_among_the_notes(lab: Laboratory) -> None:
    pull = await lab.pull()
    await lab.gitlab.push(lab.repository, "change", {"a.yaml": "a: 2\n"})
    await lab.gitlab.comment(pull, "hello")
    request = await lab.request(pull)
    notes = await lab.ask(request.notes.list, get_all=True, sort="asc", order_by="created_at")
    assert [(note.system, note.body) for note in notes] == [(True, "added 1 commit"), (False, "hello")]
    only = await lab.ask(request.notes.list, get_all=True, activity_filter="only_comments")
    assert [note.body for note in only] == ["hello"]
    assert request.user_notes_count == 1
    await lab.refused(403, notes[0].delete)


async def test_note_of_somebody_else_is_not_changed_by_a_developer(lab: Laboratory) -> None:
    pull = await lab.pull()
    await lab.gitlab.comment(pull, "mine")
    lab.gitlab.give_level(lab.repository, "carol", Level.DEVELOPER)
    project = await lab.project(lab.client(lab.gitlab.token("carol")))
    request = await lab.ask(project.mergerequests.get, pull.number)
    (note,) = await lab.ask(request.notes.list, get_all=True)
    note.body = "hers"
    await lab.refused(403, note.save)


@pytest.mark.parametrize("body", ["", "   ", "x" * 1_000_001])
async def test_note_without_words_or_with_too_many_is_400(lab: Laboratory, body: str) -> None:
    request = await lab.request(await lab.pull())
    await lab.refused(400, request.notes.create, {"body": body})


async def test_note_that_is_internal_is_seen_by_members_only(lab: Laboratory) -> None:
    pull = await lab.pull()
    request = await lab.request(pull)
    await lab.ask(request.notes.create, {"body": "among us", "internal": True})
    lab.gitlab.give_level(lab.repository, "guest", Level.GUEST)
    guest = await lab.project(lab.client(lab.gitlab.token("guest")))
    url = f"/projects/{lab.repository.id}/merge_requests/{pull.number}/notes"
    assert await lab.ask(guest.mergerequests.get(pull.number, lazy=True).notes.list, get_all=True) == []
    assert [note["body"] for note in await lab.get(url)] == ["among us"]


async def test_discussion_is_answered_and_resolved(lab: Laboratory) -> None:
    request = await lab.request(await lab.pull())
    discussion = await lab.ask(request.discussions.create, {"body": "a finding"})
    assert discussion.individual_note is False
    await lab.ask(discussion.notes.create, {"body": "indeed"})
    assert (await lab.request(lab.repository.pulls[0])).blocking_discussions_resolved is False
    discussion.resolved = True
    await lab.ask(discussion.save)
    read = await lab.ask(request.discussions.get, discussion.id)
    assert [(note["body"], note["resolved"]) for note in read.attributes["notes"]] == [
        ("a finding", True),
        ("indeed", True),
    ]
    assert (await lab.request(lab.repository.pulls[0])).blocking_discussions_resolved is True


async def test_plain_note_is_a_discussion_that_cannot_be_resolved(lab: Laboratory) -> None:
    request = await lab.request(await lab.pull())
    await lab.ask(request.notes.create, {"body": "by the way"})
    (discussion,) = await lab.ask(request.discussions.list, get_all=True)
    assert discussion.individual_note is True
    url = f"/projects/{lab.repository.id}/merge_requests/1/discussions/{discussion.id}"
    await lab.refused(403, lab.bot.http_put, url, post_data={"resolved": True})


async def test_remark_on_a_line_stands_on_a_version_that_was(lab: Laboratory) -> None:
    request = await lab.request(await lab.pull())
    position = {**request.diff_refs, "position_type": "text", "new_path": "a.yaml", "new_line": 1}
    made = await lab.ask(request.discussions.create, {"body": "here", "position": position})
    assert made.attributes["notes"][0]["type"] == "DiffNote"
    wrong = {**position, "head_sha": "0" * 40}
    said = await lab.refused(400, request.discussions.create, {"body": "where", "position": wrong})
    assert "line_code" in said


async def test_emoji_is_given_once_and_taken_back_by_its_giver(lab: Laboratory) -> None:
    request = await lab.request(await lab.pull())
    note = await lab.ask(request.notes.create, {"body": "/plan"})
    award = await lab.ask(note.awardemojis.create, {"name": "eyes"})
    assert "already been taken" in await lab.refused(404, note.awardemojis.create, {"name": "eyes"})
    await lab.ask(award.delete)
    assert await lab.ask(note.awardemojis.list, get_all=True) == []


async def test_too_many_notes_a_minute_are_429(lab: Laboratory) -> None:
    request = await lab.request(await lab.pull())
    lab.gitlab.state.limits.notes_per_minute = 1
    await lab.ask(request.notes.create, {"body": "one"})
    said = await lab.refused(429, request.notes.create, {"body": "two"}, obey_rate_limit=False)
    assert "too many times" in said


async def test_commit_is_talked_about_and_nothing_of_it_is_resolved(lab: Laboratory) -> None:
    project, sha = await lab.project(), await lab.gitlab.head(lab.repository)
    commit = project.commits.get(sha, lazy=True)
    discussion = await lab.ask(commit.discussions.create, {"body": "delivered"})
    (note,) = discussion.attributes["notes"]
    facts = (note["noteable_type"], note["noteable_id"], note["noteable_iid"], note["resolvable"])
    assert facts == ("Commit", None, None, False)
    known = await lab.ask(discussion.notes.get, note["id"])
    known.body = "delivered again"
    await lab.ask(known.save)
    assert [said.body for said in lab.gitlab.said_about(lab.repository, sha)] == ["delivered again"]
    assert len(await lab.ask(commit.discussions.list, get_all=True)) == 1


# Commit statuses


async def report(lab: Laboratory, sha: str, state: str, **more: Any) -> Any:
    project = await lab.project()
    commit = project.commits.get(sha, lazy=True)
    return await lab.ask(commit.statuses.create, {"state": state, "name": "longshore/plan", **more})


async def test_status_finds_its_pipeline_again_and_moves_in_it(lab: Laboratory) -> None:
    sha = await lab.gitlab.head(lab.repository)
    states = [await report(lab, sha, state) for state in ("pending", "running", "success")]
    assert len({state.id for state in states}) == len({state.pipeline_id for state in states}) == 1
    again = await report(lab, sha, "failed")
    assert (again.id != states[0].id, again.pipeline_id) == (True, states[0].pipeline_id)
    url = f"/projects/{lab.repository.id}/repository/commits/{sha}/statuses"
    assert [one["status"] for one in await lab.get(url)] == ["failed"]
    assert [one["status"] for one in await lab.get(url, all=True)] == ["success", "failed"]


@pytest.mark.parametrize(
    ("first", "second"), [("running", "running"), ("running", "pending"), ("pending", "pending")]
)
async def test_status_that_does_not_move_is_400(lab: Laboratory, first: str, second: str) -> None:
    sha = await lab.gitlab.head(lab.repository)
    await report(lab, sha, first)
    project = await lab.project()
    commit = project.commits.get(sha, lazy=True)
    said = await lab.refused(400, commit.statuses.create, {"state": second, "name": "longshore/plan"})
    assert f"from :{first}" in said


async def test_status_of_somebody_else_is_followed_and_not_changed(lab: Laboratory) -> None:
    sha = await lab.gitlab.head(lab.repository)
    ours = await report(lab, sha, "running")
    alice = lab.client(lab.gitlab.token("alice"))
    project = await lab.project(alice)
    commit = project.commits.get(sha, lazy=True)
    theirs = await lab.ask(commit.statuses.create, {"state": "success", "name": "longshore/plan"})
    assert (theirs.id != ours.id, theirs.pipeline_id) == (True, ours.pipeline_id)


async def test_status_goes_to_the_pipeline_of_the_merge_request_by_its_ref_or_number(lab: Laboratory) -> None:
    pull = await lab.pull()
    pipeline = await lab.gitlab.run_pipeline(pull)
    beside = await report(lab, pull.head_sha, "running", ref="change")
    assert beside.pipeline_id != pipeline.id
    inside = await report(lab, pull.head_sha, "running", ref=pull.head_ref)
    assert inside.pipeline_id == pipeline.id
    by_number = await report(lab, pull.head_sha, "success", pipeline_id=pipeline.id, name="other")
    assert (by_number.pipeline_id, by_number.ref) == (pipeline.id, pull.head_ref)
    assert (await lab.request(pull)).head_pipeline["id"] == pipeline.id


async def test_pipeline_that_is_not_of_this_commit_is_404(lab: Laboratory) -> None:
    project = await lab.project()
    commit = project.commits.get(await lab.gitlab.head(lab.repository), lazy=True)
    said = await lab.refused(404, commit.statuses.create, {"state": "success", "pipeline_id": 4711})
    assert "Pipeline for pipeline_id, sha and ref" in said


async def test_commit_on_no_branch_needs_a_ref(lab: Laboratory) -> None:
    """The head of a merge request from a fork is such a commit."""
    fork = await lab.gitlab.fork(lab.repository, "bob")
    await lab.gitlab.push(fork, "theirs", {"c.yaml": "c: 1\n"}, author="bob")
    pull = await lab.gitlab.open_pull(lab.repository, "theirs", source=fork, author="bob")
    project = await lab.project()
    commit = project.commits.get(pull.head_sha, lazy=True)
    said = await lab.refused(404, commit.statuses.create, {"state": "success"})
    assert "References for commit" in said
    assert (await report(lab, pull.head_sha, "success", ref=pull.head_ref)).status == "success"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"description": "x" * 256}, 400),
        ({"target_url": "javascript:alert(1)"}, 400),
        ({"target_url": "http://127.0.0.1/" + "x" * 255}, 400),
    ],
)
async def test_status_that_says_too_much_is_refused(
    lab: Laboratory, given: dict[str, Any], code: int
) -> None:
    project = await lab.project()
    commit = project.commits.get(await lab.gitlab.head(lab.repository), lazy=True)
    await lab.refused(code, commit.statuses.create, {"state": "success", **given})


async def test_required_pipeline_lets_merge_once_the_status_is_green(lab: Laboratory) -> None:
    pull, project = await lab.pull(), await lab.project()
    project.only_allow_merge_if_pipeline_succeeds = True
    await lab.ask(project.save)
    assert (await lab.request(pull)).detailed_merge_status == "ci_must_pass"
    await report(lab, pull.head_sha, "running")
    assert (await lab.request(pull)).detailed_merge_status == "ci_still_running"
    await report(lab, pull.head_sha, "success")
    assert (await lab.request(pull)).detailed_merge_status == "mergeable"


# Deployments


async def deploy(lab: Laboratory, state: str = "running", **changed: Any) -> Any:
    project, sha = await lab.project(), await lab.gitlab.head(lab.repository)
    wanted = {
        "environment": "eu/production",
        "sha": sha,
        "ref": "main",
        "tag": False,
        "status": state,
        **changed,
    }
    return await lab.ask(project.deployments.create, wanted)


async def test_deployment_makes_its_environment_and_moves(lab: Laboratory) -> None:
    made = await deploy(lab)
    assert made.environment["slug"].startswith("eu-production-")
    made.status = "success"
    await lab.ask(made.save)
    project = await lab.project()
    (environment,) = await lab.ask(project.environments.list, get_all=True)
    read = await lab.ask(project.environments.get, environment.id)
    assert (read.last_deployment["id"], read.tier) == (made.id, "production")
    found = await lab.ask(
        project.deployments.list, get_all=True, environment="eu/production", status="success"
    )
    assert [known.id for known in found] == [made.id]


async def test_deployment_does_not_move_to_where_it_is(lab: Laboratory) -> None:
    made = await deploy(lab)
    made.status = "running"
    assert "cannot transition" in await lab.refused(400, made.save)


@pytest.mark.parametrize(("state", "count"), [("success", 1), ("running", 2)])
async def test_deployment_made_twice_is_one_only_once_it_has_succeeded(
    lab: Laboratory, state: str, count: int
) -> None:
    """A client that repeats itself leaves one behind that runs for ever."""
    made = [await deploy(lab, state) for _ in range(2)]
    assert len({known.id for known in made}) == count


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sha": "0" * 40}, "The commit does not exist"),
        ({"ref": "nowhere"}, "The branch or tag does not exist"),
        ({"environment": "/x/"}, "cannot start or end with"),
        ({"status": "merry"}, "status does not have a valid value"),
    ],
)
async def test_impossible_deployment_is_400(lab: Laboratory, changed: dict[str, Any], said: str) -> None:
    project, sha = await lab.project(), await lab.gitlab.head(lab.repository)
    wanted = {"environment": "x", "sha": sha, "ref": "main", "tag": False, "status": "running", **changed}
    assert said in await lab.refused(400, project.deployments.create, wanted)
    lab.gitlab.take_violations()


async def test_protected_environment_is_deployed_to_by_those_it_names(lab: Laboratory) -> None:
    lab.gitlab.tier = Tier.PREMIUM
    project = await lab.project()
    await lab.ask(
        project.protected_environments.create,
        {"name": "production", "deploy_access_levels": [{"access_level": 40}]},
    )
    lab.gitlab.give_level(lab.repository, "carol", Level.DEVELOPER)
    theirs = await lab.project(lab.client(lab.gitlab.token("carol")))
    sha = await lab.gitlab.head(lab.repository)
    wanted = {"environment": "production", "sha": sha, "ref": "main", "tag": False, "status": "success"}
    await lab.refused(403, theirs.deployments.create, wanted)
    await lab.ask(project.deployments.create, wanted)
