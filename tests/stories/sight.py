"""What a story sees on the forge, in the same words for each of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.sandbox.forge import StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.checks import CheckRun

# What a status can say where a check run has a word of its own.
_SHOWN = {"neutral": "success", "skipped": "success", "action_required": "failure"}
_STATES = {
    "failure": "failure",
    "failed": "failure",
    "error": "failure",
    "success": "success",
    "canceled": "cancelled",
}
_DEPLOYED = {"failed": "failure"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a commit says under one name, as a check run or as a status. Open: no conclusion yet."""

    name: str
    conclusion: str | None
    title: str
    id: int
    run: CheckRun | None = None
    # All that is said beside it; None where it is said on a pull request instead.
    words: str | None = None

    def is_concluded(self, conclusion: str | None) -> bool:
        """None: with any conclusion; a status has fewer words than a check run."""
        if conclusion is None or self.conclusion is None:
            return self.conclusion is not None
        return self.conclusion == (conclusion if self.run else _SHOWN.get(conclusion, conclusion))

    def has(self, words: Sequence[str]) -> bool:
        """True where they are said elsewhere."""
        return self.words is None or all(word in f"{self.title}\n{self.words}" for word in words)


@dataclass(frozen=True, slots=True)
class Paths:
    """Regular expressions for where the bot asks for what; `closing` is the method that ends a check."""

    pull: str
    comments: str
    checks: str
    closing: str
    deployments: str
    deployment_status: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Events:
    pull: str
    push: str
    # What the forge calls the end of a pull request that was merged.
    merged: str


class Sight(Protocol):
    @property
    def paths(self) -> Paths: ...

    @property
    def events(self) -> Events: ...

    def verdicts(self, repo: Repository, sha: str) -> list[Verdict]:
        """The oldest first."""

    def texts(self, repo: Repository) -> list[str]:
        """Every word of the bot about this repository that is in no comment."""

    def is_about(self, repo: Repository, path: str) -> bool:
        """Whether a request's path is below this repository."""

    def is_reading(self, pull: Pull, path: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class GitHubSight:
    """`is_app`: verdicts are check runs, else statuses."""

    github: StandInGitHub
    is_app: bool

    @property
    def paths(self) -> Paths:
        return Paths(
            pull="/pulls/[0-9]+$",
            comments="/issues/[0-9]+/comments",
            checks="/check-runs" if self.is_app else "/statuses/",
            closing="PATCH" if self.is_app else "POST",
            deployments="/deployments$",
            deployment_status=("POST", "/deployments/[0-9]+/statuses"),
        )

    @property
    def events(self) -> Events:
        return Events("pull_request", "push", "closed")

    def verdicts(self, repo: Repository, sha: str) -> list[Verdict]:
        if self.is_app:
            runs = self.github.check_runs(repo, sha)
            return [
                Verdict(r.name, r.conclusion, r.title or "", r.id, r, f"{r.summary or ''}\n{r.text or ''}")
                for r in runs
            ]
        statuses = self.github.statuses(repo, sha)
        return [Verdict(s.context, _STATES.get(s.state), s.description or "", s.id) for s in statuses]

    def texts(self, repo: Repository) -> list[str]:
        runs = [run for run in self.github.state.checks.runs.values() if run.repository is repo]
        found = [json.dumps([r.title, r.summary, r.text, r.annotations, r.external_id]) for r in runs]
        found += [status.description or "" for status in repo.statuses]
        return found + [json.dumps([d.description, str(d.payload)]) for d in repo.deployments]

    def is_about(self, repo: Repository, path: str) -> bool:
        return f"/repos/{repo.full_name}/" in path

    def is_reading(self, pull: Pull, path: str) -> bool:
        return path.endswith(f"/repos/{pull.repository.full_name}/pulls/{pull.number}")


@dataclass(frozen=True, slots=True)
class GitLabSight:
    gitlab: StandInGitLab

    @property
    def paths(self) -> Paths:
        return Paths(
            pull="/merge_requests/[0-9]+$",
            comments="/merge_requests/[0-9]+/notes",
            checks="/statuses/",
            closing="POST",
            deployments="/deployments$",
            deployment_status=("PUT", "/deployments/[0-9]+$"),
        )

    @property
    def events(self) -> Events:
        return Events("Merge Request Hook", "Push Hook", "merge")

    def verdicts(self, repo: Repository, sha: str) -> list[Verdict]:
        # What came in with a merge request is told there, all else on the commit.
        has_request = any(pull.is_merged and pull.merge_sha == sha for pull in repo.pulls)
        remarks = None if has_request else "\n".join(c.body for c in self.gitlab.said_about(repo, sha))
        return [
            Verdict(s.context, _STATES.get(s.state), s.description or "", s.id, None, remarks)
            for s in self.gitlab.statuses(repo, sha)
        ]

    def texts(self, repo: Repository) -> list[str]:
        pipelines = self.gitlab.state.pipelines.of(repo)
        found = [status.description or "" for known in pipelines for status in known.statuses]
        for sha in {known.sha for known in pipelines}:
            found += [comment.body for comment in self.gitlab.said_about(repo, sha)]
        return found

    def is_about(self, repo: Repository, path: str) -> bool:
        return f"/projects/{repo.full_name}/" in path or f"/projects/{repo.id}/" in path

    def is_reading(self, pull: Pull, path: str) -> bool:
        return self.is_about(pull.repository, path) and path.endswith(f"/merge_requests/{pull.number}")


def deployed(state: str | None) -> str | None:
    return _DEPLOYED.get(state, state) if state else None
