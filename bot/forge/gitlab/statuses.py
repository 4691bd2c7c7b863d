"""Commit statuses: the verdict on a commit, in the pipeline where GitLab looks for it.

The invariant: a merge request's verdict stands in the pipeline that its page shows and its merge waits for, and says the
same in every other pipeline of the commit that it was written to before: one that GitLab started only after us would
otherwise hide it, or leave it running for ever. A merge train's pipeline, and one on a merged result, run for a commit
that GitLab made; they count as the merge request's where its head is a parent of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.forge.errors import ForgeInvalid, ForgeNotFound
from bot.forge.gitlab.paths import part
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.pulls import Pulls
from bot.forge.gitlab.shapes import Commit, MergeRequest, Pipeline, Status
from bot.forge.gitlab.status_checks import StatusChecks
from bot.forge.reports import Check, CheckId, CheckReport, CheckState, Conclusion
from bot.forge.shaped import shaped
from bot.forge.text import clip_line
from bot.model.repo import RepoId, Sha

MAX_STATUSES: Final = 300
DESCRIPTION_CHARACTERS: Final = 255
URL_CHARACTERS: Final = 255

WORDS: Final[Mapping[Conclusion, str]] = {
    Conclusion.SUCCESS: "success",
    Conclusion.NEUTRAL: "success",
    Conclusion.SKIPPED: "success",
    Conclusion.FAILURE: "failed",
    Conclusion.ACTION_REQUIRED: "failed",
    Conclusion.CANCELLED: "canceled",
}
STATES: Final[Mapping[str, tuple[CheckState, Conclusion | None]]] = {
    "pending": (CheckState.QUEUED, None),
    "running": (CheckState.RUNNING, None),
    "success": (CheckState.DONE, Conclusion.SUCCESS),
    "failed": (CheckState.DONE, Conclusion.FAILURE),
    "canceled": (CheckState.DONE, Conclusion.CANCELLED),
    "skipped": (CheckState.DONE, Conclusion.SKIPPED),
}
REFUSED_STEPS: Final = frozenset({("pending", "pending"), ("running", "running"), ("running", "pending")})
"""From which state GitLab refuses to go where: what is under way stays as it is."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a status belongs; without a pipeline, GitLab finds or makes one for commit and ref."""

    sha: Sha
    ref: str | None = None
    pipeline: int | None = None


