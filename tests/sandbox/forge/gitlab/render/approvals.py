"""Approvals and their rules; external status checks."""

from typing import Any

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab import approving
from tests.sandbox.forge.gitlab.projects import ApprovalRule, Project, StatusCheck
from tests.sandbox.forge.gitlab.render import people, requests
from tests.sandbox.forge.gitlab.site import Site, timestamp
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tiers import Tier

Json = dict[str, Any]


def approvals(state: State, pull: Pull, user: User | None) -> Json:
    """The free tier knows who approved, and nothing of who has to."""
    request, site = state.requests.of(pull), state.site
    given = [
        {"user": people.user(site, known), "approved_at": timestamp(moment)}
        for known, moment in request.approved_by.items()
    ]
    shown: Json = {
        "id": pull.id,
        "iid": pull.number,
        "project_id": pull.repository.id,
        "title": requests.title_of(pull),
        "description": pull.body,
        "state": requests.state_of(pull),
        "created_at": timestamp(pull.created_at),
        "updated_at": timestamp(pull.updated_at),
        "merge_status": requests.merge_status(state, pull),
        "approved": approving.is_approved(state, pull) if state.tier >= Tier.PREMIUM else bool(given),
        "approved_by": given,
        "user_has_approved": user in request.approved_by,
        "user_can_approve": user is not None and approving.may_approve(state, pull, user),
    }
    if state.tier >= Tier.PREMIUM:
        rules = approving.rules_of(state, pull)
        unmet = [r for r in rules if len(approving.approvers(state, pull, r)) < r.required]
        shown |= {
            "approvals_required": sum(rule.required for rule in rules),
            "approvals_left": approving.left(state, pull),
            "require_password_to_approve": False,
            "suggested_approvers": [],
            "approvers": [],
            "approver_groups": [],
            "approval_rules_left": [{"id": r.id, "name": r.name, "rule_type": r.kind} for r in unmet],
            "has_approval_rules": bool(rules),
            "merge_request_approvers_available": True,
            "multiple_approval_rules_available": True,
            "invalid_approvers_rules": [],
        }
    return shown


def rule(site: Site, known: ApprovalRule) -> Json:
    shown = people.users(site, known.users)
    return {
        "id": known.id,
        "name": known.name,
        "rule_type": known.kind,
        "report_type": None,
        "eligible_approvers": shown,
        "approvals_required": known.required,
        "users": shown,
        "groups": [],
        "contains_hidden_groups": False,
        "protected_branches": [{"name": name} for name in known.branches],
        "applies_to_all_protected_branches": False,
    }


def rule_of_request(site: Site, pull: Pull, known: ApprovalRule) -> Json:
    gone = {"protected_branches", "applies_to_all_protected_branches"}
    shown = {name: value for name, value in rule(site, known).items() if name not in gone}
    return {
        **shown,
        "section": known.section,
        "source_rule": {"approvals_required": known.required},
        "overridden": False,
    }


def state_of_rule(state: State, pull: Pull, known: ApprovalRule) -> Json:
    approvers = approving.approvers(state, pull, known)
    return {
        **rule_of_request(state.site, pull, known),
        "code_owner": known.kind == "code_owner",
        "approved_by": people.users(state.site, approvers),
        "approved": len(approvers) >= known.required,
    }


def settings(project: Project) -> Json:
    return {
        "approvers": [],
        "approver_groups": [],
        "approvals_before_merge": 0,
        "reset_approvals_on_push": project.resets_approvals_on_push,
        "selective_code_owner_removals": False,
        "disable_overriding_approvers_per_merge_request": False,
        "merge_requests_author_approval": project.authors_may_approve,
        "merge_requests_disable_committers_approval": False,
        "require_password_to_approve": False,
        "require_reauthentication_to_approve": False,
    }


def status_check(known: StatusCheck, project_id: int) -> Json:
    return {
        "id": known.id,
        "name": known.name,
        "project_id": project_id,
        "external_url": known.url,
        "hmac": False,
        "protected_branches": [{"name": name} for name in known.branches],
    }


def status_check_of_request(known: StatusCheck, state: str | None) -> Json:
    return {
        "id": known.id,
        "name": known.name,
        "external_url": known.url,
        "status": state or "pending",
    }
