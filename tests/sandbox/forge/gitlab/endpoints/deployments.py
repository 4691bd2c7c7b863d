"""Environments and deployments."""

from tests.sandbox.forge.core import deploying
from tests.sandbox.forge.core.delivering import Deployment, DeploymentStatus
from tests.sandbox.forge.gitlab import environments
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.environments import ensured
from tests.sandbox.forge.gitlab.errors import (
    bad_parameters,
    bad_request,
    forbidden,
    invalid,
    message,
    not_found,
)
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.projects import Approval, Environment
from tests.sandbox.forge.gitlab.render import deployments as render
from tests.sandbox.forge.gitlab.routes import Route, of_project
from tests.sandbox.forge.gitlab.tiers import Tier

routes = of_project()

STATES = ("running", "success", "failed", "canceled")
# The word for a move, and from where it may be made; None is from anywhere else.
MOVES: dict[str, tuple[str, frozenset[str] | None]] = {
    "running": ("run", frozenset({"created", "blocked"})),
    "success": ("succeed", None),
    "failed": ("drop", None),
    "canceled": ("cancel", None),
}
TIERS = ("production", "staging", "testing", "development", "other")


def all_routes() -> list[Route]:
    return routes.all


def _deployment(call: Call) -> Deployment:
    number = call.number("deployment_id")
    found = next((known for known in call.repository.deployments if known.id == number), None)
    if found is None:
        raise not_found("Deployment")
    return found


async def _shown(call: Call, known: Deployment) -> dict[str, object]:
    return await render.deployment(call.state, call.repository, known)


@routes("GET", "/deployments")
async def list_deployments(call: Call) -> Answer:
    params, details = call.params, call.state.projects.deployments
    order = params.choice("order_by", ("id", "iid", "created_at", "updated_at", "finished_at", "ref"), "id")
    status, environment = params.text("status"), params.text("environment")
    after, before = params.moment("updated_after"), params.moment("updated_before")
    if (after or before) and order != "updated_at":
        raise bad_request("`updated_at` filter requires `updated_at` sort")
    found = [
        known
        for known in call.repository.deployments
        if status in (None, known.state)
        and environment in (None, known.environment)
        and (after is None or details[known].updated_at >= after)
        and (before is None or details[known].updated_at <= before)
    ]
    found.sort(
        key=lambda known: (details[known].updated_at if order == "updated_at" else known.created_at, known.id)
    )
    if params.choice("sort", ("asc", "desc"), "asc") == "desc":
        found.reverse()
    answer = call.page(found, lambda known: known)
    return Answer([await _shown(call, known) for known in answer.body], headers=answer.headers)


@routes("GET", "/deployments/{deployment_id}")
async def read(call: Call) -> Answer:
    return Answer(await _shown(call, _deployment(call)))


@routes("POST", "/deployments", Level.DEVELOPER)
async def create(call: Call) -> Answer:
    params, forge, repository = call.params, call.forge, call.repository
    params.require("environment", "sha", "ref", "tag", "status")
    name, ref, is_tag = params.must("environment"), params.must("ref"), params.is_on("tag")
    status = params.choice("status", STATES) or ""
    ensured(call.state, repository, name, forge.now())
    _may_deploy(call, name)
    given = params.must("sha")
    sha = await repository.store.resolve(given)
    if sha is None:
        raise invalid({"sha": ["The commit does not exist"]})
    if await repository.store.resolve(ref) is None:
        raise invalid({"ref": ["The branch or tag does not exist"]})
    same = _last_successful(call, name)
    if same is not None and (same.ref, same.sha, same.state) == (ref, sha, status):
        return Answer(await _shown(call, same), 201)
    now = forge.now()
    made = Deployment(forge.next_id(), sha, ref, "deploy", name, None, None, call.user, now)
    made.statuses.append(_status(call, name, status))
    call.state.projects.add_deployment(repository, made, now, is_tag=is_tag)
    await deploying.deploy(forge, repository, made)
    return Answer(await _shown(call, made), 201)


def _last_successful(call: Call, environment: str) -> Deployment | None:
    """What GitLab calls the last deployment; making it once more is making nothing. One that runs is made twice."""
    known = [d for d in call.repository.deployments if (d.environment, d.state) == (environment, "success")]
    return known[-1] if known else None


def _status(call: Call, environment: str, state: str) -> DeploymentStatus:
    url = call.project.environments[environment].external_url or ""
    return DeploymentStatus(
        call.forge.next_id(), state, "", environment, url, "", call.user, call.forge.now()
    )


