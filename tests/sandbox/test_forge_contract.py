"""The judge itself: what it must catch, and the few things where the official description is wrong."""

import json
import re
from pathlib import Path

import pytest
from gidgethub import GitHubBroken

from tests.sandbox.forge.acme import Acme
from tests.sandbox.forge.contract import Contract
from tests.sandbox.forge.github.endpoints import all_routes
from tools.github import find_description

REPOSITORY = "/repos/acme/fleet"
COMMENTS = "/repos/acme/fleet/issues/1/comments"


def test_core_knows_no_vendor() -> None:
    """The GitLab face is to stand on the same core."""
    core = Path(__file__).parent / "forge" / "core"
    for module in core.glob("*.py"):
        assert not re.search(r"import .*github|from .*(github|server)", module.read_text()), module.name


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/repos/a/b/commits/heads/main/check-runs", "checks/list-for-ref"),
        ("/repos/a/b/commits/feature/x", "repos/get-commit"),
        ("/repos/a/b/git/ref/heads/feature/x", "git/get-ref"),
        ("/repos/a/b/contents/apps/web/a.yaml", "repos/get-content"),
        ("/repos/a/b/compare/main...feature/x", "repos/compare-commits-with-basehead"),
        ("/repos/a/b/pulls/1/files", "pulls/list-files"),
        ("/repos/a/b/issues/comments/1", "issues/get-comment"),
    ],
)
def test_paths_with_slashes_in_a_parameter_are_found(
    github_contract: Contract, path: str, operation: str
) -> None:
    found = github_contract.find("GET", path)
    assert found is not None
    assert found.name == operation


def test_every_route_of_the_stand_in_is_one_of_github(github_contract: Contract) -> None:
    for route in all_routes():
        path = route.template.replace("{", "").replace("}", "")
        assert github_contract.find(route.method, path), f"{route.method} {route.template}"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (None, "lacks its body"),
        ({}, "'body' is a required property"),
        ({"body": None}, "None"),
        ({"body": "x", "mood": "good"}, "unknown field mood"),
    ],
)
def test_wrong_bodies_are_caught(github_contract: Contract, body: object, fault: str) -> None:
    found = github_contract.request_faults("POST", COMMENTS, [], body)
    assert fault in " ".join(found)


def test_path_parameter_of_the_wrong_kind_is_caught(github_contract: Contract) -> None:
    found = github_contract.request_faults("GET", "/repos/a/b/issues/one/comments", [], None)
    assert "parameter issue_number" in found[0]


def test_incomplete_answer_is_caught(github_contract: Contract) -> None:
    found = github_contract.response_faults("POST", COMMENTS, 201, {"id": 1})
    assert any("'node_id' is a required property" in fault for fault in found)


def test_undocumented_status_is_caught_unless_github_gives_it_everywhere(github_contract: Contract) -> None:
    assert "undocumented status 202" in github_contract.response_faults("POST", COMMENTS, 202, {})[0]
    assert github_contract.response_faults("POST", COMMENTS, 429, {}) == []


def test_incomplete_webhook_is_caught(github_contract: Contract) -> None:
    found = github_contract.webhook_faults(
        "push", None, {"X-GitHub-Event": "push"}, {"ref": "refs/heads/main"}
    )
    assert any("lacks the header X-GitHub-Delivery" in fault for fault in found)
    assert any("'after' is a required property" in fault for fault in found)
    assert "sends no such event" in github_contract.webhook_faults("pull_request", "closing", {}, {})[0]


def test_official_examples_mostly_pass(github_contract: Contract) -> None:
    """A judge that refused GitHub's own examples of today's events would refuse too much.

    Many examples are years older than the description and lack fields that have become required since.
    """
    path = find_description("webhook-examples.json")
    assert path is not None, "run `python tools/build.py github-description`"
    judged, passed = 0, 0
    for event in json.loads(path.read_bytes()):
        for example in event["examples"]:
            found = github_contract.webhook_faults(event["name"], example.get("action"), {}, example)
            faults = [fault for fault in found if "lacks the header" not in fault]
            is_dated = any("required property" in fault or "no such event" in fault for fault in faults)
            judged += not is_dated
            passed += not faults
    assert passed > 200
    assert passed / judged > 0.9


# At work


async def test_operation_unknown_to_github_is_a_violation(acme: Acme) -> None:
    with pytest.raises(GitHubBroken):
        await acme.bot.getitem(REPOSITORY + "/plans")
    assert "no such operation" in acme.github.take_violations()[0]


@pytest.mark.parametrize(
    ("field", "value"), [("body", 1), ("colour", "red"), ("maintainer_can_modify", "yes")]
)
async def test_field_of_the_wrong_kind_or_name_is_a_violation(acme: Acme, field: str, value: object) -> None:
    pull = await acme.pull()
    token = await acme.installation_token()
    async with acme.session.patch(
        f"{acme.github.api_url}{REPOSITORY}/pulls/{pull.number}",
        headers={"Authorization": f"Bearer {token}"},
        json={field: value},
    ):
        pass
    violations = acme.github.take_violations()
    assert any("(pulls/update): request" in violation and field in violation for violation in violations)


async def test_unknown_query_parameter_is_a_violation(acme: Acme) -> None:
    await acme.bot.getitem(REPOSITORY + "/pulls?statee=open")
    assert "unknown query parameter statee" in acme.github.take_violations()[0]


async def test_operation_the_stand_in_lacks_is_said_and_not_made_up(acme: Acme) -> None:
    with pytest.raises(GitHubBroken):
        await acme.bot.getitem(REPOSITORY + "/stargazers")
    assert "the stand-in does not" in acme.github.take_violations()[0]
