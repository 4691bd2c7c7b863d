"""What GitLab's own rules ask for: approvals, protected branches and environments, owners of files.

The invariant: a rule is read as strictly as it may be meant; a tier that has no such rule is not asked for it.
"""

import base64
import binascii
import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.forge.errors import ForgeForbidden, ForgeMisbehaved, ForgeNotFound
from bot.forge.gitlab.paths import part
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.settings import Tier
from bot.forge.gitlab.shapes import (
    ApprovalState,
    Branch,
    File,
    MergeRequestApprovals,
    MergeSettings,
    ProjectApprovalRule,
    ProtectedBranch,
    ProtectedEnvironment,
)
from bot.forge.guards import ApprovalRule, Approvals, BranchRules, EnvironmentRules
from bot.forge.owners import MAX_BYTES, CodeOwners, Grammar, parse
from bot.model.repo import RepoId

MAX_RULES: Final = 500
CODE_OWNERS: Final = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where GitLab looks, in this order; the first there is counts."""


@dataclass(frozen=True, slots=True)
class Guards:
    projects: Projects
    tier: Tier

    async def approvals(self, repo: RepoId, number: int) -> Approvals:
        path = f"/merge_requests/{number}"
        found = await self.projects.get(repo, f"{path}/approvals", MergeRequestApprovals)
        given = tuple(approver.user.actor for approver in found.approved_by)
        if self.tier < Tier.PREMIUM:
            return Approvals(given)
        state = await self.projects.get(repo, f"{path}/approval_state", ApprovalState)
        rules = tuple(
            ApprovalRule(rule.name, rule.approvals_required, tuple(user.actor for user in rule.approved_by))
            for rule in state.rules
            if rule.approvals_required > 0
        )
        return Approvals(given, rules)

    async def branch_rules(self, repo: RepoId, branch: str) -> BranchRules:
        settings = await self.projects.get(repo, "", MergeSettings)
        checks = ("*",) if settings.only_allow_merge_if_pipeline_succeeds else ()
        try:
            listed = await self.projects.list(repo, "/protected_branches", ProtectedBranch, limit=MAX_RULES)
        except ForgeForbidden:
            # Only maintainers may see the rules; that there are some everybody sees.
            is_protected = await self._is_protected(repo, branch)
            return BranchRules(is_protected, allows_force_push=not is_protected, checks=checks)
        fitting = [rule for rule in listed if fnmatch.fnmatchcase(branch, _escaped(rule.name))]
        return BranchRules(
            is_protected=bool(fitting),
            allows_force_push=not fitting or any(rule.allow_force_push for rule in fitting),
            approvals=await self._approvals_of(repo, fitting),
            needs_code_owners=any(rule.code_owner_approval_required for rule in fitting),
            checks=checks,
        )

    async def environment_rules(self, repo: RepoId, environment: str) -> EnvironmentRules | None:
        if self.tier < Tier.PREMIUM:
            return None
        path = f"/protected_environments/{part(environment)}"
        try:
            found = await self.projects.get(repo, path, ProtectedEnvironment)
        except (ForgeNotFound, ForgeForbidden):
            return None
        needed = sum(rule.required_approvals for rule in found.approval_rules)
        deployers = tuple(level.access_level_description for level in found.deploy_access_levels)
        return EnvironmentRules(environment, max(needed, found.required_approval_count), deployers)

    async def code_owners(self, repo: RepoId, ref: str) -> CodeOwners | None:
        for path in CODE_OWNERS:
            try:
                file = await self.projects.get(repo, f"/repository/files/{part(path)}", File, {"ref": ref})
            except ForgeNotFound:
                continue
            if file.size > MAX_BYTES:
                raise ForgeMisbehaved(f"{path} of {repo.path} is larger than {MAX_BYTES >> 20} MiB")
            return parse(_text(file), Grammar.SECTIONED)
        return None

    async def _is_protected(self, repo: RepoId, branch: str) -> bool:
        try:
            found = await self.projects.get(repo, f"/repository/branches/{part(branch)}", Branch)
        except ForgeNotFound:
            return False
        return found.protected

    async def _approvals_of(self, repo: RepoId, fitting: Sequence[ProtectedBranch]) -> int:
        if self.tier < Tier.PREMIUM:
            return 0
        rules = await self.projects.list(repo, "/approval_rules", ProjectApprovalRule, limit=MAX_RULES)
        names = {branch.name for branch in fitting}
        return max((rule.approvals_required for rule in rules if _covers(rule, names)), default=0)


def _covers(rule: ProjectApprovalRule, names: set[str]) -> bool:
    """Without a branch, a rule is for all of them."""
    if rule.applies_to_all_protected_branches:
        return bool(names)
    return not rule.protected_branches or any(one.name in names for one in rule.protected_branches)


def _escaped(name: str) -> str:
    """The star is the only character of GitLab's patterns that means something."""
    return name.replace("[", "[[]").replace("?", "[?]")


def _text(file: File) -> str:
    try:
        return base64.b64decode(file.content).decode("utf-8", "replace")
    except binascii.Error as error:
        raise ForgeMisbehaved("GitLab gave a file that is not Base64") from error
