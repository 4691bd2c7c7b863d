"""GitLab's deliveries: who they come from, which one it is, and what becomes of them."""

import base64
import copy
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forge.dialects import DIALECTS
from bot.forge.gitlab import signatures, webhooks
from bot.forge.webhooks import (
    BadSignature,
    CheckRerequested,
    Commented,
    DeliveryId,
    DeploymentChanged,
    Event,
    MalformedEvent,
    PullAction,
    PullRequestChanged,
    Pushed,
    RepositoriesChanged,
    VerdictAwaited,
)
from bot.model.repo import Actor, Sha

SECRET = b"a shared secret"
KEY = bytes(range(32))
SIGNING = b"whsec_" + base64.b64encode(KEY)
BODY = b'{"object_kind": "push"}'
HEAD, OLD, ZERO = "a" * 40, "b" * 40, "0" * 40
PATH = "acme/platform/fleet"
PROJECT = {"id": 15, "path_with_namespace": PATH, "default_branch": "main"}


NOW = 1_790_000_000


@pytest.fixture
def _at_a_fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "now_s", lambda: NOW)


def signed(body: bytes = BODY, *, key: bytes = KEY, age_s: int = 0, name: str = "msg-1") -> dict[str, str]:
    sent_at = str(NOW - age_s)
    signature = hmac.digest(key, f"{name}.{sent_at}.".encode() + body, "sha256")
    return {
        "webhook-id": name,
        "webhook-timestamp": sent_at,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def token(value: str = SECRET.decode()) -> dict[str, str]:
    return {"X-Gitlab-Token": value}


def digest(secret: bytes = SECRET) -> dict[str, str]:
    return {"X-Gitlab-Signature": hmac.digest(secret, BODY, "sha256").hex()}


@pytest.mark.usefixtures("_at_a_fixed_time")
@pytest.mark.parametrize(
    ("headers", "secrets"),
    [
        (token(), [SECRET]),
        ({"x-gitlab-token": SECRET.decode()}, [b"another secret", SECRET]),
        (signed(), [SIGNING]),
        (signed(), [b"whsec_" + base64.b64encode(b"other"), SIGNING]),
        (signed(), [SECRET, SIGNING]),
        ({**signed(), **token("wrong")}, [SECRET, SIGNING]),
        (token(), [SECRET, SIGNING]),
        (signed(age_s=200), [SIGNING]),
        (signed(age_s=-200), [SIGNING]),
        ({**signed(), "webhook-signature": f"v1,xx {signed()['webhook-signature']} v2,yy"}, [SIGNING]),
        (digest(), [SECRET]),
    ],
)
def test_who_knows_a_secret_is_believed(headers: Mapping[str, str], secrets: list[bytes]) -> None:
    webhooks.verify(headers, BODY, secrets)


@pytest.mark.usefixtures("_at_a_fixed_time")
@pytest.mark.parametrize(
    ("headers", "secrets", "why"),
    [
        ({}, [SECRET], "no X-Gitlab-Token"),
        ({}, [SIGNING], "no webhook-signature"),
        (token(""), [SECRET], "another secret"),
        (token("wrong"), [SECRET], "another secret"),
        (token("\udcff"), [SECRET], "another secret"),
        (token(SIGNING.decode()), [SIGNING], "no webhook-signature"),
        (token(), [SIGNING], "no webhook-signature"),
        (token(""), [b""], "no X-Gitlab-Token"),
        (signed(key=b"guessed"), [SIGNING], "another secret"),
        (signed(BODY + b" "), [SIGNING], "another secret"),
        ({**signed(), "webhook-id": "msg-2"}, [SIGNING], "another secret"),
        (signed(age_s=400), [SIGNING], "too long ago"),
        (signed(age_s=-400), [SIGNING], "too long ago"),
        ({**signed(), "webhook-timestamp": "soon"}, [SIGNING], "too long ago"),
        ({**signed(), "webhook-timestamp": ""}, [SIGNING], "too long ago"),
        ({**signed(), "webhook-timestamp": "1" * 5000}, [SIGNING], "too long ago"),
        ({**signed(), "webhook-signature": "v2,xx"}, [SIGNING], "another secret"),
        ({**signed(), "webhook-signature": ""}, [SIGNING], "another secret"),
        (signed(), [b"whsec_???"], "another secret"),
        (signed(), [SECRET], "no X-Gitlab-Token"),
        (digest(b"guessed"), [SECRET], "another secret"),
        # GitLab writes the digits alone, and a webhook's signing token makes none.
        ({"X-Gitlab-Signature": f"sha256={digest()['X-Gitlab-Signature']}"}, [SECRET], "another secret"),
        ({"X-Gitlab-Signature": digest()["X-Gitlab-Signature"].upper()}, [SECRET], "another secret"),
        (digest(KEY), [SIGNING], "no webhook-signature"),
    ],
)
def test_who_does_not_is_refused(headers: Mapping[str, str], secrets: list[bytes], why: str) -> None:
    with pytest.raises(BadSignature, match=why):
        webhooks.verify(headers, BODY, secrets)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        (SECRET, None),
        (SIGNING, None),
        (b"short", "fewer than"),
        (b"whsec_", "cannot be read"),
        (b"whsec_???", "cannot be read"),
        (b"whsec_" + base64.b64encode(b"guess"), "24 bytes or more"),
    ],
)
def test_a_secret_that_proves_nothing_is_said_to_be_so(secret: bytes, why: str | None) -> None:
    told = webhooks.unusable(secret)
    assert told is None if why is None else why in (told or "")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Gitlab-Webhook-UUID": "h-1", "Idempotency-Key": "k-1"}, DeliveryId("h-1", "k-1")),
        (
            {"X-Gitlab-Webhook-UUID": "h-1", "Idempotency-Key": "k-1", "X-Gitlab-Event-UUID": "e-1"},
            DeliveryId("h-1", "k-1"),
        ),
        ({"X-Gitlab-Webhook-UUID": "h-1", "X-Gitlab-Event-UUID": "e-1"}, DeliveryId("h-1", "e-1")),
    ],
)
def test_a_delivery_is_known_by_its_idempotency_key(headers: Mapping[str, str], expected: DeliveryId) -> None:
    assert webhooks.delivery(headers) == expected


