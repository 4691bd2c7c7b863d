"""Gitea as a mode of GitHub: its own words where they differ, and nothing asked of it that it has not."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

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
from bot.forge.webhooks import PullAction, PullRequestChanged, Pushed
from bot.model.repo import Actor, RepoId, Sha
from tests.forge.rogue import rogue

TEA = RepoId("tea", "acme/fleet")
SHA, MAIN = Sha("a" * 40), Sha("b" * 40)
US = {"login": "longshore", "id": 7}


def pull(number: int, base: str = "main") -> dict[str, Any]:
    repo = {"full_name": "acme/fleet", "id": 61}
    return {
        "number": number,
        "title": "x",
        "state": "open",
        "html_url": "",
        "user": US,
        "merged": False,
        "merged_at": None,
        "base": {"ref": base, "sha": MAIN, "repo": repo},
        "head": {"ref": "x", "sha": SHA, "repo": repo},
    }


class Tea:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.statuses: list[dict[str, Any]] = []

    async def handle(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/git/api/v1").replace("/repos/acme/fleet", "")
        self.asked.append(f"{request.method} {path}")
        if request.method == "POST":
            asked = await request.json()
            made = {**asked, "status": asked.pop("state"), "creator": US, "id": len(self.statuses) + 1}
            self.statuses.append({name: value for name, value in made.items() if name != "state"})
            return web.json_response(self.statuses[-1], status=201)
        answers: dict[str, Any] = {
            "": {"full_name": "acme/fleet", "id": 61, "default_branch": "main"},
            "/user": US,
            "/branches/main": {"name": "main", "commit": {"id": MAIN}},
            "/pulls": [pull(2, "other"), pull(1)],
            f"/commits/{SHA}/pull": pull(1),
            f"/commits/{SHA}/statuses": self.statuses,
            "/collaborators/longshore/permission": {"permission": "owner", "role_name": "owner", "user": US},
        }
        if path not in answers:
            return web.json_response({"message": "not found"}, status=404)
        return web.json_response(answers[path])


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


def test_its_deliveries_are_read_as_github_s() -> None:
    def read(event: str, payload: dict[str, Any]) -> Any:
        return DIALECTS["gitea"].normalise({"X-GitHub-Event": event}, json.dumps(payload).encode())

    repository = {"id": 61, "full_name": "acme/fleet"}
    changed = {"action": "synchronized", "number": 1, "pull_request": pull(1), "repository": repository}
    assert read("pull_request", changed) == PullRequestChanged(
        "acme/fleet", 1, PullAction.UPDATED, "main", SHA, False, 61
    )
    pushed = {"ref": "refs/heads/x", "before": SHA, "after": "0" * 40, "repository": repository}
    assert read("push", pushed) == Pushed("acme/fleet", "refs/heads/x", SHA, Sha("0" * 40), True, False, 61)
