"""Gitea as a mode of GitHub: its own words where they differ, and nothing asked of it that it has not."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from aiohttp import web

from bot.config.forges import Forge as ForgeConfig
from bot.forge.base import Feature, Forge, Permission
from bot.forge.commits import FileChange, NewCommit
from bot.forge.dialects import DIALECTS
from bot.forge.errors import ForgeForbidden
from bot.forge.guards import Approvals, BranchRules
from bot.forge.opening import open_forge
from bot.forge.reports import CheckReport, CheckState, Conclusion
from bot.forge.webhooks import Commented, PullAction, PullRequestChanged, Pushed
from bot.model.repo import Actor, RepoId, Sha
from tests.forge.rogue import rogue

TEA = RepoId("tea", "acme/fleet")
SHA, MAIN = Sha("a" * 40), Sha("b" * 40)
US = {"login": "longshore", "id": 7}
REPOSITORY = {"full_name": "acme/fleet", "id": 61}


def pull(number: int, base: str = "main", *, is_merged: bool = False) -> dict[str, Any]:
    at = "2026-01-02T03:04:05Z" if is_merged else None
    return {
        "number": number,
        "title": "x",
        "state": "closed" if is_merged else "open",
        "draft": False,
        "html_url": "",
        "user": US,
        "labels": [],
        "merged": is_merged,
        "merged_at": at,
        "merge_commit_sha": SHA if is_merged else None,
        "base": {"ref": base, "sha": MAIN, "repo": REPOSITORY},
        "head": {"ref": "x", "sha": SHA, "repo": REPOSITORY},
    }


def answers(statuses: list[dict[str, Any]]) -> dict[str, Any]:
    """By path below the repository, and `/user`. `make oracles ARGS=gitea` holds them to Gitea's own."""
    return {
        "": {**REPOSITORY, "default_branch": "main", "archived": False},
        "/user": US,
        "/branches/main": {"name": "main", "commit": {"id": MAIN}},
        "/pulls": [pull(2, "other"), pull(1)],
        # Only of what was merged, and only as the commit that it became.
        f"/commits/{SHA}/pull": pull(1, is_merged=True),
        f"/commits/{SHA}/statuses": statuses,
        f"/collaborators/{US['login']}/permission": {
            "permission": "owner",
            "role_name": "owner",
            "user": US,
        },
    }


def status(number: int, **said: str) -> dict[str, Any]:
    """Gitea is told a `state` and says a `status`; what nobody said is empty."""
    words = {"context": "", "description": "", "target_url": "", **said}
    return {"id": number, "creator": US, "status": words.pop("state"), **words}


DELIVERIES: Final[dict[str, dict[str, Any]]] = {
    "pull_request.synchronized": {"pull_request": pull(1)},
    "pull_request.edited": {"pull_request": pull(1), "changes": {"ref": {"from": "other"}}},
    "pull_request.closed": {"pull_request": pull(1, is_merged=True)},
    "issue_comment.created": {
        "issue": {"number": 1, "pull_request": {"merged": False, "draft": False, "html_url": ""}},
        "comment": {"id": 5, "body": "/plan", "user": US},
        "is_pull": True,
    },
    "push": {"ref": "refs/heads/x", "before": SHA, "after": MAIN, "pusher": US},
}
"""What is read of each, by its event and its action, without the repository; held to Gitea's own likewise."""


class Tea:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.statuses: list[dict[str, Any]] = []

    async def handle(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/git/api/v1").replace("/repos/acme/fleet", "")
        self.asked.append(f"{request.method} {path}")
        if request.method == "POST":
            self.statuses.append(status(len(self.statuses) + 1, **await request.json()))
            return web.json_response(self.statuses[-1], status=201)
        found = answers(self.statuses)
        if path not in found:
            return web.json_response({"message": "not found"}, status=404)
        return web.json_response(found[path])


@asynccontextmanager
async def running(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Tea, Forge]]:
    monkeypatch.setenv("TEA_TOKEN", "x" * 40)
    tea = Tea()
    async with rogue(tea.handle, "/git") as url:
        entry = {"kind": "gitea", "gitUrl": url, "token": "${env:TEA_TOKEN}", "webhookSecrets": ["${env:X}"]}
        async with open_forge("tea", ForgeConfig.model_validate(entry)) as forge:
            yield tea, forge