def test_a_delivery_without_any_id_is_always_a_new_one() -> None:
    assert webhooks.delivery({}) != webhooks.delivery({})


def test_an_id_that_is_no_word_is_refused() -> None:
    with pytest.raises(MalformedEvent, match="idempotency-key"):
        webhooks.delivery({"Idempotency-Key": "a b"})


def merge_request(action: str = "open", state: str = "opened", **more: Any) -> dict[str, Any]:
    about = {
        "iid": 7,
        "target_branch": "main",
        "state": state,
        "action": action,
        "last_commit": {"id": HEAD},
        **more.pop("about", {}),
    }
    return {"object_kind": "merge_request", "project": PROJECT, "object_attributes": about, **more}


def changed(action: PullAction, *, merged: bool = False) -> PullRequestChanged:
    return PullRequestChanged(PATH, 7, action, "main", Sha(HEAD), merged, 15)


def push(ref: str = "refs/heads/main", before: str = OLD, after: str = HEAD) -> dict[str, Any]:
    return {"object_kind": "push", "ref": ref, "before": before, "after": after, "project": PROJECT}


PULL = {"iid": 7, "last_commit": {"id": HEAD}}
OURS = "<!-- longshore:plan v1 e30= 00 -->\n### Plan"


def note(text: str = "Looks good", **more: Any) -> dict[str, Any]:
    about = {
        "id": 91,
        "note": text,
        "system": False,
        "noteable_type": "MergeRequest",
        **more.pop("about", {}),
    }
    return {
        "object_kind": "note",
        "project": PROJECT,
        "object_attributes": about,
        "merge_request": PULL,
        **more,
    }


