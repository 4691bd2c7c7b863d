"""What GitLab lists of a group: projects, their branches, and whether a commit has a path.

Projects are asked for by their number, which the list gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from bot.forge.base import Located
from bot.forge.caches import ExpiringCache
from bot.forge.errors import ForgeNotFound
from bot.forge.gitlab.client import GitLabClient
from bot.forge.gitlab.paths import group_path, part
from bot.forge.gitlab.shapes import Branch, Project
from bot.forge.listings import ListedBranch, ListedRepository, OwnedBy
from bot.model.repo import Sha

PATHS_LIFETIME_S: Final = 24 * 60 * 60.0
MAX_PATHS: Final = 20_000


class Namespace(msgspec.Struct):
    full_path: str


class GroupProject(msgspec.Struct):
    """Before 14.5, GitLab had its topics in `tag_list` alone."""

    id: int
    path: str
    path_with_namespace: str
    namespace: Namespace
    ssh_url_to_repo: str
    http_url_to_repo: str
    default_branch: str | None = None
    archived: bool = False
    topics: list[str] = []
    tag_list: list[str] = []


@dataclass(frozen=True, slots=True)
class GroupListings:
    """Fulfils `bot.forge.listings.Listings`. What a commit holds never changes, so that it is asked for once.

    What it does not hold is asked for again: a forge may say so of a commit that it has not copied everywhere yet.
    """

    client: GitLabClient
    _paths: ExpiringCache[tuple[int, str, str], bool] = field(
        default_factory=lambda: ExpiringCache(lifetime_s=PATHS_LIFETIME_S, max_entries=MAX_PATHS)
    )

    async def repositories(self, wanted: OwnedBy, *, limit: int) -> Sequence[ListedRepository]:
        params: dict[str, str | bool] = {
            "include_subgroups": wanted.with_below,
            "with_shared": wanted.with_shared,
        }
        if wanted.topic:
            params["topic"] = wanted.topic
        if wanted.archived_only:
            params["archived"] = True
        path = f"/groups/{part(group_path(wanted.owner))}/projects"
        return [listed(each) for each in await self.client.items(path, GroupProject, params, limit=limit)]

    async def branches(self, repository: Located, *, limit: int) -> Sequence[ListedBranch]:
        path = f"/projects/{repository.number}/repository/branches"
        try:
            found = await self.client.items(path, Branch, limit=limit)
        except ForgeNotFound:
            await self._require(repository)
            return []
        return [ListedBranch(each.name, Sha(each.commit.id)) for each in found]

    async def branch(self, repository: Located, name: str) -> ListedBranch | None:
        if not name:
            return None
        path = f"/projects/{repository.number}/repository/branches/{part(name)}"
        try:
            found = await self.client.get(path, Branch)
        except ForgeNotFound:
            await self._require(repository)
            return None
        return ListedBranch(found.name, Sha(found.commit.id))

    async def has_path(self, repository: Located, sha: Sha, path: str) -> bool:
        async def ask() -> bool:
            below = f"/projects/{repository.number}/repository"
            try:
                await self.client.call("HEAD", f"{below}/files/{part(path)}", {"ref": sha})
            except ForgeNotFound:
                await self.client.call("GET", f"{below}/tree", {"path": path, "ref": sha, "per_page": 1})
            return True

        try:
            return await self._paths.get((repository.number, sha, path), ask)
        except ForgeNotFound:
            return False

    async def _require(self, repository: Located) -> None:
        """A project without a repository has no branches; one that is gone, or not for us any more, is another matter."""
        await self.client.get(f"/projects/{repository.number}", Project)


def listed(found: GroupProject) -> ListedRepository:
    return ListedRepository(
        Located(found.id, found.path_with_namespace),
        found.namespace.full_path,
        found.path,
        found.ssh_url_to_repo,
        found.http_url_to_repo,
        found.default_branch or "",
        tuple(found.topics or found.tag_list),
        found.archived,
    )