async def test_what_it_answers_otherwise_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch) as (_, forge):
        assert await forge.branch_head(TEA, "main") == MAIN
        assert await forge.branch_head(TEA, "none") is None
        assert [one.number for one in await forge.open_pulls(TEA, base="main")] == [1]
        assert [one.number for one in await forge.pulls_of_commit(TEA, SHA)] == [1]
        assert await forge.pulls_of_commit(TEA, MAIN) == []
        assert await forge.permission(TEA, Actor("longshore", 7)) is Permission.ADMIN


async def test_a_verdict_is_a_status_and_not_said_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch) as (tea, forge):
        report = CheckReport("longshore/plan", SHA, CheckState.DONE, "T", conclusion=Conclusion.FAILURE)
        first = await forge.put_check(TEA, report)
        assert await forge.put_check(TEA, report) == first
        assert first.conclusion is Conclusion.FAILURE
        assert len(tea.statuses) == 1


async def test_what_it_has_not_is_missing_and_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(monkeypatch) as (tea, forge):
        missing = (Feature.CHECKS, Feature.DEPLOYMENTS, Feature.APPROVAL_RULES, Feature.COMMITS)
        assert not any(forge.capabilities.has(feature) for feature in missing)
        assert "experimental" in forge.capabilities.degraded[0]
        assert await forge.branch_rules(TEA, "main") == BranchRules()
        assert await forge.approvals(TEA, 1) == Approvals()
        assert await forge.environment_rules(TEA, "prod") is None
        assert await forge.code_owners(TEA, "main") is None
        with pytest.raises(ForgeForbidden, match="makes no commits"):
            await forge.commit(TEA, NewCommit("x", MAIN, "m", (FileChange("a", b""),), MAIN))
        assert tea.asked == []


def deliver(name: str, **more: Any) -> Any:
    event, _, action = name.partition(".")
    payload = {**DELIVERIES[name], "repository": REPOSITORY, **({"action": action} if action else {}), **more}
    return DIALECTS["gitea"].normalise({"X-GitHub-Event": event}, json.dumps(payload).encode())


@pytest.mark.parametrize(
    ("action", "meaning"),
    [
        ("synchronized", PullAction.UPDATED),
        ("edited", PullAction.RETARGETED),
        ("closed", PullAction.CLOSED),
    ],
)
def test_what_happened_to_a_pull_request_is_read_in_its_words(action: str, meaning: PullAction) -> None:
    is_merged = action == "closed"
    assert deliver(f"pull_request.{action}") == PullRequestChanged(
        "acme/fleet", 1, meaning, "main", SHA, is_merged, 61
    )


@pytest.mark.parametrize(
    ("before", "is_draft", "meaning"),
    [
        ("WIP: x", False, PullAction.READY),
        ("[wip] x", False, PullAction.READY),
        ("WIP: x", True, None),
        ("x", True, None),
        ("y", False, None),
    ],
)
def test_a_draft_is_ready_when_its_title_no_longer_says_otherwise(
    before: str, is_draft: bool, meaning: PullAction | None
) -> None:
    changed = {**pull(1), "draft": is_draft}
    event = deliver("pull_request.edited", pull_request=changed, changes={"title": {"from": before}})
    assert (event.action if event else None) is meaning


def test_what_people_say_on_a_pull_request_is_heard_and_on_an_issue_it_is_not() -> None:
    assert deliver("issue_comment.created") == Commented("acme/fleet", 1, 5, 61)
    assert deliver("issue_comment.created", issue={"number": 1, "pull_request": None}) is None


def test_a_push_is_read() -> None:
    assert deliver("push") == Pushed("acme/fleet", "refs/heads/x", SHA, MAIN, False, False, 61)
    gone = Sha("0" * 40)
    assert deliver("push", after=gone) == Pushed("acme/fleet", "refs/heads/x", SHA, gone, True, False, 61)
