"""Who approved, who has to, and what is left.

The invariant: an approval counts for the newest version; what it takes comes from the rules of the project, and on the
free tier approvals are only a remark.
"""

from dataclasses import replace

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.projects import ApprovalRule
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tiers import Tier


def rules_of(state: State, pull: Pull) -> list[ApprovalRule]:
    if state.tier < Tier.PREMIUM:
        return []
    rules = state.projects.of(pull.repository).approval_rules
    ours = [rule for rule in rules if not rule.branches or pull.base in rule.branches]
    return [*ours, *(_owned(state, pull, rule) for rule in state.requests.of(pull).owner_rules)]


def _owned(state: State, pull: Pull, rule: ApprovalRule) -> ApprovalRule:
    """What owners have a say in is only asked for where the branch is protected so."""
    protection = state.projects.protection_of(pull.repository, pull.base)
    is_asked_for = protection is not None and protection.needs_code_owner
    return rule if is_asked_for else replace(rule, required=0)


def approvers(state: State, pull: Pull, rule: ApprovalRule) -> list[User]:
    """Those of its people who did."""
    given = list(state.requests.of(pull).approved_by)
    return [user for user in given if rule.kind == "any_approver" or user in rule.users]


def left(state: State, pull: Pull) -> int:
    return sum(max(0, rule.required - len(approvers(state, pull, rule))) for rule in rules_of(state, pull))


def is_approved(state: State, pull: Pull) -> bool:
    return left(state, pull) == 0


def may_approve(state: State, pull: Pull, user: User) -> bool:
    if user in state.requests.of(pull).approved_by:
        return False
    is_own = pull.author is user and not state.projects.of(pull.repository).authors_may_approve
    if is_own and state.tier >= Tier.PREMIUM:
        return False
    return state.members.level_of(user, pull.repository) >= Level.DEVELOPER
