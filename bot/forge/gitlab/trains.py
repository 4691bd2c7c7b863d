"""Merge trains: what GitLab is about to merge, where a merge request waits behind others.

The invariant: a commit counts as a train's only while GitLab says that its car is on the way; one that was taken off
leaves ref and pipeline behind.
"""

from dataclasses import dataclass
from typing import Final

from bot.forge.base import Queued
from bot.forge.errors import ForgeForbidden, ForgeNotFound
from bot.forge.gitlab.paths import part
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.settings import Tier
from bot.forge.gitlab.shapes import Car, Commit, MergeRequest, Pipeline
from bot.model.repo import RepoId, Sha

TRAIN: Final = "/train"
"""How the ref of a train ends: `refs/merge-requests/7/train`."""
ON_THE_WAY: Final = frozenset({"idle", "fresh", "stale", "merging"})


@dataclass(frozen=True, slots=True)
class Trains:
    projects: Projects
    tier: Tier

    async def queued(self, repo: RepoId, pull: MergeRequest) -> Queued | None:
        """None also where GitLab moves the branch on without a merge commit: its parent is not what it is put onto."""
        pipeline = pull.head_pipeline
        if pipeline is None or not await self.is_on(repo, pull, pipeline):
            return None
        try:
            made = await self.projects.get(repo, f"/repository/commits/{part(pipeline.sha)}", Commit)
        except ForgeNotFound:
            return None
        if len(made.parent_ids) != 2:
            return None
        return Queued(Sha(pipeline.sha), Sha(made.parent_ids[0]), pipeline.ref)

    async def is_on(self, repo: RepoId, pull: MergeRequest, pipeline: Pipeline) -> bool:
        """Whether this is the pipeline of its train, on which it still is: a head that is pushed takes it off."""
        if self.tier < Tier.PREMIUM or pipeline.ref != f"refs/merge-requests/{pull.iid}{TRAIN}":
            return False
        try:
            car = await self.projects.get(repo, f"/merge_trains/merge_requests/{pull.iid}", Car)
        except (ForgeNotFound, ForgeForbidden):
            return False
        return car.status in ON_THE_WAY and car.pipeline is not None and car.pipeline.id == pipeline.id
