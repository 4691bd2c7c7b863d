"""Commit statuses: the verdict on a commit where a plain token cannot write check runs.

The invariant: a status is only written where the newest one of its context says something else, since GitHub takes
a thousand for each and then no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.forge.github.calls import Calls
from bot.forge.github.pages import Listing
from bot.forge.github.shapes import Status
from bot.forge.reports import Check, CheckId, CheckReport, CheckState, Conclusion
from bot.forge.shaped import shaped
from bot.forge.text import clip_line
from bot.model.repo import RepoId, Sha

MAX_STATUSES: Final = 300
DESCRIPTION_CHARACTERS: Final = 140

CONCLUSIONS: Final[Mapping[Conclusion | None, str]] = {
    None: "pending",
    Conclusion.SUCCESS: "success",
    Conclusion.NEUTRAL: "success",
    Conclusion.SKIPPED: "success",
    Conclusion.FAILURE: "failure",
    Conclusion.ACTION_REQUIRED: "failure",
    Conclusion.CANCELLED: "error",
}
STATES: Final[Mapping[str, tuple[CheckState, Conclusion | None]]] = {
    "pending": (CheckState.RUNNING, None),
    "success": (CheckState.DONE, Conclusion.SUCCESS),
    "failure": (CheckState.DONE, Conclusion.FAILURE),
    "error": (CheckState.DONE, Conclusion.CANCELLED),
}


@dataclass(frozen=True, slots=True)
class Statuses:
    calls: Calls

    async def find(self, repo: RepoId, sha: Sha, name: str) -> Check | None:
        status = await self._newest(repo, sha, name)
        return _check(sha, status) if status else None

    async def put(self, repo: RepoId, report: CheckReport) -> Check:
        body = _body(report)
        status = await self._newest(repo, report.head_sha, report.name)
        if status is None or not _says(status, body):
            answer = await self.calls.send(
                "POST", repo, "/statuses/{sha}", {"sha": report.head_sha}, data=body
            )
            status = shaped(answer, Status)
        return _check(report.head_sha, status)

    async def _newest(self, repo: RepoId, sha: Sha, name: str) -> Status | None:
        listing = Listing("/commits/{sha}/statuses{?per_page}", {"sha": sha, "per_page": 100})
        us = await self.calls.auth.identity()
        found = await self.calls.list(repo, listing, Status, limit=MAX_STATUSES)
        # GitHub does not tell contexts apart by case.
        ours = [
            status
            for status in found
            if status.context.lower() == name.lower() and status.creator and status.creator.id == us.id
        ]
        return max(ours, key=lambda status: status.id, default=None)


def _body(report: CheckReport) -> dict[str, Any]:
    body: dict[str, Any] = {
        "context": report.name,
        "state": CONCLUSIONS[report.conclusion],
        "description": clip_line(report.title, DESCRIPTION_CHARACTERS),
    }
    return body if report.details_url is None else {**body, "target_url": report.details_url}


def _says(status: Status, body: Mapping[str, Any]) -> bool:
    held = (status.word, status.description or "", status.target_url or "")
    return held == (body["state"], body["description"], body.get("target_url", ""))


def _check(sha: Sha, status: Status) -> Check:
    state, conclusion = STATES.get(status.word, (CheckState.RUNNING, None))
    return Check(
        CheckId(status.id),
        status.context,
        sha,
        state,
        conclusion,
        status.description or "",
        external_id="",
        url=status.target_url,
    )
