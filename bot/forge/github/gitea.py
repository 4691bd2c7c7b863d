"""Gitea and Forgejo, as far as they answer like GitHub. Held to a real Gitea by `oracles/gitea`; Forgejo by nothing.

What they have not (check runs, deployments, rules, making commits) is missing from their capabilities; what they answer
otherwise is here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from bot.forge.base import Capabilities, Feature
from bot.forge.errors import ForgeNotFound
from bot.forge.github import checks, comments
from bot.forge.github.pages import Listing
from bot.forge.github.paths import ref_path
from bot.forge.github.pulls import Pulls, to_pull
from bot.forge.github.shapes import Pull
from bot.model.repo import PullRequest, RepoId, Sha

FEATURES: Final = frozenset({Feature.REACTIONS, Feature.DRAFTS, Feature.LISTINGS})
EXPERIMENTAL: Final = "this kind is experimental: commit statuses and comments alone, no deployments, no rules, no commits of ours"


class HeadCommit(msgspec.Struct):
    id: str


class Branch(msgspec.Struct):
    commit: HeadCommit


def capabilities() -> Capabilities:
    return Capabilities(FEATURES, comments.LIMIT, checks.TEXT, checks.TEXT, degraded=(EXPERIMENTAL,))


@dataclass(frozen=True, slots=True)
class GiteaPulls(Pulls):
    async def branch_head(self, repo: RepoId, branch: str) -> Sha | None:
        try:
            found = await self.calls.get(repo, f"/branches/{ref_path(branch)}", Branch)
        except ForgeNotFound:
            await self.default_branch(repo)
            return None
        return Sha(found.commit.id)

    async def open_pulls(self, repo: RepoId, *, base: str | None) -> Sequence[PullRequest]:
        # Whether a list can be narrowed to a base depends on the version.
        found = await Pulls.open_pulls(self, repo, base=None)
        return [pull for pull in found if base is None or pull.base_ref == base]

    def listing_of(self, state: str) -> Listing:
        # All that Argo CD asks for is the first page, as long as the server makes it.
        return Listing(
            "/pulls{?state,page,limit}", {"state": state, "page": 1, "limit": "0"}, is_one_page=True
        )

    async def pulls_of_commit(self, repo: RepoId, sha: Sha) -> Sequence[PullRequest]:
        try:
            return [to_pull(repo, await self.calls.get(repo, "/commits/{sha}/pull", Pull, sha=sha))]
        except ForgeNotFound:
            return []
