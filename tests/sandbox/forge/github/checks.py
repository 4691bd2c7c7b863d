"""Check runs: what an App says about a commit.

The invariant: only an App writes them, only its own, and annotations only ever grow, fifty at a time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import App

Json = dict[str, Any]

MAX_ANNOTATIONS = 50
MAX_ACTIONS = 3
MAX_TEXT_CHARACTERS = 65_535
ACTION_LIMITS = {"label": 20, "description": 40, "identifier": 20}


@dataclass(eq=False, slots=True)
class CheckSuite:
    id: int
    repository: Repository
    app: App
    head_sha: str
    head_branch: str | None
    created_at: datetime
    before: str | None = None
    runs: list["CheckRun"] = field(default_factory=list)

    @property
    def latest_runs(self) -> list["CheckRun"]:
        return list({run.name: run for run in self.runs}.values())

    @property
    def status(self) -> str:
        runs = self.latest_runs
        if runs and all(run.status == "completed" for run in runs):
            return "completed"
        return "in_progress" if any(run.status != "queued" for run in runs) else "queued"

    @property
    def conclusion(self) -> str | None:
        if self.status != "completed":
            return None
        conclusions = {run.conclusion for run in self.latest_runs}
        order = ("action_required", "cancelled", "timed_out", "failure", "success", "neutral", "skipped")
        return next((conclusion for conclusion in order if conclusion in conclusions), "success")


@dataclass(eq=False, slots=True)
class CheckRun:
    id: int
    suite: CheckSuite
    name: str
    started_at: datetime
    status: str = "queued"
    conclusion: str | None = None
    completed_at: datetime | None = None
    external_id: str = ""
    details_url: str | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)

    @property
    def repository(self) -> Repository:
        return self.suite.repository

    @property
    def app(self) -> App:
        return self.suite.app

    @property
    def head_sha(self) -> str:
        return self.suite.head_sha


@dataclass(slots=True)
class Checks:
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    runs: dict[int, CheckRun] = field(default_factory=dict)

    def suite(self, repository: Repository, app: App, sha: str) -> CheckSuite | None:
        for suite in self.suites.values():
            if (suite.repository, suite.app, suite.head_sha) == (repository, app, sha):
                return suite
        return None

    def of_commit(self, repository: Repository, sha: str) -> list[CheckRun]:
        return [run for run in self.runs.values() if run.repository is repository and run.head_sha == sha]


def latest(runs: Iterable[CheckRun]) -> list[CheckRun]:
    """The newest of each App and name, which is what a pull request shows."""
    return list({(run.app.id, run.name): run for run in runs}.values())


def pulls_of(repository: Repository, sha: str) -> list[Pull]:
    """The pull requests a check belongs to: open ones of this repository whose head it is; never those of forks."""
    return [
        pull for pull in repository.pulls if pull.is_open and pull.head_sha == sha and not pull.is_from_fork
    ]
