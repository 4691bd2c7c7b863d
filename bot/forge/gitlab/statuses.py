"""Commit statuses: the verdict on a commit, in the pipeline where GitLab looks for it.

The invariant: a merge request's verdict stands in the pipeline that its page shows and its merge waits for, and says the
same in every other pipeline of the commit that it was written to before: one that GitLab started only after us would
otherwise hide it, or leave it running for ever. A merge train's pipeline, and one on a merged result, run for a commit
that GitLab made; they count as the merge request's where its head is a parent of it. What still runs in one whose place
another has taken is found, and ends with the verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.forge.errors import ForgeForbidden, ForgeInvalid, ForgeNotFound
from bot.forge.gitlab.paths import part
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.pulls import Pulls
from bot.forge.gitlab.shapes import Commit, MergeRequest, Pipeline, Status
from bot.forge.gitlab.status_checks import StatusChecks
from bot.forge.gitlab.trains import TRAIN, Trains
from bot.forge.reports import Check, CheckId, CheckReport, CheckState, Conclusion
from bot.forge.shaped import shaped
from bot.forge.text import clip_line
from bot.model.repo import RepoId, Sha

MAX_STATUSES: Final = 300
MAX_PIPELINES: Final = 20
"""The newest of a merge request's, in which something of ours may still run."""
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
UNDER_WAY: Final = frozenset({"pending", "running"})


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a status belongs; without a pipeline, GitLab finds or makes one for commit and ref."""

    sha: Sha
    ref: str | None = None
    pipeline: int | None = None

    @property
    def is_of_train(self) -> bool:
        return self.pipeline is not None and self.ref is not None and self.ref.endswith(TRAIN)

    def holds(self, status: Status) -> bool:
        if self.pipeline is not None:
            return status.pipeline_id == self.pipeline
        return status.sha == self.sha and self.ref in {None, status.ref}


@dataclass(frozen=True, slots=True)
class Statuses:
    """`checks` is None where the tier has no external status checks."""

    projects: Projects
    pulls: Pulls
    checks: StatusChecks | None
    trains: Trains

    async def find(self, repo: RepoId, sha: Sha, name: str, *, pull: int | None) -> Check | None:
        if pull is None:
            ours = await self._ours(repo, sha, name)
            return _check(sha, ours[-1]) if ours else None
        request = await self.pulls.merge_request(repo, pull)
        spot = await self._spot(repo, request, sha)
        ours = [status for status in await self._ours(repo, spot.sha, name) if spot.holds(status)]
        # What is under way elsewhere is found too: it is no verdict, and somebody has to end it.
        ours = ours or await self._left_running(repo, request, sha, name)
        if not ours:
            return None
        check = _check(sha, ours[-1])
        if check.state is CheckState.DONE and self.checks is not None:
            return check if await self.checks.agree(repo, pull, check) else None
        return check

    async def put(self, repo: RepoId, report: CheckReport) -> Check:
        sha = report.head_sha
        pull = None if report.pull is None else await self.pulls.merge_request(repo, report.pull)
        spot = Spot(sha, report.branch) if pull is None else await self._spot(repo, pull, sha)
        ours = await self._written(repo, pull, spot, report)
        held = next((one for one in reversed(ours) if spot.holds(one)), None)
        if held is None and ours and pull is not None and pull.sha != sha:
            # Nobody looks for the verdict on a head that is past: it ends where it began.
            held, spot = ours[-1], _spot_of(ours[-1])
        status = await self._write(repo, spot, report, held)
        for other in ours:
            # A train's verdict is about others too: it ends what is under way, and takes back nothing.
            is_told = other.status in UNDER_WAY or not spot.is_of_train
            if is_told and other is not held and other.pipeline_id != status.pipeline_id:
                await self._write(repo, _spot_of(other), report, other)
        check = _check(sha, status)
        # Another head's verdict is none that the merge request waits for.
        if pull is not None and self.checks is not None and pull.sha == sha:
            await self.checks.answer(repo, pull.iid, check)
        return check

    async def _written(
        self, repo: RepoId, pull: MergeRequest | None, spot: Spot, report: CheckReport
    ) -> list[Status]:
        """What is to say the same: ours of this name, the newest of each pipeline, oldest first."""
        found = [*await self._ours(repo, spot.sha, report.name)]
        if spot.sha != report.head_sha:
            found += await self._ours(repo, report.head_sha, report.name)
        if pull is not None and report.conclusion is not None:
            found += await self._left_running(repo, pull, report.head_sha, report.name)
        newest = {one.pipeline_id: one for one in sorted(found, key=lambda one: one.id)}
        return sorted(newest.values(), key=lambda one: one.id)

    async def _left_running(self, repo: RepoId, pull: MergeRequest, sha: Sha, name: str) -> list[Status]:
        """Ours that are under way in pipelines of this merge request, for whichever commit GitLab made of this head."""
        path = f"/merge_requests/{pull.iid}/pipelines"
        try:
            pipelines = await self.projects.list(repo, path, Pipeline, limit=MAX_PIPELINES)
        except ForgeForbidden:
            # Without CI/CD, a project shows nobody its pipelines.
            return []
        found: list[Status] = []
        for pipeline in pipelines:
            is_here = pipeline.project_id in {None, pull.target_project_id}
            if not is_here or pipeline.status not in UNDER_WAY:
                continue
            if pipeline.sha == sha or await self._is_of_merge(repo, pull, pipeline, sha):
                ours = await self._ours(repo, Sha(pipeline.sha), name)
                found += [one for one in ours if one.pipeline_id == pipeline.id and one.status in UNDER_WAY]
        return sorted(found, key=lambda one: one.id)

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
        refs = f"refs/merge-requests/{pull.iid}/"
        if pipeline.ref not in {f"{refs}merge", f"{refs}train"}:
            return False
        try:
            made = await self.projects.get(repo, f"/repository/commits/{part(pipeline.sha)}", Commit)
        except ForgeNotFound:
            return False
        # What it is merged into comes first. A train may hold the head squashed, or put onto what goes before it.
        return sha in made.parent_ids[1:] or (
            sha == pull.sha and await self.trains.is_on(repo, pull, pipeline)
        )

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


def _spot_of(status: Status) -> Spot:
    return Spot(Sha(status.sha), status.ref, status.pipeline_id)


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
