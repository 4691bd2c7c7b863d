"""Check runs and suites."""

from datetime import datetime
from typing import Any

from tests.sandbox.forge.github.announcer import Announcer
from tests.sandbox.forge.github.apps import App
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.checks import (
    ACTION_LIMITS,
    MAX_ACTIONS,
    MAX_ANNOTATIONS,
    MAX_TEXT_CHARACTERS,
    CheckRun,
    CheckSuite,
    latest,
)
from tests.sandbox.forge.github.errors import forbidden, not_found, refused, unprocessable
from tests.sandbox.forge.github.render import checks as render
from tests.sandbox.forge.github.routes import of_repository

routes = of_repository()

Json = dict[str, Any]

STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
)


@routes("POST", "/check-runs", "checks:write", apps_only=True)
async def create(call: Call) -> Answer:
    name = call.body.must("name", str)
    sha = await call.commit(call.body.must("head_sha", str))
    forge, announcer = call.state.forge, Announcer(call.state)
    suite = announcer.suite(call.repository, call.app, sha)
    run = CheckRun(forge.next_id(), suite, name, forge.now())
    _write(call, run)
    suite.runs.append(run)
    call.state.checks.runs[run.id] = run
    announcer.check_run(run, "created", call.user)
    if run.status == "completed":
        announcer.check_run(run, "completed", call.user)
    return Answer(render.check_run(call.state.site, run), 201)


@routes("PATCH", "/check-runs/{check_run_id}", "checks:write", apps_only=True)
async def update(call: Call) -> Answer:
    run = _run(call)
    if run.app is not call.app:
        message = "check run can only be modified by the GitHub App that created it."
        raise forbidden(f"Invalid app_id `{call.app.id}` - {message}")
    was_completed = run.status == "completed"
    run.name = call.body.maybe("name", str) or run.name
    _write(call, run)
    if run.status == "completed" and not was_completed:
        Announcer(call.state).check_run(run, "completed", call.user)
    return Answer(render.check_run(call.state.site, run))


def _write(call: Call, run: CheckRun) -> None:
    """All or nothing: what is wrong with the request is found before the run changes."""
    body = call.body
    output = _output(body.maybe("output", dict))
    actions = _actions(body.maybe("actions", list))
    conclusion = body.maybe("conclusion", str)
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise refused("CheckRun", f"{conclusion} is not a conclusion")
    status = "completed" if conclusion else body.choice("status", STATUSES, run.status)
    if status == "completed" and not (conclusion or run.conclusion):
        raise unprocessable("Invalid request.\n\nconclusion is required when status is completed.")
    run.status = status
    if status == "completed":
        run.conclusion = conclusion or run.conclusion
        run.completed_at = _moment(body.maybe("completed_at", str)) or call.state.forge.now()
    else:
        run.conclusion = run.completed_at = None
    run.started_at = _moment(body.maybe("started_at", str)) or run.started_at
    run.external_id = body.maybe("external_id", str) or run.external_id
    run.details_url = body.maybe("details_url", str) or run.details_url
    if actions is not None:
        run.actions = actions
    if output is not None:
        run.title, run.summary = output.get("title", run.title), output["summary"]
        run.text = output.get("text", run.text)
        run.annotations += output.get("annotations", [])


def _output(output: Json | None) -> Json | None:
    if output is None:
        return None
    if not isinstance(output.get("summary"), str):
        raise unprocessable(
            'Invalid request.\n\nNo subschema in "anyOf" matched: output.summary is required.'
        )
    for name in ("summary", "text"):
        if len(output.get(name) or "") > MAX_TEXT_CHARACTERS:
            raise refused("CheckRun", f"{name} exceeds a maximum of {MAX_TEXT_CHARACTERS} characters")
    annotations = output.get("annotations", [])
    if len(annotations) > MAX_ANNOTATIONS:
        raise unprocessable(f"Invalid request.\n\nNo more than {MAX_ANNOTATIONS} annotations are allowed.")
    for annotation in annotations:
        missing = {"path", "start_line", "end_line", "annotation_level", "message"} - annotation.keys()
        if missing:
            raise unprocessable(f"Invalid request.\n\nAn annotation lacks {', '.join(sorted(missing))}.")
    return output


