"""Statuses, deployments and environments as GitHub shows them."""

from collections.abc import Sequence
from typing import Any

from tests.sandbox.forge.core.delivering import Deployment, DeploymentStatus, Status
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.render.people import maybe_app, user
from tests.sandbox.forge.github.render.repositories import api_url, repository
from tests.sandbox.forge.github.site import Site, node_id, timestamp

Json = dict[str, Any]


def status(site: Site, known: Repository, shown: Status) -> Json:
    return {**simple_status(site, known, shown), "creator": user(site, shown.creator)}


def simple_status(site: Site, known: Repository, shown: Status) -> Json:
    return {
        "url": f"{api_url(site, known)}/statuses/{shown.sha}",
        "avatar_url": f"{site.web}/avatars/u/{shown.creator.id}",
        "id": shown.id,
        "node_id": node_id("StatusContext", shown.id),
        "state": shown.state,
        "description": shown.description,
        "target_url": shown.target_url,
        "context": shown.context,
        "created_at": timestamp(shown.created_at),
        "updated_at": timestamp(shown.created_at),
    }


def combined_status(site: Site, known: Repository, sha: str, statuses: Sequence[Status], total: int) -> Json:
    url = f"{api_url(site, known)}/commits/{sha}"
    return {
        "state": combined_state([shown.state for shown in statuses]),
        "statuses": [simple_status(site, known, shown) for shown in statuses],
        "sha": sha,
        "total_count": total,
        "repository": repository(site, known),
        "commit_url": url,
        "url": f"{url}/status",
    }


def combined_state(states: Sequence[str]) -> str:
    if any(state in {"error", "failure"} for state in states):
        return "failure"
    return "success" if states and all(state == "success" for state in states) else "pending"


def deployment(site: Site, known: Repository, shown: Deployment) -> Json:
    url = f"{api_url(site, known)}/deployments/{shown.id}"
    updated_at = shown.statuses[-1].created_at if shown.statuses else shown.created_at
    return {
        "url": url,
        "id": shown.id,
        "node_id": node_id("Deployment", shown.id),
        "sha": shown.sha,
        "ref": shown.ref,
        "task": shown.task,
        "payload": shown.payload,
        "original_environment": shown.environment,
        "environment": shown.environment,
        "description": shown.description,
        "creator": user(site, shown.creator),
        "created_at": timestamp(shown.created_at),
        "updated_at": timestamp(updated_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": api_url(site, known),
        "transient_environment": shown.is_transient,
        "production_environment": shown.is_production,
        "performed_via_github_app": maybe_app(site, shown.via),
    }


def deployment_status(site: Site, known: Repository, parent: Deployment, shown: DeploymentStatus) -> Json:
    url = f"{api_url(site, known)}/deployments/{parent.id}"
    return {
        "url": f"{url}/statuses/{shown.id}",
        "id": shown.id,
        "node_id": node_id("DeploymentStatus", shown.id),
        "state": shown.state,
        "creator": user(site, shown.creator),
        "description": shown.description,
        "environment": shown.environment,
        "target_url": shown.log_url,
        "log_url": shown.log_url,
        "environment_url": shown.environment_url,
        "created_at": timestamp(shown.created_at),
        "updated_at": timestamp(shown.created_at),
        "deployment_url": url,
        "repository_url": api_url(site, known),
        "performed_via_github_app": maybe_app(site, parent.via),
    }


def environment(site: Site, known: Repository, name: str, number: int) -> Json:
    return {
        "id": number,
        "node_id": node_id("Environment", number),
        "name": name,
        "url": f"{api_url(site, known)}/environments/{name}",
        "html_url": f"{site.web}/{known.full_name}/deployments/{name}",
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.created_at),
        "protection_rules": [],
        "deployment_branch_policy": None,
    }
