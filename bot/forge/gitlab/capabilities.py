"""What GitLab can do, by what was paid for."""

from typing import Final

from bot.forge.base import Capabilities, Feature, TextLimit
from bot.forge.gitlab import notes
from bot.forge.gitlab.settings import Tier

FREE: Final = frozenset(
    {
        Feature.COMMITS,
        Feature.DEPLOYMENTS,
        Feature.REACTIONS,
        Feature.DRAFTS,
        Feature.LISTINGS,
        Feature.MERGE_REFS,
        Feature.REMARKS,
        Feature.THREADS,
    }
)
PREMIUM: Final = frozenset(
    {Feature.APPROVAL_RULES, Feature.ENVIRONMENT_RULES, Feature.CODE_OWNERS, Feature.MERGE_TRAINS}
)
ULTIMATE: Final = frozenset({Feature.STATUS_CHECKS})

CHECK: Final = TextLimit(code_points=65_535, size_bytes=65_535)
"""Nobody sees it; what is written for it goes into no status."""

WITHOUT_CHECKS: Final = (
    "a commit status of one line takes the place of a check run, and what would be in summary and annotations is in the"
    " comment alone"
)
WITHOUT_KEYS: Final = "a deployment says which commit went where and how it ended; why, and the way to the log, are in the comment"
WITHOUT_SIGNATURES: Final = "commits of ours are signed only where GitLab signs what is made through its API"


def capabilities(tier: Tier) -> Capabilities:
    features = FREE
    if tier >= Tier.PREMIUM:
        features |= PREMIUM
    if tier >= Tier.ULTIMATE:
        features |= ULTIMATE
    return Capabilities(
        features=features,
        comment=notes.LIMIT,
        check_summary=CHECK,
        check_text=CHECK,
        degraded=(WITHOUT_CHECKS, WITHOUT_KEYS, WITHOUT_SIGNATURES),
    )
