"""What GitHub refuses, the stand-in refuses: one rule per test.

A request that breaks the official description on purpose is taken from the list of violations, else the fixture fails.
"""

import asyncio
import base64

import pytest
from gidgethub import BadRequest, RateLimitExceeded

from tests.sandbox.forge import Role
from tests.sandbox.forge.acme import Acme

REPOSITORY = "/repos/acme/fleet"


def status(refusal: pytest.ExceptionInfo[BadRequest]) -> int:
    return refusal.value.status_code


# Pull requests


@pytest.mark.parametrize(
    ("head", "base", "said"),
    [
        ("nowhere", "main", "'head'"),
        ("stranger:change", "main", "'head'"),
        ("change", "nowhere", "'base'"),
        ("same", "main", "No commits between main and same"),
        ("change", "main", "A pull request already exists for acme:change."),
    ],
)
async def test_impossible_pull_request_is_422_with_its_reason(
    acme: Acme, head: str, base: str, said: str
) -> None:
    await acme.pull("change")
    await acme.github.force(acme.repository, "same", await acme.github.head(acme.repository))
    with pytest.raises(BadRequest, match=said) as refusal:
        await acme.bot.post(REPOSITORY + "/pulls", data={"title": "t", "head": head, "base": base})
    assert status(refusal) == 422


async def test_mergeability_is_unknown_until_asked_for_and_again_after_a_push(acme: Acme) -> None:
    pull = await acme.pull()
    url = f"{REPOSITORY}/pulls/{pull.number}"
    assert [(await acme.bot.getitem(url))["mergeable"] for _ in range(2)] == [None, True]
    await acme.github.push(acme.repository, "main", {"a.yaml": "a: other\n"})
    assert [(await acme.bot.getitem(url))["mergeable"] for _ in range(2)] == [None, False]


async def test_merge_of_a_moved_head_is_409(acme: Acme) -> None:
    pull = await acme.pull()
    data = {"sha": await acme.github.head(acme.repository)}
    with pytest.raises(BadRequest, match="Head branch was modified") as refusal:
        await acme.bot.put(f"{REPOSITORY}/pulls/{pull.number}/merge", data=data)
    assert status(refusal) == 409


@pytest.mark.parametrize("state", ["conflicting", "closed", "draft", "protected"])
async def test_merge_that_cannot_be_is_405(acme: Acme, state: str) -> None:
    pull = await acme.pull()
    match state:
        case "conflicting":
            await acme.github.push(acme.repository, "main", {"a.yaml": "a: other\n"})
        case "closed":
            await acme.github.close_pull(pull)
        case "draft":
            await acme.github.set_draft(pull, draft=True)
        case _:
            acme.github.protect(acme.repository, "main", "tests")
    with pytest.raises(BadRequest) as refusal:
        await acme.bot.put(f"{REPOSITORY}/pulls/{pull.number}/merge", data={})
    assert status(refusal) == 405
    assert not pull.is_merged


async def test_files_of_a_pull_request_end_at_three_thousand(acme: Acme) -> None:
    await acme.github.push(acme.repository, "many", {f"many/{number:04}.yaml": "x" for number in range(3001)})
    pull = await acme.github.open_pull(acme.repository, "many")
    last = await acme.bot.getitem(f"{REPOSITORY}/pulls/{pull.number}/files?per_page=100&page=30")
    beyond = await acme.bot.getitem(f"{REPOSITORY}/pulls/{pull.number}/files?per_page=100&page=31")
    assert (len(last), beyond) == (100, [])
    compared = await acme.bot.getitem(REPOSITORY + "/compare/main...many")
    assert len(compared["files"]) == 300


async def test_two_at_once_open_one_pull_request(acme: Acme) -> None:
    await acme.github.push(acme.repository, "change", {"a.yaml": "a: 2\n"})
    data = {"title": "t", "head": "change", "base": "main"}
    opening = [acme.bot.post(REPOSITORY + "/pulls", data=data) for _ in range(2)]
    answers = await asyncio.gather(*opening, return_exceptions=True)
    assert [isinstance(answer, BadRequest) for answer in answers].count(True) == 1
    assert len(acme.repository.pulls) == 1


# Refs and contents


async def test_existing_ref_is_not_created_again(acme: Acme) -> None:
    data = {"ref": "refs/heads/main", "sha": await acme.github.head(acme.repository)}
    with pytest.raises(BadRequest, match="Reference already exists") as refusal:
        await acme.bot.post(REPOSITORY + "/git/refs", data=data)
    assert status(refusal) == 422


async def test_ref_moves_forward_unless_forced(acme: Acme) -> None:
    first = await acme.github.head(acme.repository)
    await acme.github.push(acme.repository, "main", {"a.yaml": "a: 2\n"})
    url = REPOSITORY + "/git/refs/heads/main"
    with pytest.raises(BadRequest, match="Update is not a fast forward") as refusal:
        await acme.bot.patch(url, data={"sha": first})
    assert status(refusal) == 422
    assert (await acme.bot.patch(url, data={"sha": first, "force": True}))["object"]["sha"] == first


