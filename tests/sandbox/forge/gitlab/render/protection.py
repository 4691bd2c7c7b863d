"""What is protected, and from whom."""

from typing import Any

from tests.sandbox.forge.gitlab.members import Level
from tests.sandbox.forge.gitlab.projects import Access, ProtectedBranch, ProtectedEnvironment
from tests.sandbox.forge.gitlab.tiers import Tier

Json = dict[str, Any]
WORDS = {
    Level.NONE: "No one",
    Level.DEVELOPER: "Developers + Maintainers",
    Level.MAINTAINER: "Maintainers",
    Level.OWNER: "Owners",
}


def access(tier: Tier, known: Access) -> Json:
    words = known.user.name if known.user else WORDS.get(known.level, known.level.name.title())
    shown: Json = {
        "id": known.id,
        "access_level": int(known.level),
        "access_level_description": words,
        "deploy_key_id": None,
    }
    if tier >= Tier.PREMIUM:
        shown |= {"user_id": known.user.id if known.user else None, "group_id": None, "member_role_id": None}
    return shown


def branch(tier: Tier, known: ProtectedBranch) -> Json:
    shown: Json = {
        "id": known.id,
        "name": known.name,
        "push_access_levels": [access(tier, one) for one in known.push],
        "merge_access_levels": [access(tier, one) for one in known.merge],
        "allow_force_push": known.allows_force_push,
    }
    if tier >= Tier.PREMIUM:
        shown |= {
            "unprotect_access_levels": [access(tier, one) for one in known.unprotect],
            "code_owner_approval_required": known.needs_code_owner,
            "inherited": False,
        }
    return shown


def environment(known: ProtectedEnvironment) -> Json:
    return {
        "name": known.name,
        "deploy_access_levels": [
            {
                "id": one.id,
                "access_level": int(one.level) if one.user is None else None,
                "access_level_description": one.user.name if one.user else WORDS.get(one.level, "Role"),
                "user_id": one.user.id if one.user else None,
                "group_id": None,
                "group_inheritance_type": 0,
            }
            for one in known.deploy
        ],
        "required_approval_count": known.required_approvals,
        "approval_rules": [
            {
                "id": rule.id,
                "user_id": rule.user.id if rule.user else None,
                "group_id": None,
                "access_level": int(rule.level) if rule.user is None else None,
                "access_level_description": rule.user.name if rule.user else WORDS.get(rule.level, "Role"),
                "required_approvals": rule.required,
                "group_inheritance_type": 0,
            }
            for rule in known.approval_rules
        ],
    }
