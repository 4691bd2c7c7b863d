"""Environments and deployments."""

from typing import Any

from tests.sandbox.forge.core.delivering import Deployment
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.projects import Approval, Environment
from tests.sandbox.forge.gitlab.render import people
from tests.sandbox.forge.gitlab.site import Site, timestamp
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tiers import Tier

Json = dict[str, Any]


def short_environment(known: Environment) -> Json:
    return {"id": known.id, "name": known.name, "slug": known.slug, "external_url": known.external_url}


def environment(state: State, repository: Repository, known: Environment) -> Json:
    return {
        **short_environment(known),
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(known.updated_at),
        "description": known.description,
        "tier": known.tier,
        "state": known.state,
        "enable_advanced_logs_querying": False,
        "auto_stop_at": None,
        "auto_stop_setting": "always",
        "kubernetes_namespace": None,
        "flux_resource_path": None,
        "cluster_agent": None,
    }


async def deployment(state: State, repository: Repository, known: Deployment) -> Json:
    detail = state.projects.deployments[known]
    shown: Json = {
        "id": known.id,
        "iid": detail.iid,
        "ref": known.ref,
        "sha": known.sha,
        "created_at": timestamp(known.created_at),
        "updated_at": timestamp(detail.updated_at),
        "status": known.state,
        "user": people.user(state.site, known.creator),
        "environment": short_environment(state.projects.of(repository).environments[known.environment]),
        "deployable": None,
    }
    if state.tier >= Tier.PREMIUM:
        protection = state.projects.of(repository).protected_environments.get(known.environment)
        required = sum(rule.required for rule in protection.approval_rules) if protection else 0
        given = [one for one in detail.approvals if one.status == "approved"]
        shown |= {
            "pending_approval_count": max(0, required - len(given)) if known.state == "blocked" else 0,
            "approvals": [approval(state.site, one) for one in detail.approvals],
        }
    return shown


def approval(site: Site, known: Approval) -> Json:
    return {
        "user": people.user(site, known.user),
        "status": known.status,
        "created_at": timestamp(known.created_at),
        "comment": known.comment,
    }