async def test_stale_sha_of_a_file_is_409_and_a_missing_one_422(acme: Acme) -> None:
    url, content = REPOSITORY + "/contents/a.yaml", base64.b64encode(b"a: 3\n").decode()
    read = await acme.bot.getitem(url)
    await acme.github.push(acme.repository, "main", {"a.yaml": "a: 2\n"})
    with pytest.raises(BadRequest, match="does not match") as stale:
        await acme.bot.put(url, data={"message": "m", "content": content, "sha": read["sha"]})
    with pytest.raises(BadRequest, match="wasn't supplied") as missing:
        await acme.bot.put(url, data={"message": "m", "content": content})
    assert (status(stale), status(missing)) == (409, 422)


async def test_status_of_an_unknown_commit_is_422(acme: Acme) -> None:
    with pytest.raises(BadRequest, match="No commit found for SHA") as refusal:
        await acme.bot.post(f"{REPOSITORY}/statuses/{'1' * 40}", data={"state": "success"})
    assert status(refusal) == 422


# Sizes


async def test_comment_ends_at_65536_characters(acme: Acme) -> None:
    pull = await acme.pull()
    url = f"{REPOSITORY}/issues/{pull.number}/comments"
    assert await acme.bot.post(url, data={"body": "x" * 65_536})
    with pytest.raises(BadRequest, match="too long") as refusal:
        await acme.bot.post(url, data={"body": "x" * 65_537})
    assert status(refusal) == 422


ANNOTATION = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
ACTION = {"label": "l", "description": "d", "identifier": "i"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": {"title": "t", "summary": "s", "annotations": [ANNOTATION] * 51}},
        {"output": {"title": "t", "summary": "s" * 65_536}},
        {"output": {"title": "t", "summary": "s", "text": "s" * 65_536}},
        {"actions": [ACTION] * 4},
        {"actions": [{**ACTION, "label": "l" * 21}]},
        {"actions": [{**ACTION, "description": "d" * 41}]},
        {"actions": [{**ACTION, "identifier": "i" * 21}]},
        {"status": "completed"},
    ],
)
async def test_check_run_out_of_bounds_is_422(acme: Acme, wrong: dict[str, object]) -> None:
    head = await acme.github.head(acme.repository)
    with pytest.raises(BadRequest) as refusal:
        await acme.bot.post(REPOSITORY + "/check-runs", data={"name": "plan", "head_sha": head, **wrong})
    assert status(refusal) == 422
    assert acme.github.check_runs(acme.repository, head) == []
    # The official description knows most of these limits too.
    acme.github.take_violations()


async def test_check_run_belongs_to_the_app_that_made_it(acme: Acme) -> None:
    other = acme.github.create_app("other")
    token = acme.github.state.apps.mint(acme.github.install(other, "acme"), None, None)
    run = {"name": "plan", "head_sha": await acme.github.head(acme.repository)}
    made = await acme.bot.post(REPOSITORY + "/check-runs", data=run)
    with pytest.raises(BadRequest, match="only be modified by the GitHub App that created it") as refusal:
        await acme.client(token.text).patch(
            f"{REPOSITORY}/check-runs/{made['id']}", data={"status": "queued"}
        )
    assert status(refusal) == 403


async def test_somebody_elses_comment_is_edited_by_writers_only(acme: Acme) -> None:
    pull = await acme.pull()
    comment = await acme.github.comment(pull, "mine", "bob")
    acme.github.give_role(acme.repository, "rita", Role.READ)
    url = f"{REPOSITORY}/issues/comments/{comment.id}"
    with pytest.raises(BadRequest) as refusal:
        await acme.client(acme.github.token("rita")).patch(url, data={"body": "hers"})
    assert status(refusal) == 403
    await acme.client(acme.github.token("acme")).patch(url, data={"body": "ours"})


# Deployments


async def test_deployment_waits_for_statuses_unless_told_not_to(acme: Acme) -> None:
    head = await acme.github.head(acme.repository)
    await acme.bot.post(f"{REPOSITORY}/statuses/{head}", data={"state": "pending", "context": "tests"})
    url, wanted = REPOSITORY + "/deployments", {"ref": "main", "auto_merge": False}
    with pytest.raises(BadRequest, match="Conflict") as refusal:
        await acme.bot.post(url, data=wanted)
    assert status(refusal) == 409
    await acme.bot.post(url, data={**wanted, "required_contexts": []})


async def test_deployment_of_a_branch_behind_merges_into_it_unless_told_not_to(acme: Acme) -> None:
    await acme.github.push(acme.repository, "release", {"r.yaml": "r: 1\n"})
    await acme.github.push(acme.repository, "main", {"a.yaml": "a: 2\n"})
    answer = await acme.bot.post(REPOSITORY + "/deployments", data={"ref": "release"})
    assert answer["message"] == "Auto-merged main into release on deployment."
    assert acme.repository.deployments == []


# Caching, paging, limits, renames