def _may_deploy(call: Call, environment: str) -> None:
    protection = call.project.protected_environments.get(environment)
    level = call.principal.level_in(call.repository)
    if protection is not None and not any(one.admits(call.user, level) for one in protection.deploy):
        raise forbidden()


@routes("PUT", "/deployments/{deployment_id}", Level.DEVELOPER)
async def update(call: Call) -> Answer:
    known = _deployment(call)
    call.params.require("status")
    status = call.params.choice("status", STATES) or ""
    _may_deploy(call, known.environment)
    word, sources = MOVES[status]
    if known.state == status or (sources is not None and known.state not in sources):
        raise invalid({"status": [f'cannot transition via "{word}"']})
    call.state.projects.deployments[known].updated_at = call.forge.now()
    moved = _status(call, known.environment, status)
    await deploying.move_deployment(call.forge, call.repository, known, moved, auto_inactive=False)
    return Answer(await _shown(call, known))


@routes("DELETE", "/deployments/{deployment_id}", Level.MAINTAINER)
async def delete(call: Call) -> Answer:
    known = _deployment(call)
    if known.state == "running":
        raise message(400, "Cannot destroy running deployment")
    if _last_successful(call, known.environment) is known:
        raise message(400, "Deployment currently deployed to environment")
    call.repository.deployments.remove(known)
    return NOTHING


@routes("POST", "/deployments/{deployment_id}/approval", Level.GUEST)
async def approve(call: Call) -> Answer:
    call.state.tier.must_be(Tier.PREMIUM)
    known = _deployment(call)
    call.params.require("status")
    status = call.params.choice("status", ("approved", "rejected")) or ""
    protection = call.project.protected_environments.get(known.environment)
    level = call.principal.level_in(call.repository)
    rules = protection.approval_rules if protection else []
    if known.state != "blocked":
        raise bad_request("This deployment is not waiting for approvals.")
    if not any(rule.user is call.user or (rule.user is None and level >= rule.level) for rule in rules):
        raise bad_request("You don't have permission to approve this deployment.")
    made = Approval(call.user, status, call.forge.now(), call.params.text("comment") or "")
    call.state.projects.deployments[known].approvals.append(made)
    return Answer(render.approval(call.site, made), 201)


# Environments


def _environment(call: Call) -> Environment:
    number = call.number("environment_id")
    found = next((known for known in call.project.environments.values() if known.id == number), None)
    if found is None:
        raise not_found("Environment")
    return found


@routes("GET", "/environments")
async def list_environments(call: Call) -> Answer:
    params = call.params
    name, searched, state = params.text("name"), params.text("search"), params.text("states")
    if name is not None and searched is not None:
        raise bad_parameters("name, search are mutually exclusive")
    found = [
        known
        for known in sorted(call.project.environments.values(), key=lambda known: known.name)
        if name in (None, known.name) and (searched or "") in known.name and state in (None, known.state)
    ]
    return call.page(found, lambda known: render.environment(call.state, call.repository, known))


@routes("GET", "/environments/{environment_id}")
async def read_environment(call: Call) -> Answer:
    known = _environment(call)
    last = _last_successful(call, known.name)
    shown = render.environment(call.state, call.repository, known)
    shown["last_deployment"] = await _shown(call, last) if last else None
    return Answer(shown)


@routes("POST", "/environments", Level.DEVELOPER)
async def create_environment(call: Call) -> Answer:
    call.params.require("name")
    name = call.params.must("name")
    if name in call.project.environments:
        raise invalid({"name": ["has already been taken"]})
    made = environments.ensured(call.state, call.repository, name, call.forge.now())
    _describe(call, made)
    return Answer(render.environment(call.state, call.repository, made), 201)


def _describe(call: Call, known: Environment) -> None:
    params = call.params
    known.external_url = params.text("external_url", known.external_url)
    known.description = params.text("description", known.description)
    known.tier = params.choice("tier", TIERS, known.tier) or known.tier
    known.updated_at = call.forge.now()


@routes("PUT", "/environments/{environment_id}", Level.DEVELOPER)
async def update_environment(call: Call) -> Answer:
    known = _environment(call)
    _describe(call, known)
    return Answer(render.environment(call.state, call.repository, known))


@routes("POST", "/environments/{environment_id}/stop", Level.DEVELOPER)
async def stop(call: Call) -> Answer:
    known = _environment(call)
    known.state = "stopped"
    return Answer(render.environment(call.state, call.repository, known), 200)


@routes("DELETE", "/environments/{environment_id}", Level.DEVELOPER)
async def delete_environment(call: Call) -> Answer:
    known = _environment(call)
    if known.state != "stopped":
        raise message(400, "400 Bad request - Environment must be in a stopped state")
    del call.project.environments[known.name]
    return NOTHING