def pipeline(status: str = "pending", source: str = "merge_request_event", **more: Any) -> dict[str, Any]:
    about = {"id": 5, "status": status, "source": source, "sha": HEAD}
    return {
        "object_kind": "pipeline",
        "project": PROJECT,
        "object_attributes": about,
        "merge_request": PULL,
        **more,
    }


def emoji(name: str = "repeat", text: str = OURS, action: str = "award", **more: Any) -> dict[str, Any]:
    return {
        "object_kind": "emoji",
        "user": {"id": 12, "username": "ada", "name": "Ada Lovelace"},
        "project": PROJECT,
        "object_attributes": {"name": name, "action": action, "awardable_type": "Note"},
        "note": {"id": 91, "note": text},
        "merge_request": PULL,
        **more,
    }


def project(event: str) -> dict[str, Any]:
    return {"event_name": event, "path_with_namespace": PATH, "project_id": 15}


AGAIN = CheckRerequested(PATH, Sha(HEAD), None, "", (7,), 15, Actor("ada", 12))
AWAITED = VerdictAwaited(PATH, 7, 15)

EVENTS: list[tuple[str, dict[str, Any], Event | None]] = [
    ("opened", merge_request(), changed(PullAction.OPENED)),
    ("reopened", merge_request("reopen"), changed(PullAction.REOPENED)),
    ("closed", merge_request("close", "closed"), changed(PullAction.CLOSED)),
    ("merged", merge_request("merge", "merged"), changed(PullAction.CLOSED, merged=True)),
    ("commits pushed", merge_request("update", about={"oldrev": OLD}), changed(PullAction.UPDATED)),
    (
        "another target",
        merge_request("update", changes={"target_branch": {"previous": "x", "current": "main"}}),
        changed(PullAction.RETARGETED),
    ),
    (
        "no draft any more",
        merge_request("update", changes={"draft": {"previous": True, "current": False}}),
        changed(PullAction.READY),
    ),
    ("a draft now", merge_request("update", changes={"draft": {"previous": False, "current": True}}), None),
    ("another title", merge_request("update", changes={"title": {"previous": "a", "current": "b"}}), None),
    ("approved", merge_request("approved"), None),
    ("a source branch that is gone", merge_request("close", about={"last_commit": None}), None),
    ("a test of the hook", merge_request(about={"action": ""}), None),
    ("an external check asks", merge_request("", external_approval_rule={"id": 1, "name": "x"}), AWAITED),
    ("pushed", push(), Pushed(PATH, "refs/heads/main", Sha(OLD), Sha(HEAD), False, False, 15)),
    (
        "a new branch",
        push(before=ZERO),
        Pushed(PATH, "refs/heads/main", Sha(ZERO), Sha(HEAD), False, False, 15),
    ),
    (
        "a deleted branch",
        push(after=ZERO),
        Pushed(PATH, "refs/heads/main", Sha(OLD), Sha(ZERO), True, False, 15),
    ),
    (
        "a tag",
        {**push("refs/tags/v1"), "object_kind": "tag_push"},
        Pushed(PATH, "refs/tags/v1", Sha(OLD), Sha(HEAD), False, False, 15),
    ),
    ("a remark", note(), Commented(PATH, 7, 91, 15)),
    ("an edited remark", note(about={"action": "update"}), Commented(PATH, 7, 91, 15)),
    ("our own remark", note(OURS), None),
    ("a note by GitLab itself", note("added 1 commit", about={"system": True}), None),
    ("a remark elsewhere", note(merge_request=None), None),
    ("a pipeline of the merge request", pipeline(), AWAITED),
    ("a train's pipeline", pipeline("created"), AWAITED),
    ("a pipeline that ended", pipeline("success"), None),
    ("a pipeline that a status made", pipeline(source="external"), None),
    ("a pipeline of a pipeline", pipeline(source="parent_pipeline"), None),
    ("a branch's pipeline", pipeline(source="push", merge_request=None), None),
    (
        "a deployment",
        {"object_kind": "deployment", "project": PROJECT, "environment": "staging", "status": "running"},
        DeploymentChanged(PATH, "staging", 15),
    ),
    ("a reaction that asks again", emoji(), AGAIN),
    ("another that does", emoji("arrows_counterclockwise"), AGAIN),
    ("one that does not", emoji("thumbsup"), None),
    ("one that is taken back", emoji(action="revoke"), None),
    ("one to somebody else's remark", emoji(text="Looks good"), None),
    ("one to the merge request itself", emoji(note=None), None),
    ("one to an issue", emoji(merge_request=None), None),
    ("a project created", project("project_create"), RepositoriesChanged((PATH,), ())),
    ("a project renamed", project("project_rename"), RepositoriesChanged((PATH,), ())),
    ("a project deleted", project("project_destroy"), RepositoriesChanged((), (PATH,))),
    ("a job", {"object_kind": "build", "project": PROJECT}, None),
    ("a token that expires", {"object_kind": "access_token", "project": PROJECT}, None),
    ("nothing", {}, None),
]


