"""Webhooks of the stand-in: signed, complete by the official description, and prone to every mishap on demand."""

import hashlib
import hmac
import json

import pytest
from gidgethub.sansio import Event

from tests.sandbox.forge import Mishap
from tests.sandbox.forge.acme import Acme
from tests.sandbox.forge.core.deliveries import Hook
from tests.sandbox.receiver import Receiver

SECRET = "a secret of the hook"
REPOSITORY = "/repos/acme/fleet"


@pytest.fixture
async def hooked(acme: Acme, receiver: Receiver) -> Acme:
    """The App's hook points to the receiver."""
    github = acme.github
    events = frozenset(
        {"push", "pull_request", "issue_comment", "check_run", "deployment", "deployment_status", "status"}
    )
    acme.app.hook = Hook(github.forge.next_id(), receiver.url, SECRET, events)
    return acme


async def test_deliveries_pass_gidgethub_and_carry_both_signatures(hooked: Acme, receiver: Receiver) -> None:
    await hooked.pull()
    await hooked.github.settle()
    assert receiver.received
    guids = set()
    for headers, body in receiver.received:
        event = Event.from_http(headers, body, secret=SECRET)
        guids.add(event.delivery_id)
        assert event.data["installation"]["id"] == hooked.installation.id
        sha256 = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["x-hub-signature-256"] == f"sha256={sha256}"
        assert headers["x-hub-signature"].startswith("sha1=")
        assert headers["x-github-hook-installation-target-type"] == "integration"
        assert headers["x-github-hook-installation-target-id"] == str(hooked.app.id)
        assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert len(guids) == len(receiver.received)


async def test_whole_life_of_a_pull_request_is_told(hooked: Acme, receiver: Receiver) -> None:
    """The contract checks each payload; here it is that, and only that, each is sent."""
    github, repository = hooked.github, hooked.repository
    await github.push(repository, "other", {"o": "1"})
    pull = await hooked.pull()
    await github.push(repository, "change", {"a.yaml": "a: 9\n"})
    await github.set_base(pull, "other")
    await github.edit_pull(pull, title="Better")
    await github.set_draft(pull, draft=True)
    await github.set_draft(pull, draft=False)
    await github.label(pull, "planned")
    await github.close_pull(pull)
    await github.reopen_pull(pull)
    await github.merge_pull(pull)
    await github.settle()
    told = [name for name in receiver.names if name.startswith("pull_request")]
    assert sorted(told) == sorted(
        f"pull_request.{action}"
        for action in (
            "opened",
            "synchronize",
            "edited",
            "edited",
            "converted_to_draft",
            "ready_for_review",
            "labeled",
            "closed",
            "reopened",
            "closed",
        )
    )
    synchronize = receiver.payload("pull_request.synchronize")
    assert synchronize["after"] == pull.head_sha != synchronize["before"]
    assert receiver.payload("pull_request.closed")["pull_request"]["merged"] is True
    assert receiver.payload("push")["ref"] == "refs/heads/other"


async def test_changed_base_is_told_with_what_it_was(hooked: Acme, receiver: Receiver) -> None:
    await hooked.github.push(hooked.repository, "other", {"o": "1"})
    pull = await hooked.pull()
    was = pull.base_sha
    await hooked.github.set_base(pull, "other")
    await hooked.github.settle()
    changes = receiver.payload("pull_request.edited")["changes"]
    assert changes["base"] == {"ref": {"from": "main"}, "sha": {"from": was}}


async def test_push_tells_commits_and_whether_it_was_forced(hooked: Acme, receiver: Receiver) -> None:
    first = await hooked.github.head(hooked.repository)
    second = await hooked.github.push(
        hooked.repository, "main", {"a.yaml": "a: 2\n", "new": "1", "dir/b.yaml": None}
    )
    await hooked.github.settle()
    payload = receiver.payload("push")
    assert (payload["before"], payload["after"], payload["forced"]) == (first, second, False)
    commit = payload["head_commit"]
    assert (commit["added"], commit["modified"], commit["removed"]) == (["new"], ["a.yaml"], ["dir/b.yaml"])
    assert [known["id"] for known in payload["commits"]] == [second]
    await hooked.github.force(hooked.repository, "main", first)
    await hooked.github.settle()
    assert (receiver.payload("push")["forced"], receiver.payload("push")["commits"]) == (True, [])


async def test_deleted_branch_is_told_with_no_commit(hooked: Acme, receiver: Receiver) -> None:
    await hooked.github.push(hooked.repository, "gone", {"a": "1"})
    await hooked.github.force(hooked.repository, "gone", None)
    await hooked.github.settle()
    deleted = [json.loads(body) for headers, body in receiver.received if headers["x-github-event"] == "push"]
    assert {"deleted": True, "after": "0" * 40, "head_commit": None}.items() <= deleted[-1].items()


