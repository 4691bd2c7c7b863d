"""Deployments and environments."""

from typing import Any

from tests.sandbox.forge.core.delivering import Deployment, DeploymentStatus, latest_per_context
from tests.sandbox.forge.core.deploying import deploy, move_deployment
from tests.sandbox.forge.core.git import MergeConflictError
from tests.sandbox.forge.github.call import Answer, Call
from tests.sandbox.forge.github.errors import ApiError, invalid, not_found, refused
from tests.sandbox.forge.github.render import delivering as render
from tests.sandbox.forge.github.routes import of_repository

routes = of_repository()

STATES = frozenset({"error", "failure", "inactive", "in_progress", "queued", "pending", "success"})
MAX_DESCRIPTION_CHARACTERS = 140


@routes("POST", "/deployments", "deployments:write")
async def create(call: Call) -> Answer:
    body, forge = call.body, call.state.forge
    ref = body.must("ref", str)
    sha = await call.repository.store.resolve(ref)
    if sha is None:
        raise ApiError(422, f"No ref found for: {ref}")
    if body.maybe("auto_merge", bool) is not False:
        merged = await _merged_default_branch(call, ref, sha)
        if merged is not None:
            return merged
    _require_contexts(call, ref, sha)
    environment = body.maybe("environment", str) or "production"
    is_production = body.maybe("production_environment", bool)
    deployment = Deployment(
        id=forge.next_id(),
        sha=sha,
        ref=ref,
        task=body.maybe("task", str) or "deploy",
        environment=environment,
        description=_description(call, default=None),
        payload=body.fields.get("payload") or {},
        creator=call.user,
        created_at=forge.now(),
        is_transient=body.maybe("transient_environment", bool) or False,
        is_production=environment == "production" if is_production is None else is_production,
        via=call.via,
    )
    await deploy(forge, call.repository, deployment)
    return Answer(_shown(call, deployment), 201)


async def _merged_default_branch(call: Call, ref: str, sha: str) -> Answer | None:
    """Unless told not to, GitHub merges the default branch into a branch that is behind it: a trap for bots."""
    repository = call.repository
    store = repository.store
    default_sha = await store.resolve(f"refs/heads/{repository.default_branch}")
    is_branch = bool(await store.refs(f"refs/heads/{ref}"))
    if default_sha is None or not is_branch or await store.is_ancestor(default_sha, sha):
        return None
    try:
        tree = await store.merged_tree(sha, default_sha)
    except MergeConflictError as conflict:
        message = f"Conflict merging {repository.default_branch} into {ref}."
        raise ApiError(409, message) from conflict
    message = f"Auto-merged {repository.default_branch} into {ref} on deployment."
    merge = await store.commit_tree(tree, [sha, default_sha], message, call.user.identity)
    await call.state.forge.move_ref(repository, f"refs/heads/{ref}", merge, call.user)
    return Answer({"message": message}, 202)


def _require_contexts(call: Call, ref: str, sha: str) -> None:
    required = call.body.maybe("required_contexts", list)
    current = latest_per_context(status for status in call.repository.statuses if status.sha == sha)
    runs = call.state.checks.of_commit(call.repository, sha)
    green = {status.context for status in current if status.state == "success"}
    green |= {run.name for run in runs if run.conclusion in {"success", "neutral", "skipped"}}
    known = {status.context for status in current} | {run.name for run in runs}
    if not (known if required is None else set(required)) <= green:
        message = f"Conflict: Commit status checks failed for {ref}."
        raise ApiError(409, message, errors=[{"contexts": sorted(known), "resource": "Deployment"}])


def _description(call: Call, default: str | None) -> str | None:
    description = call.body.maybe("description", str)
    if description is not None and len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise refused(
            "Deployment", f"description is too long (maximum is {MAX_DESCRIPTION_CHARACTERS} characters)"
        )
    return default if description is None else description


def _shown(call: Call, deployment: Deployment) -> dict[str, Any]:
    return render.deployment(call.state.site, call.repository, deployment)


def _deployment(call: Call) -> Deployment:
    number = call.number("deployment_id")
    for deployment in call.repository.deployments:
        if deployment.id == number:
            return deployment
    raise not_found()


@routes("GET", "/deployments", "deployments:read")
async def list_deployments(call: Call) -> Answer:
    wanted = {name: call.query(name) for name in ("sha", "ref", "task", "environment")}
    deployments = [
        deployment
        for deployment in reversed(call.repository.deployments)
        if all(not value or getattr(deployment, name) == value for name, value in wanted.items())
    ]
    return call.page(deployments, lambda deployment: _shown(call, deployment))


@routes("GET", "/deployments/{deployment_id}", "deployments:read")
async def read(call: Call) -> Answer:
    return Answer(_shown(call, _deployment(call)))


@routes("POST", "/deployments/{deployment_id}/statuses", "deployments:write")
async def create_status(call: Call) -> Answer:
    body, forge, deployment = call.body, call.state.forge, _deployment(call)
    state = body.must("state", str)
    if state not in STATES:
        raise invalid("DeploymentStatus", "state")
    status = DeploymentStatus(
        id=forge.next_id(),
        state=state,
        description=_description(call, default="") or "",
        environment=body.maybe("environment", str) or deployment.environment,
        environment_url=body.maybe("environment_url", str) or "",
        log_url=body.maybe("log_url", str) or body.maybe("target_url", str) or "",
        creator=call.user,
        created_at=forge.now(),
    )
    auto_inactive = body.maybe("auto_inactive", bool) is not False
    await move_deployment(forge, call.repository, deployment, status, auto_inactive=auto_inactive)
    return Answer(render.deployment_status(call.state.site, call.repository, deployment, status), 201)


@routes("GET", "/deployments/{deployment_id}/statuses", "deployments:read")
async def list_statuses(call: Call) -> Answer:
    deployment = _deployment(call)
    return call.page(
        deployment.statuses[::-1],
        lambda status: render.deployment_status(call.state.site, call.repository, deployment, status),
    )


@routes("GET", "/environments", "actions:read")
async def list_environments(call: Call) -> Answer:
    known = list(call.repository.environments.items())
    return call.page(
        known,
        lambda item: render.environment(call.state.site, call.repository, *item),
        lambda page: {"total_count": len(known), "environments": page},
    )


@routes("GET", "/environments/{environment_name}", "actions:read")
async def read_environment(call: Call) -> Answer:
    name = call.param("environment_name")
    number = call.repository.environments.get(name)
    if number is None:
        raise not_found()
    return Answer(render.environment(call.state.site, call.repository, name, number))
