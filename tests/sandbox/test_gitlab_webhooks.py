"""Webhooks of the stand-in GitLab: what they carry, how they are sealed, and when GitLab stops calling."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.forge import Mishap, Tier
from tests.sandbox.forge.core.deliveries import Hook
from tests.sandbox.laboratory import Laboratory
from tests.sandbox.receiver import Receiver

SECRET = "a secret of the hook"
KEY = b"0123456789abcdef0123456789abcdef"
SIGNING_TOKEN = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture
def hook(lab: Laboratory, receiver: Receiver) -> Hook:
    return lab.gitlab.add_hook(lab.repository, receiver.url, SECRET, signing_token=SIGNING_TOKEN)


async def push(lab: Laboratory, content: str = "a: 2\n") -> None:
    await lab.gitlab.push(lab.repository, "main", {"a.yaml": content})
    await lab.gitlab.settle()


def expected_signature(headers: dict[str, str], body: bytes) -> str:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()


# Seals


async def test_delivery_has_the_token_and_the_signature_and_all_ids(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    await push(lab)
    headers, body = receiver.received[0]
    assert (headers["x-gitlab-event"], headers["x-gitlab-token"]) == ("Push Hook", SECRET)
    assert headers["x-gitlab-instance"] == lab.gitlab.url
    assert headers["webhook-id"] == headers["idempotency-key"]
    assert headers["webhook-signature"] == expected_signature(headers, body)
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


async def test_hook_without_token_has_none(lab: Laboratory, receiver: Receiver) -> None:
    lab.gitlab.add_hook(lab.repository, receiver.url)
    await push(lab)
    headers, _ = receiver.last
    assert "x-gitlab-token" not in headers
    assert "webhook-signature" not in headers


async def test_all_hooks_of_one_event_share_its_uuid_and_no_key(lab: Laboratory, receiver: Receiver) -> None:
    for _ in range(2):
        lab.gitlab.add_hook(lab.repository, receiver.url, SECRET)
    await push(lab)
    (one, _), (two, _) = receiver.received
    assert one["x-gitlab-event-uuid"] == two["x-gitlab-event-uuid"]
    assert one["idempotency-key"] != two["idempotency-key"]
    assert one["x-gitlab-webhook-uuid"] != two["x-gitlab-webhook-uuid"]


async def test_tampered_and_stale_deliveries_are_told_by_their_signature(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    lab.gitlab.faults.deliver(Mishap.TAMPER)
    await push(lab)
    headers, body = receiver.received[0]
    assert headers["webhook-signature"] != expected_signature(headers, body)
    lab.gitlab.faults.deliver(Mishap.STALE)
    await push(lab, "a: 3\n")
    headers, body = receiver.received[1]
    assert headers["webhook-signature"] == expected_signature(headers, body)
    assert int(headers["webhook-timestamp"]) < time.time() - 300


# What they carry


async def test_only_a_push_gives_an_update_its_oldrev(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    pull = await lab.pull()
    before = pull.head_sha
    await lab.gitlab.push(lab.repository, "change", {"a.yaml": "a: 2\n"})
    await lab.gitlab.settle()
    update = receiver.payload("Merge Request Hook.update")["object_attributes"]
    assert (update["oldrev"], update["last_commit"]["id"]) == (before, pull.head_sha)
    await lab.gitlab.edit_pull(pull, title="Another")
    await lab.gitlab.settle()
    update = receiver.payload("Merge Request Hook.update")
    assert "oldrev" not in update["object_attributes"]
    assert update["changes"]["title"] == {"previous": "A change", "current": "Another"}


async def test_draft_is_a_change_of_title_and_of_draft(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    pull = await lab.pull()
    await lab.gitlab.set_draft(pull, draft=True)
    await lab.gitlab.settle()
    changes = receiver.payload("Merge Request Hook.update")["changes"]
    assert changes["draft"] == {"previous": False, "current": True}
    assert changes["title"]["current"] == "Draft: A change"


async def test_merge_tells_the_merge_commit(lab: Laboratory, receiver: Receiver, hook: Hook) -> None:
    pull = await lab.pull()
    sha = await lab.gitlab.merge_pull(pull)
    await lab.gitlab.settle()
    attributes = receiver.payload("Merge Request Hook.merge")["object_attributes"]
    assert (attributes["state"], attributes["merge_commit_sha"]) == ("merged", sha)


async def test_note_is_told_when_it_comes_and_when_it_changes_and_not_when_it_goes(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    pull = await lab.pull()
    comment = await lab.gitlab.comment(pull, "one")
    await lab.gitlab.edit_comment(comment, "two")
    await lab.gitlab.delete_comment(comment)
    lab.gitlab.system_note(pull, "something")
    await lab.gitlab.settle()
    notes = [name for name in receiver.names if name.startswith("Note Hook")]
    assert notes == ["Note Hook.create", "Note Hook.update"]
    told = receiver.payload("Note Hook.update")
    assert (told["object_attributes"]["note"], told["merge_request"]["iid"]) == ("two", pull.number)
    assert (told["user"]["username"], told["object_attributes"]["system"]) == ("alice", False)


async def test_note_on_a_commit_names_the_commit_and_no_merge_request(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    project, sha = await lab.project(), await lab.gitlab.head(lab.repository)
    await lab.ask(project.commits.get(sha, lazy=True).discussions.create, {"body": "delivered"})
    await lab.gitlab.settle()
    told = receiver.payload("Note Hook.create")
    assert (told["object_attributes"]["noteable_type"], told["commit"]["id"]) == ("Commit", sha)
    assert "merge_request" not in told


async def test_internal_note_is_an_event_of_its_own(lab: Laboratory, receiver: Receiver, hook: Hook) -> None:
    request = await lab.request(await lab.pull())
    await lab.ask(request.notes.create, {"body": "among us", "internal": True})
    await lab.gitlab.settle()
    assert receiver.payload("Confidential Note Hook.create")["event_type"] == "confidential_note"


async def test_emoji_is_told_with_what_it_was_given_to(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    request = await lab.request(await lab.pull())
    note = await lab.ask(request.notes.create, {"body": "/plan"})
    award = await lab.ask(note.awardemojis.create, {"name": "eyes"})
    await lab.ask(award.delete)
    await lab.gitlab.settle()
    assert receiver.payload("Emoji Hook.award")["note"]["id"] == note.id
    assert receiver.payload("Emoji Hook.revoke")["object_attributes"]["name"] == "eyes"


async def test_pipeline_is_told_whenever_its_state_changes(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    pull = await lab.pull()
    pipeline = await lab.gitlab.run_pipeline(pull)
    await lab.gitlab.finish_pipeline(pipeline)
    await lab.gitlab.settle()
    states = [p["object_attributes"]["status"] for p in payloads(receiver, "Pipeline Hook")]
    assert states == ["running", "success"]
    told = receiver.payload("Pipeline Hook")
    assert (told["merge_request"]["iid"], told["object_attributes"]["ref"]) == (pull.number, pull.head_ref)


def payloads(receiver: Receiver, name: str) -> list[dict[str, Any]]:
    return [json.loads(body) for headers, body in receiver.received if headers["x-gitlab-event"] == name]


async def test_deployment_is_told_state_by_state(lab: Laboratory, receiver: Receiver, hook: Hook) -> None:
    project, sha = await lab.project(), await lab.gitlab.head(lab.repository)
    wanted = {"environment": "staging", "sha": sha, "ref": "main", "tag": False, "status": "running"}
    made = await lab.ask(project.deployments.create, wanted)
    made.status = "success"
    await lab.ask(made.save)
    await lab.gitlab.settle()
    states = [(p["environment"], p["status"]) for p in payloads(receiver, "Deployment Hook")]
    assert states == [("staging", "running"), ("staging", "success")]


async def test_approval_is_told_and_the_last_one_as_approved(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    lab.gitlab.tier = Tier.PREMIUM
    lab.gitlab.require_approvals(lab.repository, 2)
    pull = await lab.pull()
    await lab.gitlab.approve(pull, "bob")
    await lab.gitlab.approve(pull, "carol")
    await lab.gitlab.settle()
    actions = [name.partition(".")[2] for name in receiver.names if name.startswith("Merge Request")]
    assert actions == ["open", "approval", "approved"]


async def test_push_lists_twenty_commits_and_counts_them_all(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    store = lab.repository.store
    async with lab.gitlab.forge.moving_refs(lab.repository, lab.gitlab.user("alice")):
        parent = await lab.gitlab.head(lab.repository)
        for number in range(25):
            identity = lab.gitlab.user("alice").identity
            parent = await store.commit_files({"n": f"{number}"}, f"Commit {number}", identity, parent=parent)
        await store.set_ref("refs/heads/main", parent)
    await lab.gitlab.settle()
    told = receiver.payload("Push Hook")
    assert (len(told["commits"]), told["total_commits_count"]) == (20, 25)
    assert told["commits"][-1]["id"] == told["checkout_sha"] == parent


async def test_push_of_more_than_three_branches_is_told_of_its_merge_requests_only(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    pull = await lab.pull()
    await lab.gitlab.settle()
    receiver.received.clear()
    store, main = lab.repository.store, await lab.gitlab.head(lab.repository)
    sha = await store.commit_files({"n": "1"}, "More", lab.us.identity, parent=main)
    for number in range(3):
        await store.set_ref(f"refs/heads/b{number}", main)
    async with lab.gitlab.forge.moving_refs(lab.repository, lab.gitlab.user("alice")):
        for name in ("b0", "b1", "b2", pull.head):
            await store.set_ref(f"refs/heads/{name}", sha)
    await lab.gitlab.settle()
    assert receiver.names == ["Merge Request Hook.update"]


async def test_hook_of_a_group_hears_of_every_project_below_it(lab: Laboratory, receiver: Receiver) -> None:
    lab.gitlab.add_hook(lab.gitlab.create_group("acme"), receiver.url, SECRET)
    await push(lab)
    assert receiver.payload("Push Hook")["project"]["path_with_namespace"] == lab.repository.full_name


async def test_hook_hears_only_what_it_asked_for(lab: Laboratory, receiver: Receiver) -> None:
    project = await lab.project()
    wanted = {"url": receiver.url, "push_events": True, "push_events_branch_filter": "release/*"}
    await lab.ask(project.hooks.create, wanted)
    await lab.pull()
    await lab.gitlab.push(lab.repository, "release/1", {"a": "1"})
    await lab.gitlab.settle()
    assert [p["ref"] for p in payloads(receiver, "Push Hook")] == ["refs/heads/release/1"]


# When GitLab stops calling


async def alert(lab: Laboratory, hook: Hook) -> str:
    shown = await lab.get(f"/projects/{lab.repository.id}/hooks/{hook.id}")
    return str(shown["alert_status"])


async def test_fourth_failure_rests_the_hook_for_a_minute_and_the_next_for_two(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    receiver.status = 400
    for number in range(3):
        await push(lab, f"a: {number}\n")
    assert await alert(lab, hook) == "executable"
    await push(lab, "a: 4\n")
    assert await alert(lab, hook) == "temporarily_disabled"
    await push(lab, "a: 5\n")
    assert len(receiver.received) == 4
    lab.gitlab.forge.advance(61)
    await push(lab, "a: 6\n")
    assert len(receiver.received) == 5
    lab.gitlab.forge.advance(61)
    await push(lab, "a: 7\n")
    assert len(receiver.received) == 5


async def test_one_success_forgets_all_failures(lab: Laboratory, receiver: Receiver, hook: Hook) -> None:
    for status in (500, 500, 500, 202, 500, 500, 500):
        receiver.status = status
        await push(lab, f"a: {len(receiver.received)}\n")
    assert await alert(lab, hook) == "executable"


async def test_fortieth_failure_ends_the_hook_for_good(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    receiver.status = 404
    detail = lab.gitlab.state.hooks.of(hook)
    detail.failures = 39
    await push(lab)
    assert await alert(lab, hook) == "disabled"
    lab.gitlab.forge.advance(timedelta(days=30).total_seconds())
    assert detail.state_at(lab.gitlab.forge.now()) == "disabled"


async def test_resend_has_the_same_key_a_new_signature_and_wakes_a_resting_hook(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    receiver.status = 500
    for number in range(4):
        await push(lab, f"a: {number}\n")
    receiver.status = 202
    project = await lab.project()
    url = f"/projects/{project.id}/hooks/{hook.id}/events"
    events = await lab.get(url, status="server_failure")
    answer = await lab.ask(lab.bot.http_post, f"{url}/{events[0]['id']}/resend")
    assert answer == {"response_status": 202}
    first, again = receiver.received[-2:]
    assert again[0]["idempotency-key"] == first[0]["idempotency-key"]
    assert again[1] == first[1]
    assert again[0]["webhook-signature"] == expected_signature(*again)
    assert await alert(lab, hook) == "executable"


async def test_test_of_a_hook_sends_a_sample_and_says_when_it_fails(
    lab: Laboratory, receiver: Receiver, hook: Hook
) -> None:
    project = await lab.project()
    known = await lab.ask(project.hooks.get, hook.id)
    await lab.ask(known.test, "push_events")
    assert receiver.names == ["Push Hook"]
    receiver.status = 500
    await lab.refused(422, known.test, "push_events")


@pytest.mark.parametrize(
    ("given", "code"),
    [({"url": "ftp://x"}, 422), ({"url": "http://127.0.0.1/x", "signing_token": "short"}, 400)],
)
async def test_impossible_hook_is_refused(lab: Laboratory, given: dict[str, str], code: int) -> None:
    project = await lab.project()
    await lab.refused(code, project.hooks.create, given)