def _actions(actions: list[Json] | None) -> list[Json] | None:
    if actions is None:
        return None
    if len(actions) > MAX_ACTIONS:
        raise unprocessable(f"Invalid request.\n\nNo more than {MAX_ACTIONS} actions are allowed.")
    for action in actions:
        for name, limit in ACTION_LIMITS.items():
            if not 0 < len(action.get(name, "")) <= limit:
                raise unprocessable(
                    f"Invalid request.\n\nThe {name} of an action has 1 to {limit} characters."
                )
    return actions


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@routes("GET", "/check-runs/{check_run_id}", "checks:read")
async def read(call: Call) -> Answer:
    return Answer(render.check_run(call.state.site, _run(call)))


def _run(call: Call) -> CheckRun:
    run = call.state.checks.runs.get(call.number("check_run_id"))
    if run is None or run.repository is not call.repository:
        raise not_found()
    return run


@routes("GET", "/check-runs/{check_run_id}/annotations", "checks:read")
async def list_annotations(call: Call) -> Answer:
    run = _run(call)
    return call.page(run.annotations, lambda shown: render.annotation(call.state.site, run, shown))


@routes("POST", "/check-runs/{check_run_id}/rerequest", "checks:write", apps_only=True)
async def rerequest(call: Call) -> Answer:
    run = _run(call)
    Announcer(call.state).check_run(run, "rerequested", call.user, only=run.app)
    return Answer({}, 201)


@routes("GET", "/commits/{ref}/check-runs", "checks:read")
async def list_for_ref(call: Call) -> Answer:
    runs = call.state.checks.of_commit(call.repository, await call.commit(call.param("ref")))
    return _runs(call, runs)


@routes("GET", "/check-suites/{check_suite_id}/check-runs", "checks:read")
async def list_for_suite(call: Call) -> Answer:
    return _runs(call, _suite(call).runs)


def _runs(call: Call, runs: list[CheckRun]) -> Answer:
    if call.query("filter", "latest") == "latest":
        runs = latest(runs)
    wanted = {"name": call.query("check_name"), "status": call.query("status")}
    app_id = call.query("app_id")
    shown = [
        run
        for run in sorted(runs, key=lambda run: run.id, reverse=True)
        if all(not value or getattr(run, name) == value for name, value in wanted.items())
        and (not app_id or str(run.app.id) == app_id)
    ]
    return call.page(
        shown,
        lambda run: render.check_run(call.state.site, run),
        lambda page: {"total_count": len(shown), "check_runs": page},
    )


def _suite(call: Call) -> CheckSuite:
    suite = call.state.checks.suites.get(call.number("check_suite_id"))
    if suite is None or suite.repository is not call.repository:
        raise not_found()
    return suite


@routes("GET", "/check-suites/{check_suite_id}", "checks:read")
async def read_suite(call: Call) -> Answer:
    suite = _suite(call)
    head = await call.repository.store.commit(suite.head_sha)
    return Answer(render.check_suite(call.state.site, suite, head))


@routes("GET", "/commits/{ref}/check-suites", "checks:read")
async def list_suites(call: Call) -> Answer:
    sha = await call.commit(call.param("ref"))
    head = await call.repository.store.commit(sha)
    app_id = call.query("app_id")
    suites = [
        suite
        for suite in call.state.checks.suites.values()
        if (suite.repository, suite.head_sha) == (call.repository, sha) and _is_of(suite.app, app_id)
    ]
    return call.page(
        suites,
        lambda suite: render.check_suite(call.state.site, suite, head),
        lambda page: {"total_count": len(suites), "check_suites": page},
    )


def _is_of(app: App, app_id: str) -> bool:
    return not app_id or str(app.id) == app_id
