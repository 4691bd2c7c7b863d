"""ApplicationSets: which Applications they generate, as Argo CD's controller would write them."""

from bot.render.applicationset.errors import NotKnown
from bot.render.applicationset.generate import Generated, generate
from bot.render.applicationset.templates import Templates
from bot.render.applicationset.world import (
    Branch,
    Clusters,
    Ground,
    PullRequest,
    Repository,
    World,
)

__all__ = [
    "Branch",
    "Clusters",
    "Generated",
    "Ground",
    "NotKnown",
    "PullRequest",
    "Repository",
    "Templates",
    "World",
    "generate",
]
