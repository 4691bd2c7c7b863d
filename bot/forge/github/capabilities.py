"""What GitHub can do, by whom we are there."""

from typing import Final

from bot.forge.base import Capabilities, Feature
from bot.forge.github import checks, comments

ALWAYS: Final = frozenset(
    {
        Feature.DEPLOYMENTS,
        Feature.REACTIONS,
        Feature.DRAFTS,
        Feature.MERGE_REFS,
        Feature.COMMITS,
        Feature.APPROVAL_RULES,
        Feature.ENVIRONMENT_RULES,
        Feature.CODE_OWNERS,
        Feature.LISTINGS,
    }
)
# GitHub signs what an App commits, not what a person's token does.
APPS_ONLY: Final = frozenset({Feature.CHECKS, Feature.ANNOTATIONS, Feature.SIGNED_COMMITS})
WITHOUT_CHECKS: Final = (
    "only a GitHub App can write check runs: a commit status of one line takes their place, and what would be in"
    " summary and annotations is in the comment alone"
)


def capabilities(*, is_app: bool) -> Capabilities:
    return Capabilities(
        features=ALWAYS | APPS_ONLY if is_app else ALWAYS,
        comment=comments.LIMIT,
        check_summary=checks.TEXT,
        check_text=checks.TEXT,
        degraded=() if is_app else (WITHOUT_CHECKS,),
    )
