"""GitHub's webhooks, as GitHub's own examples have them and as nobody should."""

import copy
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forge.github import webhooks as github_webhooks
from bot.forge.github.webhooks import READERS, delivery, normalise, verify
from bot.forge.webhooks import (
    BadSignature,
    CheckRerequested,
    DeliveryId,
    MalformedEvent,
    Ping,
    PullAction,
    PullRequestChanged,
    Pushed,
    RepositoriesChanged,
    WebhookDialect,
)
from bot.model.repo import Sha
from tools.github import find_description

SHA = "a" * 40
BODY = b'{"zen": "Keep it logically awesome."}'
DIALECT: WebhookDialect = github_webhooks


def signed(body: bytes, secret: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}={hmac.new(secret, body, getattr(hashlib, algorithm)).hexdigest()}"


def make_pull_request(action: str = "opened", **fields: Any) -> dict[str, Any]:
    pull = {"number": 7, "base": {"ref": "main"}, "head": {"sha": SHA, "repo": None}, "merged": False}
    return {"action": action, "pull_request": pull, "repository": {"full_name": "acme/fleet"}, **fields}


def read(event: str, payload: Any) -> Any:
    return normalise({"X-GitHub-Event": event}, json.dumps(payload).encode())


def examples() -> list[tuple[str, dict[str, Any]]]:
    path = find_description("webhook-examples.json")
    assert path is not None, "run `make tools`: GitHub's own webhook examples are not there"
    return [
        (event["name"], example) for event in json.loads(path.read_bytes()) for example in event["examples"]
    ]


class TestVerify:
    def test_accepts_any_of_several_secrets(self) -> None:
        for secret in (b"old", b"new"):
            verify({"X-Hub-Signature-256": signed(BODY, secret)}, BODY, [b"new", b"old"])

    def test_header_names_have_no_case(self) -> None:
        verify({"x-hub-signature-256": signed(BODY, b"s")}, BODY, [b"s"])

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({}, id="no header"),
            pytest.param({"X-Hub-Signature": signed(BODY, b"s", "sha1")}, id="sha1 only"),
            pytest.param({"X-Hub-Signature-256": signed(BODY, b"other")}, id="another secret"),
            pytest.param({"X-Hub-Signature-256": signed(BODY + b" ", b"s")}, id="another body"),
            pytest.param({"X-Hub-Signature-256": signed(BODY, b"s")[7:]}, id="no algorithm"),
            pytest.param({"X-Hub-Signature-256": signed(BODY, b"s")[:-1]}, id="cut off"),
            pytest.param({"X-Hub-Signature-256": "sha256=é\udc80"}, id="no hex"),
            pytest.param({"X-Hub-Signature-256": signed(BODY, b"")}, id="empty secret"),
        ],
    )
    def test_refuses(self, headers: dict[str, str]) -> None:
        with pytest.raises(BadSignature):
            verify(headers, BODY, [b"s", b""])

    def test_without_secrets_nothing_is_accepted(self) -> None:
        with pytest.raises(BadSignature):
            verify({"X-Hub-Signature-256": signed(BODY, b"")}, BODY, [])


class TestDelivery:
    def test_names_hook_and_guid(self) -> None:
        headers = {
            "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "X-GitHub-Hook-ID": "292430182",
            "X-GitHub-Hook-Installation-Target-ID": "79929171",
            "X-GitHub-Hook-Installation-Target-Type": "repository",
        }
        assert delivery(headers) == DeliveryId(
            "repository/79929171/292430182", "72d3162e-cc78-11e3-81ab-4c9367dc0958"
        )

    @pytest.mark.parametrize("guid", [None, "", "a b", "x" * 65, "a:b", "é"])
    def test_guid_is_one_word(self, guid: str | None) -> None:
        with pytest.raises(MalformedEvent, match="x-github-delivery"):
            delivery({} if guid is None else {"X-GitHub-Delivery": guid})


class TestPullRequest:
    @pytest.mark.parametrize(
        ("action", "meaning"),
        [
            ("opened", PullAction.OPENED),
            ("reopened", PullAction.REOPENED),
            ("synchronize", PullAction.UPDATED),
            ("ready_for_review", PullAction.READY),
            ("closed", PullAction.CLOSED),
        ],
    )
    def test_names_what_happened(self, action: str, meaning: PullAction) -> None:
        expected = PullRequestChanged("acme/fleet", 7, meaning, "main", Sha(SHA), merged=False)
        assert read("pull_request", make_pull_request(action)) == expected

    def test_an_edit_counts_when_the_base_changes(self) -> None:
        changes = {"base": {"ref": {"from": "dev"}, "sha": {"from": SHA}}}
        event = read("pull_request", make_pull_request("edited", changes=changes))
        assert event.action is PullAction.RETARGETED

    @pytest.mark.parametrize("changes", [{}, {"title": {"from": "old"}}, {"body": {"from": "old"}}, None])
    def test_any_other_edit_wakes_nothing(self, changes: Any) -> None:
        assert read("pull_request", make_pull_request("edited", changes=changes)) is None

    @pytest.mark.parametrize("action", ["labeled", "assigned", "auto_merge_enabled", "something_new"])
    def test_other_actions_wake_nothing(self, action: str) -> None:
        assert read("pull_request", make_pull_request(action)) is None


def make_push(**fields: Any) -> dict[str, Any]:
    push = {"ref": "refs/heads/release/1", "before": SHA, "after": "b" * 40, "deleted": False, "forced": True}
    return {**push, "repository": {"full_name": "acme/fleet"}, **fields}


