"""Commit statuses and the pipelines that they find or make."""

from tests.sandbox.forge.gitlab import reporting, running
from tests.sandbox.forge.gitlab.call import Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_parameters, message, not_found
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.pipelines import Pipeline
from tests.sandbox.forge.gitlab.render import commits as render
from tests.sandbox.forge.gitlab.reporting import STATES, Report
from tests.sandbox.forge.gitlab.routes import Route, of_project, of_request

routes = of_project()
single = of_request()

MAX_CHARACTERS = 255


def all_routes() -> list[Route]:
    return [*routes.all, *single.all]


@routes("POST", "/statuses/{sha}", Level.DEVELOPER)
async def report(call: Call) -> Answer:
    params = call.params
    params.require("state")
    state = params.choice("state", STATES) or ""
    sha = await call.repository.store.resolve(call.part("sha"))
    if sha is None or call.part("sha") != sha:
        raise not_found("Commit")
    for name in ("ref", "target_url", "description", "name", "context"):
        if len(params.text(name) or "") > MAX_CHARACTERS:
            raise bad_parameters(f"{name} is too long (maximum is {MAX_CHARACTERS} characters)")
    target = params.text("target_url")
    if target and not target.startswith(("http://", "https://")):
        raise message(400, {"target_url": ["is blocked: Only allowed schemes are http, https"]})
    wanted = Report(
        sha,
        state,
        params.text("name") or params.text("context") or "default",
        params.text("ref"),
        params.number("pipeline_id"),
        params.text("description"),
        target,
        float(coverage) if (coverage := params.text("coverage")) else None,
    )
    known = await reporting.report(call.state, call.repository, call.user, wanted)
    return Answer(render.status(call.site, known), 201)


@routes("GET", "/repository/commits/{sha}/statuses")
async def list_statuses(call: Call) -> Answer:
    """Only the newest of each name, unless all are asked for."""
    params, sha = call.params, await call.commit(call.part("sha"))
    ref, name, pipeline = params.text("ref"), params.text("name"), params.number("pipeline_id")
    found = [
        known
        for known in call.state.pipelines.statuses(call.repository, sha)
        if (params.is_on("all") or not known.is_retried)
        and ref in (None, known.ref)
        and name in (None, known.name)
        and pipeline in (None, known.pipeline.id)
    ]
    if params.choice("sort", ("asc", "desc"), "asc") == "desc":
        found.reverse()
    return call.page(found, lambda known: render.status(call.site, known))


@routes("GET", "/pipelines")
async def list_pipelines(call: Call) -> Answer:
    params = call.params
    sha, ref, source, status = (params.text(name) for name in ("sha", "ref", "source", "status"))
    found = [
        known
        for known in call.state.pipelines.of(call.repository)
        if sha in (None, known.sha)
        and ref in (None, known.ref)
        and source in (None, known.source)
        and status in (None, known.state)
    ]
    if params.choice("sort", ("asc", "desc"), "desc") == "asc":
        found.reverse()
    return call.page(found, lambda known: render.pipeline(call.state, known))


@routes("GET", "/pipelines/{pipeline_id}")
async def read(call: Call) -> Answer:
    return Answer(render.whole_pipeline(call.state, _pipeline(call)))


def _pipeline(call: Call) -> Pipeline:
    number = call.number("pipeline_id")
    found = next((p for p in call.state.pipelines.of(call.repository) if p.id == number), None)
    if found is None:
        raise not_found()
    return found


@single("GET", "/pipelines")
async def of_merge_request(call: Call) -> Answer:
    pull, pipelines = call.pull, call.state.pipelines
    shas = {version.head for version in call.merge_request.versions}
    source = pipelines.of(pull.head_repository) if pull.head_repository else []
    found = [p for p in pipelines.of(pull.repository) if p.pull is pull]
    found += [p for p in source if p.pull is None and p.ref == pull.head and p.sha in shas]
    found.sort(key=lambda known: known.id, reverse=True)
    return call.page(found, lambda known: render.pipeline(call.state, known))


@single("POST", "/pipelines", Level.DEVELOPER)
async def run_for_merge_request(call: Call) -> Answer:
    known = await running.run_for(call.state, call.pull, call.user)
    return Answer(render.pipeline(call.state, known), 201)