async def test_unchanged_answer_is_304_and_costs_nothing(acme: Acme) -> None:
    headers = {"Authorization": f"Bearer {await acme.installation_token()}"}
    url = acme.github.api_url + REPOSITORY
    async with acme.session.get(url, headers=headers) as first:
        headers["If-None-Match"] = first.headers["ETag"]
    async with acme.session.get(url, headers=headers) as second:
        assert second.status == 304
        assert second.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    acme.github.give_role(acme.repository, "bob", Role.READ)
    await acme.pull()
    async with acme.session.get(url, headers=headers) as third:
        assert third.status == 200


async def test_lists_are_paged_by_link(acme: Acme) -> None:
    pull = await acme.pull()
    for number in range(5):
        await acme.github.comment(pull, str(number))
    url = f"{REPOSITORY}/issues/{pull.number}/comments"
    assert len(await acme.bot.getitem(url + "?per_page=2&page=3")) == 1
    assert [known["body"] async for known in acme.bot.getiter(url + "?per_page=2")] == list("01234")
    assert len(await acme.bot.getitem(url + "?per_page=1000")) == 5


async def test_page_holds_a_hundred_at_most(acme: Acme) -> None:
    pull = await acme.pull()
    for number in range(101):
        await acme.github.comment(pull, str(number))
    assert len(await acme.bot.getitem(f"{REPOSITORY}/issues/{pull.number}/comments?per_page=1000")) == 100


async def test_spent_rate_is_403_until_the_hour_is_over(acme: Acme) -> None:
    acme.github.state.limits.per_hour = 3
    for _ in range(3):
        await acme.bot.getitem(REPOSITORY)
    impatient = acme.client(acme.minted())
    with pytest.raises(RateLimitExceeded):
        await impatient.getitem(REPOSITORY)
    acme.github.forge.advance(3601)
    await acme.client(acme.minted()).getitem(REPOSITORY)


async def test_too_many_comments_a_minute_meet_the_secondary_limit(acme: Acme) -> None:
    acme.github.state.limits.writes_per_minute = 2
    pull = await acme.pull()
    url = f"{REPOSITORY}/issues/{pull.number}/comments"
    for _ in range(2):
        await acme.bot.post(url, data={"body": "x"})
    with pytest.raises(BadRequest, match="secondary rate limit") as refusal:
        await acme.bot.post(url, data={"body": "x"})
    assert status(refusal) == 403
    assert refusal.value.headers["Retry-After"] == "60"
    acme.github.forge.advance(61)
    await acme.bot.post(url, data={"body": "x"})


async def test_burst_of_requests_meets_the_points_of_a_minute(acme: Acme) -> None:
    acme.github.state.limits.points_per_minute = 7
    await acme.bot.post(REPOSITORY + "/labels", data={"name": "a"})
    for _ in range(2):
        await acme.bot.getitem(REPOSITORY)
    with pytest.raises(BadRequest, match="secondary rate limit"):
        await acme.bot.getitem(REPOSITORY)


async def test_more_than_a_hundred_at_once_meet_the_secondary_limit(acme: Acme) -> None:
    acme.github.state.limits.concurrent = 1
    reads = [acme.bot.getitem(REPOSITORY + "/branches") for _ in range(5)]
    answers = await asyncio.gather(*reads, return_exceptions=True)
    assert any(isinstance(answer, BadRequest) for answer in answers)
    assert any(isinstance(answer, list) for answer in answers)


async def test_renamed_repository_redirects_reads_and_writes(acme: Acme) -> None:
    pull = await acme.pull()
    acme.github.forge.rename(acme.repository, "armada")
    url = acme.github.api_url + REPOSITORY
    headers = {"Authorization": f"Bearer {await acme.installation_token()}"}
    async with acme.session.get(url + "/pulls", headers=headers, allow_redirects=False) as answer:
        assert answer.status == 301
    async with acme.session.post(
        f"{url}/issues/{pull.number}/comments", headers=headers, json={"body": "x"}, allow_redirects=False
    ) as answer:
        assert answer.status == 307
    assert (await acme.bot.getitem(REPOSITORY))["name"] == "armada"


async def test_fork_that_is_gone_leaves_a_pull_request_without_head_repository(acme: Acme) -> None:
    fork = await acme.github.fork(acme.repository, "bob")
    await acme.github.push(fork, "theirs", {"a.yaml": "a: 9\n"}, author="bob")
    pull = await acme.github.open_pull(acme.repository, "theirs", source=fork, author="bob")
    acme.github.forge.delete(fork)
    async with acme.session.get(
        f"{acme.github.api_url}{REPOSITORY}/pulls/{pull.number}",
        headers={"Authorization": f"Bearer {await acme.installation_token()}"},
    ) as answer:
        assert (await answer.json())["head"]["repo"] is None


async def test_what_is_no_json_is_400(acme: Acme) -> None:
    url = acme.github.api_url + REPOSITORY + "/issues"
    headers = {"Authorization": f"Bearer {await acme.installation_token()}"}
    async with acme.session.post(url, headers=headers, data=b"{") as answer:
        assert answer.status == 400
