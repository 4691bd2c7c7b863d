"""What GitHub's own rules ask for: reviews, rulesets, protected branches and environments, owners of files.

The invariant: rulesets are read with what every App has; classic protection and environments only where the App was
given `administration: read` and `actions: read`, and without them nothing is claimed of them.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from bot.forge.errors import ForgeForbidden, ForgeMisbehaved, ForgeNotFound
from bot.forge.github.calls import Calls
from bot.forge.github.pages import Listing
from bot.forge.github.paths import ref_path
from bot.forge.github.shapes import Pull, User
from bot.forge.guards import ApprovalRule, Approvals, BranchRules, EnvironmentRules
from bot.forge.owners import CodeOwners, Grammar, parse
from bot.model.repo import RepoId

MAX_REVIEWS: Final = 1000
MAX_RULES: Final = 500
CODE_OWNERS: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; the first there is counts."""

T = TypeVar("T")


class Review(msgspec.Struct):
    id: int
    state: str
    user: User | None = None


class RequiredCheck(msgspec.Struct):
    context: str


class RuleParameters(msgspec.Struct):
    required_approving_review_count: int = 0
    require_code_owner_review: bool = False
    required_status_checks: list[RequiredCheck] = []


class Rule(msgspec.Struct):
    type: str
    parameters: RuleParameters = msgspec.field(default_factory=RuleParameters)


class RequiredReviews(msgspec.Struct):
    required_approving_review_count: int = 0
    require_code_owner_reviews: bool = False


class RequiredChecks(msgspec.Struct):
    contexts: list[str] = []


class Switch(msgspec.Struct):
    enabled: bool = False


class Protection(msgspec.Struct):
    required_pull_request_reviews: RequiredReviews | None = None
    required_status_checks: RequiredChecks | None = None
    allow_force_pushes: Switch | None = None


class ProtectionRule(msgspec.Struct):
    type: str
    reviewers: list[dict[str, Any]] = []


class Environment(msgspec.Struct):
    name: str
    protection_rules: list[ProtectionRule] = []


class Content(msgspec.Struct):
    encoding: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class Guards:
    calls: Calls

    async def approvals(self, repo: RepoId, number: int) -> Approvals:
        pull = await self.calls.get(repo, "/pulls/{number}", Pull, number=number)
        listing = Listing("/pulls/{number}/reviews{?per_page}", {"number": number, "per_page": 100})
        reviews = await self.calls.list(repo, listing, Review, limit=MAX_REVIEWS)
        # Of each person the newest word counts; a mere comment is none.
        words = {review.user.id: review for review in reviews if review.user and review.state != "COMMENTED"}
        given = tuple(
            review.user.actor for review in words.values() if review.user and review.state == "APPROVED"
        )
        needed = (await self.branch_rules(repo, pull.base.ref)).approvals
        rules = (ApprovalRule(f"branch {pull.base.ref}", needed, given),) if needed else ()
        return Approvals(given, rules)

    async def branch_rules(self, repo: RepoId, branch: str) -> BranchRules:
        listing = Listing(f"/rules/branches/{ref_path(branch)}{{?per_page}}", {"per_page": 100})
        rules = await self.calls.list(repo, listing, Rule, limit=MAX_RULES)
        classic = await self._allowed(repo, f"/branches/{ref_path(branch)}/protection", Protection)
        found = _of_rulesets(rules)
        return found if classic is None else _both(found, classic)

    async def environment_rules(self, repo: RepoId, environment: str) -> EnvironmentRules | None:
        found = await self._allowed(repo, "/environments/{name}", Environment, name=environment)
        reviewers = [
            str(one.get("reviewer", {}).get("login") or one.get("reviewer", {}).get("slug") or "")
            for rule in (found.protection_rules if found else ())
            if rule.type == "required_reviewers"
            for one in rule.reviewers
        ]
        # However many are named, one of them suffices.
        return EnvironmentRules(environment, 1, tuple(filter(None, reviewers))) if reviewers else None

    async def code_owners(self, repo: RepoId, ref: str) -> CodeOwners | None:
        for path in CODE_OWNERS:
            try:
                found = await self.calls.get(repo, f"/contents/{path}{{?ref}}", Content, ref=ref)
            except ForgeNotFound:
                continue
            if found.encoding != "base64":
                raise ForgeMisbehaved(f"{path} of {repo.path} is too large to be read")
            try:
                text = base64.b64decode(found.content).decode("utf-8", "replace")
            except binascii.Error as error:
                raise ForgeMisbehaved("GitHub gave a file that is not Base64") from error
            return parse(text, Grammar.PLAIN)
        return None

    async def _allowed(self, repo: RepoId, path: str, shape: type[T], **variables: str) -> T | None:
        try:
            return await self.calls.get(repo, path, shape, **variables)
        except (ForgeForbidden, ForgeNotFound):
            return None


def _of_rulesets(rules: Sequence[Rule]) -> BranchRules:
    reviews = [rule.parameters for rule in rules if rule.type == "pull_request"]
    checks = [
        check.context
        for rule in rules
        if rule.type == "required_status_checks"
        for check in rule.parameters.required_status_checks
    ]
    return BranchRules(
        is_protected=bool(rules),
        allows_force_push=all(rule.type != "non_fast_forward" for rule in rules),
        approvals=max((one.required_approving_review_count for one in reviews), default=0),
        needs_code_owners=any(one.require_code_owner_review for one in reviews),
        checks=tuple(dict.fromkeys(checks)),
    )


def _both(rules: BranchRules, classic: Protection) -> BranchRules:
    """Where both are there, both are asked for."""
    reviews = classic.required_pull_request_reviews or RequiredReviews()
    contexts = classic.required_status_checks.contexts if classic.required_status_checks else []
    return BranchRules(
        is_protected=True,
        allows_force_push=rules.allows_force_push
        and classic.allow_force_pushes is not None
        and classic.allow_force_pushes.enabled,
        approvals=max(rules.approvals, reviews.required_approving_review_count),
        needs_code_owners=rules.needs_code_owners or reviews.require_code_owner_reviews,
        checks=tuple(dict.fromkeys((*rules.checks, *contexts))),
    )