async def test_bot_hears_its_own_words(hooked: Acme, receiver: Receiver) -> None:
    pull = await hooked.pull()
    url = f"{REPOSITORY}/issues/{pull.number}/comments"
    comment = await hooked.bot.post(url, data={"body": "the plan"})
    await hooked.bot.patch(f"{REPOSITORY}/issues/comments/{comment['id']}", data={"body": "the new plan"})
    await hooked.bot.delete(f"{REPOSITORY}/issues/comments/{comment['id']}")
    run = await hooked.bot.post(REPOSITORY + "/check-runs", data={"name": "plan", "head_sha": pull.head_sha})
    await hooked.bot.patch(f"{REPOSITORY}/check-runs/{run['id']}", data={"conclusion": "success"})
    await hooked.bot.post(f"{REPOSITORY}/statuses/{pull.head_sha}", data={"state": "success"})
    wanted = {"ref": "main", "environment": "staging", "required_contexts": []}
    deployment = await hooked.bot.post(REPOSITORY + "/deployments", data=wanted)
    await hooked.bot.post(f"{REPOSITORY}/deployments/{deployment['id']}/statuses", data={"state": "success"})
    await hooked.github.settle()
    said = receiver.payload("issue_comment.created")
    assert (said["sender"]["type"], said["comment"]["performed_via_github_app"]["id"]) == (
        "Bot",
        hooked.app.id,
    )
    assert receiver.payload("issue_comment.edited")["changes"]["body"]["from"] == "the plan"
    assert receiver.payload("check_run.completed")["check_run"]["pull_requests"][0]["number"] == pull.number
    for name in (
        "issue_comment.deleted",
        "check_run.created",
        "status",
        "deployment.created",
        "deployment_status.created",
    ):
        assert receiver.payload(name)["repository"]["full_name"] == "acme/fleet"


async def test_rerequest_is_told_to_the_app_that_made_the_check(hooked: Acme, receiver: Receiver) -> None:
    pull = await hooked.pull()
    await hooked.bot.post(REPOSITORY + "/check-runs", data={"name": "plan", "head_sha": pull.head_sha})
    run = hooked.github.check_runs(hooked.repository, pull.head_sha)[0]
    hooked.github.rerequest(run)
    await hooked.github.settle()
    payload = receiver.payload("check_run.rerequested")
    assert payload["check_run"]["id"] == run.id
    assert payload["sender"]["login"] == "alice"


async def test_installation_and_its_repositories_are_told(hooked: Acme, receiver: Receiver) -> None:
    github = hooked.github
    other = await github.create_repo("acme/other")
    github.select(hooked.installation, other, is_covered=True)
    github.select(hooked.installation, other, is_covered=False)
    github.suspend(hooked.installation)
    github.unsuspend(hooked.installation)
    github.uninstall(hooked.installation)
    github.install(hooked.app, "acme")
    await github.settle()
    assert sorted(receiver.names) == sorted(
        [
            *(f"installation_repositories.{action}" for action in ("added", "removed")),
            *(f"installation.{action}" for action in ("suspend", "unsuspend", "deleted", "created")),
        ]
    )


async def test_new_hook_is_pinged_and_a_repository_hook_names_no_installation(
    acme: Acme, receiver: Receiver
) -> None:
    hook = acme.github.add_hook(acme.repository, receiver.url, SECRET)
    await acme.pull()
    await acme.github.settle()
    assert receiver.payload("ping")["hook_id"] == hook.id
    opened = receiver.payload("pull_request.opened")
    assert "installation" not in opened
    assert receiver.received[0][0]["x-github-hook-installation-target-type"] == "repository"


async def test_nothing_is_retried_and_the_log_says_what_failed(hooked: Acme, receiver: Receiver) -> None:
    receiver.status = 503
    await hooked.github.push(hooked.repository, "main", {"a": "1"})
    await hooked.github.settle()
    assert receiver.names.count("push") == 1
    listing = await hooked.client().getitem("/app/hook/deliveries?status=failure", jwt=hooked.jwt)
    failed = next(known for known in listing if known["event"] == "push")
    assert (failed["status_code"], failed["redelivery"]) == (503, False)


async def test_redelivery_is_the_same_letter_once_more(hooked: Acme, receiver: Receiver) -> None:
    receiver.status = 503
    await hooked.github.push(hooked.repository, "main", {"a": "1"})
    await hooked.github.settle()
    receiver.status = 202
    client, jwt = hooked.client(), hooked.jwt
    listing = await client.getitem("/app/hook/deliveries", jwt=jwt)
    failed = next(known for known in listing if known["event"] == "push")
    await client.post(f"/app/hook/deliveries/{failed['id']}/attempts", data=b"", jwt=jwt)
    await hooked.github.settle()
    first, second = [known for known in receiver.received if known[0]["x-github-event"] == "push"]
    assert first[1] == second[1]
    assert first[0]["x-github-delivery"] == second[0]["x-github-delivery"] == failed["guid"]
    again = (await client.getitem("/app/hook/deliveries", jwt=jwt))[0]
    assert (again["guid"], again["redelivery"], again["status_code"]) == (failed["guid"], True, 202)
    whole = await client.getitem(f"/app/hook/deliveries/{again['id']}", jwt=jwt)
    assert whole["request"]["payload"]["ref"] == "refs/heads/main"


async def test_delivery_log_of_a_repository_hook_is_read_by_cursor(acme: Acme, receiver: Receiver) -> None:
    hook = acme.github.add_hook(acme.repository, receiver.url, SECRET)
    for number in range(3):
        await acme.github.push(acme.repository, "main", {"a": str(number)})
    await acme.github.settle()
    owner = acme.client(acme.github.token("acme"))
    url = f"{REPOSITORY}/hooks/{hook.id}/deliveries?per_page=2"
    listed = [known["id"] async for known in owner.getiter(url)]
    assert listed == sorted((known.id for known in acme.github.deliveries), reverse=True)
    await owner.post(f"{REPOSITORY}/hooks/{hook.id}/deliveries/{listed[0]}/attempts", data=b"")
    await acme.github.settle()
    assert acme.github.deliveries[-1].is_redelivery


async def test_tampered_delivery_fails_its_signature(hooked: Acme, receiver: Receiver) -> None:
    hooked.github.faults.deliver(Mishap.TAMPER, "issue_comment")
    await hooked.github.comment(await hooked.pull(), "one")
    await hooked.github.settle()
    said = [one for one in receiver.received if one[0]["x-github-event"] == "issue_comment"]
    headers, body = said[-1]
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] != f"sha256={expected}"
