"""Protected branches and protected environments."""

from typing import Any

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_parameters, conflict, not_found
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.projects import (
    Access,
    DeployApprovalRule,
    ProtectedBranch,
    ProtectedEnvironment,
)
from tests.sandbox.forge.gitlab.render import protection as render
from tests.sandbox.forge.gitlab.routes import Route, of_project
from tests.sandbox.forge.gitlab.tiers import Tier

routes = of_project(Level.MAINTAINER)

LEVELS = frozenset({0, 30, 40, 60})


def all_routes() -> list[Route]:
    return routes.all


def _named(call: Call) -> ProtectedBranch:
    found = call.project.protected.get(call.part("name"))
    if found is None:
        raise not_found()
    return found


@routes("GET", "/protected_branches", Level.GUEST)
async def list_branches(call: Call) -> Answer:
    searched = call.params.text("search") or ""
    found = [known for name, known in sorted(call.project.protected.items()) if searched in name]
    return call.page(found, lambda known: render.branch(call.state.tier, known))


@routes("GET", "/protected_branches/{name}", Level.GUEST)
async def read(call: Call) -> Answer:
    return Answer(render.branch(call.state.tier, _named(call)))


def _level(call: Call, name: str) -> list[Access]:
    number = call.params.number(name, Level.MAINTAINER)
    if number not in LEVELS:
        raise bad_parameters(f"{name} does not have a valid value")
    return [Access(call.forge.next_id(), Level(min(number or 0, 50)))]


@routes("POST", "/protected_branches")
async def create(call: Call) -> Answer:
    call.params.require("name")
    name = call.params.must("name")
    if name in call.project.protected:
        raise conflict(f"Protected branch '{name}' already exists")
    made = ProtectedBranch(
        call.forge.next_id(),
        name,
        _allowed(call, "allowed_to_push") or _level(call, "push_access_level"),
        _allowed(call, "allowed_to_merge") or _level(call, "merge_access_level"),
        _level(call, "unprotect_access_level") if call.state.tier >= Tier.PREMIUM else [],
        call.params.is_on("allow_force_push"),
        call.params.is_on("code_owner_approval_required") and call.state.tier >= Tier.PREMIUM,
    )
    call.project.protected[name] = made
    return Answer(render.branch(call.state.tier, made), 201)


def _allowed(call: Call, name: str) -> list[Access]:
    """Single people and levels, on the paid tiers."""
    given = call.params.objects(name) or []
    if not given:
        return []
    call.state.tier.must_be(Tier.PREMIUM)
    return [_access(call, entry) for entry in given]


def _access(call: Call, entry: dict[str, Any]) -> Access:
    level = Level(int(entry.get("access_level", Level.MAINTAINER)))
    return Access(call.forge.next_id(), level, _user(call, entry.get("user_id")))


def _user(call: Call, number: object) -> User | None:
    if number is None:
        return None
    found = next((known for known in call.forge.users.values() if known.id == number), None)
    if found is None:
        raise not_found("User")
    return found


@routes("PATCH", "/protected_branches/{name}")
async def update(call: Call) -> Answer:
    known = _named(call)
    known.allows_force_push = call.params.flag("allow_force_push", default=known.allows_force_push) or False
    known.needs_code_owner = (
        call.params.flag("code_owner_approval_required", default=known.needs_code_owner) or False
    )
    return Answer(render.branch(call.state.tier, known))


@routes("DELETE", "/protected_branches/{name}")
async def delete(call: Call) -> Answer:
    del call.project.protected[_named(call).name]
    return NOTHING


# Environments


def _environments(call: Call) -> dict[str, ProtectedEnvironment]:
    call.state.tier.must_be(Tier.PREMIUM)
    return call.project.protected_environments


@routes("GET", "/protected_environments")
async def list_environments(call: Call) -> Answer:
    return call.page(list(_environments(call).values()), render.environment)


@routes("GET", "/protected_environments/{name}")
async def read_environment(call: Call) -> Answer:
    found = _environments(call).get(call.part("name"))
    if found is None:
        raise not_found()
    return Answer(render.environment(found))


@routes("POST", "/protected_environments")
async def protect_environment(call: Call) -> Answer:
    known = _environments(call)
    call.params.require("name", "deploy_access_levels")
    name = call.params.must("name")
    if name in known:
        raise conflict(f"Protected environment '{name}' already exists")
    rules = [
        DeployApprovalRule(
            call.forge.next_id(),
            Level(int(entry.get("access_level", Level.MAINTAINER))),
            _user(call, entry.get("user_id")),
            int(entry.get("required_approvals", 1)),
        )
        for entry in call.params.objects("approval_rules") or []
    ]
    deploy = [_access(call, entry) for entry in call.params.objects("deploy_access_levels") or []]
    made = ProtectedEnvironment(name, deploy, rules, call.params.number("required_approval_count", 0) or 0)
    known[name] = made
    return Answer(render.environment(made), 201)


@routes("DELETE", "/protected_environments/{name}")
async def unprotect_environment(call: Call) -> Answer:
    if _environments(call).pop(call.part("name"), None) is None:
        raise not_found()
    return NOTHING
