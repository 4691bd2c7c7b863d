"""Approvals, and on the paid tiers the rules that ask for them."""

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab import approvals, approving
from tests.sandbox.forge.gitlab.call import NOTHING, Answer, Call
from tests.sandbox.forge.gitlab.errors import bad_parameters, conflict, not_found, unauthorized
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.projects import ApprovalRule
from tests.sandbox.forge.gitlab.render import approvals as render
from tests.sandbox.forge.gitlab.routes import Route, of_project, of_request
from tests.sandbox.forge.gitlab.tiers import Tier

single = of_request()
routes = of_project(Level.MAINTAINER)


def all_routes() -> list[Route]:
    return [*single.all, *routes.all]


@single("GET", "/approvals")
async def read(call: Call) -> Answer:
    return Answer(render.approvals(call.state, call.pull, call.principal.user))


@single("POST", "/approve", Level.GUEST)
async def approve(call: Call) -> Answer:
    """Who may not, or already did, is told 401."""
    pull, user = call.pull, call.user
    sha = call.params.text("sha")
    if sha is not None and sha != pull.head_sha:
        raise conflict(f"SHA does not match HEAD of source branch: {pull.head_sha}")
    if not approving.may_approve(call.state, pull, user):
        raise unauthorized()
    await approvals.approve(call.state, pull, user)
    return Answer(render.approvals(call.state, pull, user), 201)


@single("POST", "/unapprove", Level.GUEST)
async def unapprove(call: Call) -> Answer:
    pull, request, user = call.pull, call.merge_request, call.user
    if user not in request.approved_by:
        raise not_found()
    await approvals.unapprove(call.state, pull, user)
    return Answer(render.approvals(call.state, pull, user), 201)


@single("PUT", "/reset_approvals", Level.DEVELOPER)
async def reset(call: Call) -> Answer:
    """For the bots of projects and groups only."""
    if not call.user.is_bot:
        raise unauthorized()
    call.merge_request.approved_by.clear()
    return Answer(status=202)


@single("GET", "/approval_state")
async def state_of(call: Call) -> Answer:
    call.state.tier.must_be(Tier.PREMIUM)
    rules = [
        render.state_of_rule(call.state, call.pull, r) for r in approving.rules_of(call.state, call.pull)
    ]
    return Answer({"approval_rules_overwritten": False, "rules": rules})


@single("GET", "/approval_rules")
async def rules_of_request(call: Call) -> Answer:
    call.state.tier.must_be(Tier.PREMIUM)
    pull = call.pull
    return call.page(
        approving.rules_of(call.state, pull), lambda rule: render.rule_of_request(call.site, pull, rule)
    )


# Of the project


@routes("GET", "/approvals", Level.DEVELOPER)
async def settings(call: Call) -> Answer:
    call.state.tier.must_be(Tier.PREMIUM)
    return Answer(render.settings(call.project))


@routes("POST", "/approvals", Level.MAINTAINER)
async def change_settings(call: Call) -> Answer:
    call.state.tier.must_be(Tier.PREMIUM)
    project, params = call.project, call.params
    project.resets_approvals_on_push = (
        params.flag("reset_approvals_on_push", default=project.resets_approvals_on_push) or False
    )
    project.authors_may_approve = (
        params.flag("merge_requests_author_approval", default=project.authors_may_approve) or False
    )
    return Answer(render.settings(project), 201)


@routes("GET", "/approval_rules", Level.REPORTER)
async def list_rules(call: Call) -> Answer:
    call.state.tier.must_be(Tier.PREMIUM)
    return call.page(call.project.approval_rules, lambda rule: render.rule(call.site, rule))


@routes("POST", "/approval_rules")
async def create_rule(call: Call) -> Answer:
    call.state.tier.must_be(Tier.PREMIUM)
    call.params.require("name", "approvals_required")
    kind = call.params.choice("rule_type", ("any_approver", "regular", "report_approver"), "regular")
    branches = tuple(_branch_names(call))
    required = _required(call)
    made = ApprovalRule(
        call.forge.next_id(), call.params.must("name"), kind or "regular", required, _users(call), branches
    )
    call.project.approval_rules.append(made)
    return Answer(render.rule(call.site, made), 201)


def _branch_names(call: Call) -> list[str]:
    numbers = call.params.numbers("protected_branch_ids") or []
    found = {branch.id: branch.name for branch in call.project.protected.values()}
    if not set(numbers) <= found.keys():
        raise not_found()
    return [found[number] for number in numbers]


def _required(call: Call) -> int:
    number = call.params.number("approvals_required") or 0
    if not 0 <= number <= 100:
        raise bad_parameters("approvals_required does not have a valid value")
    return number


def _users(call: Call) -> list[User]:
    numbers, names = call.params.numbers("user_ids") or [], call.params.texts("usernames") or []
    return [u for u in call.forge.users.values() if u.id in numbers or u.login in names]


def _rule(call: Call) -> ApprovalRule:
    call.state.tier.must_be(Tier.PREMIUM)
    number = call.number("rule_id")
    found = next((rule for rule in call.project.approval_rules if rule.id == number), None)
    if found is None:
        raise not_found()
    return found


@routes("GET", "/approval_rules/{rule_id}", Level.REPORTER)
async def read_rule(call: Call) -> Answer:
    return Answer(render.rule(call.site, _rule(call)))


@routes("PUT", "/approval_rules/{rule_id}")
async def update_rule(call: Call) -> Answer:
    rule = _rule(call)
    rule.name = call.params.text("name", rule.name) or rule.name
    if call.params.has("approvals_required"):
        rule.required = _required(call)
    if call.params.has("user_ids") or call.params.has("usernames"):
        rule.users = _users(call)
    return Answer(render.rule(call.site, rule))


@routes("DELETE", "/approval_rules/{rule_id}")
async def delete_rule(call: Call) -> Answer:
    call.project.approval_rules.remove(_rule(call))
    return NOTHING