def test_push_names_the_branch() -> None:
    event = read("push", make_push())
    assert event == Pushed(
        "acme/fleet", "refs/heads/release/1", Sha(SHA), Sha("b" * 40), deleted=False, forced=True
    )
    assert event.branch == "release/1"


def test_a_pushed_tag_is_no_branch() -> None:
    assert read("push", make_push(ref="refs/tags/v1")).branch is None


def test_a_check_asked_for_again_names_its_pull_requests() -> None:
    run = {
        "name": "longshore/plan",
        "head_sha": SHA,
        "external_id": None,
        "pull_requests": [{"number": 3}, {"number": 4}],
    }
    payload = {"action": "rerequested", "check_run": run, "repository": {"full_name": "acme/fleet"}}
    assert read("check_run", payload) == CheckRerequested(
        "acme/fleet", Sha(SHA), "longshore/plan", "", (3, 4)
    )


def test_a_suite_asked_for_again_is_every_check() -> None:
    suite = {"head_sha": SHA, "pull_requests": []}
    payload = {"action": "rerequested", "check_suite": suite, "repository": {"full_name": "acme/fleet"}}
    assert read("check_suite", payload) == CheckRerequested("acme/fleet", Sha(SHA), None, "", ())


@pytest.mark.parametrize("event", ["check_run", "check_suite"])
def test_a_check_that_completes_wakes_nothing(event: str) -> None:
    subject = {"name": "ci", "head_sha": SHA, "pull_requests": []}
    payload = {"action": "completed", event: subject, "repository": {"full_name": "acme/fleet"}}
    assert read(event, payload) is None


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("created", RepositoriesChanged(("acme/fleet",), ())),
        ("unsuspend", RepositoriesChanged(("acme/fleet",), ())),
        ("new_permissions_accepted", RepositoriesChanged(("acme/fleet",), ())),
        ("suspend", RepositoriesChanged((), ("acme/fleet",))),
        ("deleted", RepositoriesChanged((), ("acme/fleet",))),
    ],
)
def test_an_installation_gives_and_takes_repositories(action: str, expected: RepositoriesChanged) -> None:
    assert read("installation", {"action": action, "repositories": [{"full_name": "acme/fleet"}]}) == expected


def test_a_ping_is_answered() -> None:
    assert read("ping", {"zen": "Design for failure."}) == Ping()


def test_an_event_nobody_uses_is_not_even_parsed() -> None:
    assert normalise({"X-GitHub-Event": "star"}, b"not json") is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"\xff\xfe", id="not utf-8"),
        pytest.param(b"[" * 200_000, id="deep list"),
        pytest.param(b'{"repository":' * 200_000, id="deep object"),
        pytest.param(b'{"action":"opened"}', id="fields missing"),
        pytest.param(json.dumps(make_pull_request(pull_request=[])).encode(), id="wrong type"),
    ],
)
def test_a_body_that_is_no_such_event_is_said_to_be_malformed(body: bytes) -> None:
    with pytest.raises(MalformedEvent):
        normalise({"X-GitHub-Event": "pull_request"}, body)


@pytest.mark.parametrize(
    "path", ["acme", "acme/fleet/x", "a b/c", "../..", "acme/fleet\n", "é/f", "", "a/" + "b" * 101]
)
def test_a_repository_path_is_owner_and_name(path: str) -> None:
    payload = make_pull_request(repository={"full_name": path})
    with pytest.raises(MalformedEvent, match=r"full_name"):
        read("pull_request", payload)


@pytest.mark.parametrize("number", [0, -1, 2**60, "7", 1.5, None, True])
def test_a_number_is_a_positive_integer(number: Any) -> None:
    payload = make_pull_request()
    payload["pull_request"]["number"] = number
    with pytest.raises(MalformedEvent, match=r"number"):
        read("pull_request", payload)


def test_githubs_own_examples_are_all_understood() -> None:
    seen = dict.fromkeys(READERS, 0)
    for name, example in examples():
        normalise({"X-GitHub-Event": name}, json.dumps(example).encode())
        if name in seen:
            seen[name] += 1
    assert all(seen.values()), seen


USED_EXAMPLES = [pair for pair in examples() if pair[0] in READERS]
ODD_VALUES = st.sampled_from(
    [None, True, 0, -1, 2**70, 1.5, "", "x", "\x00", "é\u202e", "{x}", "../..", [], [None], {}, {"from": 1}]
).map(copy.deepcopy)


@st.composite
def broken_examples(draw: st.DrawFn) -> tuple[str, bytes]:
    """A real payload in which some fields that are read, or what holds them, went missing or turned odd."""
    name, example = draw(st.sampled_from(USED_EXAMPLES))
    payload = copy.deepcopy(example)
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
    body = json.dumps(payload).encode()
    return name, body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 9)) == 0 else body


@settings(max_examples=300, deadline=None)
@given(broken_examples())
def test_a_broken_payload_is_read_or_refused_but_never_crashes(example: tuple[str, bytes]) -> None:
    name, body = example
    try:
        normalise({"X-GitHub-Event": name}, body)
    except MalformedEvent:
        return


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.binary(max_size=200))
def test_noise_is_read_or_refused_but_never_crashes(name: str, body: bytes) -> None:
    try:
        normalise({"X-GitHub-Event": name}, body)
    except MalformedEvent:
        return