@dataclass(frozen=True, slots=True)
class Statuses:
    """`checks` is None where the tier has no external status checks."""

    projects: Projects
    pulls: Pulls
    checks: StatusChecks | None

    async def find(self, repo: RepoId, sha: Sha, name: str, *, pull: int | None) -> Check | None:
        if pull is None:
            ours = await self._ours(repo, sha, name)
        else:
            spot = await self._spot(repo, await self.pulls.merge_request(repo, pull), sha)
            ours = [
                status
                for status in await self._ours(repo, spot.sha, name)
                if spot.pipeline is None or status.pipeline_id == spot.pipeline
            ]
        if not ours:
            return None
        check = _check(sha, max(ours, key=lambda status: status.id))
        if pull is not None and self.checks is not None and not await self.checks.agree(repo, pull, check):
            return None
        return check

    async def put(self, repo: RepoId, report: CheckReport) -> Check:
        pull = None if report.pull is None else await self.pulls.merge_request(repo, report.pull)
        spot = (
            Spot(report.head_sha, report.branch)
            if pull is None
            else await self._spot(repo, pull, report.head_sha)
        )
        ours = {status.pipeline_id: status for status in await self._ours(repo, spot.sha, report.name)}
        if spot.sha != report.head_sha:
            ours |= {
                status.pipeline_id: status for status in await self._ours(repo, report.head_sha, report.name)
            }
        main = spot.pipeline if spot.pipeline is not None else max((n for n in ours if n), default=None)
        status = await self._write(repo, spot, report, ours.pop(main, None))
        for pipeline, other in ours.items():
            if pipeline != status.pipeline_id:
                await self._write(repo, Spot(Sha(other.sha), other.ref, pipeline), report, other)
        check = _check(report.head_sha, status)
        # Another head's verdict is none that the merge request waits for.
        if pull is not None and self.checks is not None and pull.sha == report.head_sha:
            await self.checks.answer(repo, pull.iid, check)
        return check

    async def _spot(self, repo: RepoId, pull: MergeRequest, sha: Sha) -> Spot:
        """Where GitLab looks for the verdict on a merge request whose head is, or was, this commit."""
        pipeline, number = pull.head_pipeline, pull.target_project_id
        if pipeline is not None and pipeline.project_id in {None, number}:
            if pipeline.sha == sha:
                return Spot(sha, pipeline.ref, pipeline.id)
            if await self._is_of_merge(repo, pull, pipeline, sha):
                return Spot(Sha(pipeline.sha), pipeline.ref, pipeline.id)
        if pull.source_project_id == number:
            return Spot(sha, pull.source_branch)
        # The branch of a fork may have a namesake here.
        return Spot(sha, f"refs/merge-requests/{pull.iid}/head")

    async def _is_of_merge(self, repo: RepoId, pull: MergeRequest, pipeline: Pipeline, sha: Sha) -> bool:
        if not pipeline.ref.startswith(f"refs/merge-requests/{pull.iid}/"):
            return False
        try:
            made = await self.projects.get(repo, f"/repository/commits/{part(pipeline.sha)}", Commit)
        except ForgeNotFound:
            return False
        return sha in made.parent_ids

    async def _ours(self, repo: RepoId, sha: Sha, name: str) -> Sequence[Status]:
        us = await self.projects.identity()
        path = f"/repository/commits/{part(sha)}/statuses"
        try:
            found = await self.projects.list(repo, path, Status, {"name": name}, limit=MAX_STATUSES)
        except ForgeNotFound:
            # A commit that is only in a fork is not known here yet.
            return []
        return sorted(
            (one for one in found if one.name == name and one.author and one.author.id == us.id),
            key=lambda status: status.id,
        )

    async def _write(self, repo: RepoId, spot: Spot, report: CheckReport, held: Status | None) -> Status:
        body = _body(report)
        if held is not None and (_says(held, body) or (held.status, body["state"]) in REFUSED_STEPS):
            return held
        where = {"ref": spot.ref, "pipeline_id": spot.pipeline}
        data = {**body, **{name: value for name, value in where.items() if value is not None}}
        try:
            # Twice is as good as once: of one name, only the last counts.
            answer = await self.projects.send(
                "POST", repo, f"/statuses/{part(spot.sha)}", data=data, repeatable=True
            )
        except ForgeInvalid:
            # Another worker, or we ourselves in vain, may have been there before.
            there = [
                status
                for status in await self._ours(repo, spot.sha, report.name)
                if status.status == body["state"] and spot.pipeline in {None, status.pipeline_id}
            ]
            if not there:
                raise
            return there[-1]
        return shaped(answer, Status)


def _body(report: CheckReport) -> dict[str, Any]:
    body = {
        "name": report.name,
        "state": "pending" if report.state is CheckState.QUEUED else "running",
        "description": clip_line(report.title, DESCRIPTION_CHARACTERS),
    }
    if report.conclusion is not None:
        body["state"] = WORDS[report.conclusion]
    if report.details_url is not None and len(report.details_url) <= URL_CHARACTERS:
        body["target_url"] = report.details_url
    return body


def _says(status: Status, body: Mapping[str, Any]) -> bool:
    held = (status.status, status.description or "", status.target_url or "")
    return held == (body["state"], body["description"], body.get("target_url", ""))


def _check(sha: Sha, status: Status) -> Check:
    """`sha` is the commit that was judged; the status may stand on GitLab's merge of it."""
    state, conclusion = STATES.get(status.status, (CheckState.RUNNING, None))
    return Check(
        CheckId(status.id),
        status.name,
        sha,
        state,
        conclusion,
        status.description or "",
        external_id="",
        url=status.target_url,
    )
