"""Check runs: the verdict on a commit, as an App may write it.

The invariant: a run that is done, or has annotations, is never edited, because GitHub adds annotations to those that are
there; another report makes a new run of the same name, which takes the old one's place. So the newest run of a name
says exactly what was put last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.forge.base import TextLimit
from bot.forge.github.calls import Calls
from bot.forge.github.pages import Listing
from bot.forge.github.shapes import CheckRun
from bot.forge.reports import Annotation, Check, CheckId, CheckReport, CheckState, Conclusion
from bot.forge.shaped import shaped
from bot.forge.text import clip, clip_line
from bot.model.rendering import Severity
from bot.model.repo import RepoId, Sha

MAX_RUNS: Final = 1000
TEXT: Final = TextLimit(code_points=65_535, size_bytes=65_535)
MESSAGE: Final = TextLimit(code_points=8_192, size_bytes=8_192)
TITLE_CHARACTERS: Final = 255
ANNOTATIONS_A_REQUEST: Final = 50
MAX_ANNOTATIONS: Final = 250

STATES: Final[Mapping[CheckState, str]] = {
    CheckState.QUEUED: "queued",
    CheckState.RUNNING: "in_progress",
    CheckState.DONE: "completed",
}
LEVELS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "failure",
    Severity.WARNING: "warning",
    Severity.NOTICE: "notice",
}


@dataclass(frozen=True, slots=True)
class CheckRuns:
    calls: Calls

    async def find(self, repo: RepoId, sha: Sha, name: str) -> Check | None:
        run = await self._newest(repo, sha, name)
        return _check(run) if run else None

    async def put(self, repo: RepoId, report: CheckReport) -> Check:
        body = _body(report)
        annotations = [_annotation(annotation) for annotation in report.annotations[:MAX_ANNOTATIONS]]
        run = await self._newest(repo, report.head_sha, report.name)
        if run is not None and _says(run, body, len(annotations)):
            return _check(run)
        if run is not None and not _is_editable(run):
            run = None
        *earlier, last = _batches(annotations)
        for batch in earlier:
            # It is done when everything is there.
            run = await self._write(repo, run, _with(_unfinished(body), batch))
        return _check(await self._write(repo, run, _with(body, last)))

    async def _newest(self, repo: RepoId, sha: Sha, name: str) -> CheckRun | None:
        # All of them: which one GitHub calls the latest depends on when each was completed.
        variables = {"sha": sha, "check_name": name, "filter": "all", "per_page": 100}
        listing = Listing(
            "/commits/{sha}/check-runs{?check_name,filter,per_page}", variables, key="check_runs"
        )
        us = await self.calls.auth.app_id()
        runs = await self.calls.list(repo, listing, CheckRun, limit=MAX_RUNS)
        ours = [run for run in runs if run.name == name and run.app is not None and run.app.id == us]
        return max(ours, key=lambda run: run.id, default=None)

    async def _write(self, repo: RepoId, run: CheckRun | None, body: Mapping[str, Any]) -> CheckRun:
        if run is None:
            answer = await self.calls.send("POST", repo, "/check-runs", {}, data=body)
        else:
            changes = {key: value for key, value in body.items() if key != "head_sha"}
            answer = await self.calls.send(
                "PATCH",
                repo,
                "/check-runs/{id}",
                {"id": run.id},
                data=changes,
                repeatable=not body["output"]["annotations"],
            )
        return shaped(answer, CheckRun)


def _body(report: CheckReport) -> dict[str, Any]:
    left_out = len(report.annotations) - MAX_ANNOTATIONS
    note = f"\n\n_{left_out} more annotations are not shown._" if left_out > 0 else ""
    room = TextLimit(TEXT.code_points - len(note), TEXT.size_bytes - len(note))
    output = {
        "title": clip_line(report.title, TITLE_CHARACTERS),
        # GitHub wants one.
        "summary": clip(report.summary or report.title, room) + note,
        "text": clip(report.text, TEXT),
    }
    body: dict[str, Any] = {
        "name": report.name,
        "head_sha": report.head_sha,
        "status": STATES[report.state],
        "external_id": report.external_id,
        "output": output,
    }
    if report.conclusion is not None:
        body["conclusion"] = report.conclusion.value
    if report.details_url is not None:
        body["details_url"] = report.details_url
    return body


def _annotation(annotation: Annotation) -> dict[str, Any]:
    line = max(annotation.line, 1)
    found = {
        "path": annotation.path,
        "start_line": line,
        "end_line": line,
        "annotation_level": LEVELS[annotation.severity],
        "message": clip(annotation.message, MESSAGE),
    }
    return {**found, "title": clip_line(annotation.title, TITLE_CHARACTERS)} if annotation.title else found


def _batches(annotations: Sequence[dict[str, Any]]) -> Sequence[Sequence[dict[str, Any]]]:
    """At least one batch, since a report without annotations is written as well."""
    starts = range(0, len(annotations) or 1, ANNOTATIONS_A_REQUEST)
    return [annotations[start : start + ANNOTATIONS_A_REQUEST] for start in starts]


def _with(body: Mapping[str, Any], batch: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {**body, "output": {**body["output"], "annotations": batch}}


def _unfinished(body: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in body.items() if key != "conclusion"}
    return {**rest, "status": STATES[CheckState.RUNNING]}


def _is_editable(run: CheckRun) -> bool:
    return run.status != STATES[CheckState.DONE] and run.output.annotations_count == 0


def _says(run: CheckRun, body: Mapping[str, Any], annotations: int) -> bool:
    output = body["output"]
    is_same_text = all(
        (held or "") == output[key]
        for key, held in (
            ("title", run.output.title),
            ("summary", run.output.summary),
            ("text", run.output.text),
        )
    )
    return (
        is_same_text
        and run.output.annotations_count == annotations
        and run.status == body["status"]
        and run.conclusion == body.get("conclusion")
        and (run.external_id or "") == body["external_id"]
        # GitHub puts the App's own address where none was given.
        and run.details_url == body.get("details_url", run.details_url)
    )


def _check(run: CheckRun) -> Check:
    state = next((state for state, word in STATES.items() if word == run.status), CheckState.QUEUED)
    conclusion = None
    if state is CheckState.DONE:
        # GitHub itself ends what nobody ended, in words of its own (`stale`, `timed_out`).
        conclusion = next((word for word in Conclusion if word == run.conclusion), Conclusion.CANCELLED)
    return Check(
        CheckId(run.id),
        run.name,
        Sha(run.head_sha),
        state,
        conclusion,
        run.output.title or "",
        run.external_id or "",
        run.html_url,
    )