@pytest.mark.parametrize(("payload", "event"), [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS])
def test_every_event_is_read_as_what_it_is(payload: dict[str, Any], event: Event | None) -> None:
    assert webhooks.normalise({"X-Gitlab-Event": "Any Hook"}, json.dumps(payload).encode()) == event


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        json.dumps({**push(), "project": {"id": 1, "path_with_namespace": "fleet"}}).encode(),
        json.dumps({**push(), "project": {"id": 1, "path_with_namespace": "acme/../fleet"}}).encode(),
        json.dumps({**push(), "project": {"id": 1, "path_with_namespace": "acme/.."}}).encode(),
        json.dumps({**push(), "project": {"id": 1, "path_with_namespace": "acme//fleet"}}).encode(),
        json.dumps({**push(), "project": {"id": 0, "path_with_namespace": PATH}}).encode(),
        json.dumps(push(after="HEAD")).encode(),
        json.dumps(merge_request(about={"iid": "7"})).encode(),
        json.dumps(merge_request(about={"iid": -7})).encode(),
        json.dumps(merge_request(about={"last_commit": {"id": "x"}})).encode(),
    ],
)
def test_what_is_of_another_form_gets_nowhere(body: bytes) -> None:
    with pytest.raises(MalformedEvent):
        webhooks.normalise({}, body)


def test_it_is_what_a_forge_of_this_kind_is_listened_to_with() -> None:
    assert DIALECTS["gitlab"] is webhooks
    assert webhooks.disables_hooks


ODD_VALUES = st.sampled_from(
    [None, True, 0, -1, 2**70, 1.5, "", "x", "\x00", "\u00e9\u202e", "../..", [], [None], {}, {"id": 1}]
).map(copy.deepcopy)


@st.composite
def broken_payloads(draw: st.DrawFn) -> bytes:
    """An event in which some fields that are read, or what holds them, went missing or turned odd."""
    payload = copy.deepcopy(draw(st.sampled_from([row[1] for row in EVENTS])))
    for _ in range(draw(st.integers(1, 4))):
        node = payload
        while node:
            key = draw(st.sampled_from(sorted(node)))
            if isinstance(node[key], dict) and draw(st.booleans()):
                node = node[key]
                continue
            if draw(st.booleans()):
                del node[key]
            else:
                node[key] = draw(ODD_VALUES)
            break
    return json.dumps(payload).encode()


@settings(max_examples=300, deadline=None)
@given(st.one_of(broken_payloads(), st.binary(max_size=200)))
def test_a_broken_payload_is_read_or_refused_but_never_crashes(body: bytes) -> None:
    try:
        webhooks.normalise({}, body)
    except MalformedEvent:
        return


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["webhook-id", "webhook-timestamp", "webhook-signature", "x-gitlab-token", "x-gitlab-signature"]
        ),
        st.text(max_size=60),
    )
)
def test_no_headers_that_were_not_made_with_a_secret_are_believed(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        webhooks.verify(headers, BODY, [SECRET, SIGNING])
