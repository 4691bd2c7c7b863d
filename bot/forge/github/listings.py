"""What GitHub lists of an organisation, asked with one token that reads all of it.

The invariant: that token reads, and is used for nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from bot.forge.base import Located
from bot.forge.caches import ExpiringCache
from bot.forge.errors import ForgeNotFound
from bot.forge.github.auth import Access
from bot.forge.github.calls import Calls, authorized
from bot.forge.github.pages import Listing, items
from bot.forge.github.paths import owner_name, ref_path
from bot.forge.github.pulls import Pulls
from bot.forge.github.shapes import User
from bot.forge.listings import ListedBranch, ListedRepository, OwnedBy
from bot.model.repo import RepoId, Sha

PATHS_LIFETIME_S: Final = 24 * 60 * 60.0
MAX_PATHS: Final = 20_000


class OwnedRepository(msgspec.Struct):
    id: int
    name: str
    full_name: str
    owner: User
    ssh_url: str
    clone_url: str
    html_url: str
    default_branch: str = ""
    archived: bool = False
    topics: list[str] = []


class Commit(msgspec.Struct):
    """Gitea calls `id` what GitHub calls `sha`."""

    sha: str = ""
    id: str = ""


class Branch(msgspec.Struct):
    name: str
    commit: Commit


@dataclass(frozen=True, slots=True)
class OwnerCalls(Calls):
    """With the token for all of an owner's repositories in place of one for each."""

    async def owned(
        self, owner: str, listing: Listing, shape: type[OwnedRepository], *, limit: int
    ) -> Sequence[OwnedRepository]:
        async def ask(access: Access) -> Sequence[OwnedRepository]:
            return await items(access.client, listing, shape, limit=limit, token=access.token)

        return await authorized(
            lambda: self.auth.owner_access(owner), lambda refused: self.auth.renew_owner(owner, refused), ask
        )

    async def _access(self, repo: RepoId) -> Access:
        return await self.auth.owner_access(repo.path.partition("/")[0])

    def _renew(self, repo: RepoId, refused: Access) -> bool:
        return self.auth.renew_owner(repo.path.partition("/")[0], refused)


@dataclass(frozen=True, slots=True)
class OwnerListings:
    """Fulfils `bot.forge.listings.Listings`. What a commit holds never changes, so that it is asked for once.

    What it does not hold is asked for again: a forge may say so of a commit that it has not copied everywhere yet.
    """

    calls: OwnerCalls
    forge: str
    pulls: Pulls
    _paths: ExpiringCache[tuple[int, str, str], bool] = field(
        default_factory=lambda: ExpiringCache(lifetime_s=PATHS_LIFETIME_S, max_entries=MAX_PATHS)
    )

    async def repositories(self, wanted: OwnedBy, *, limit: int) -> Sequence[ListedRepository]:
        listing = Listing("/orgs/{org}/repos{?per_page}", {"org": owner_name(wanted.owner), "per_page": 100})
        found = await self.calls.owned(wanted.owner, listing, OwnedRepository, limit=limit)
        return [listed(each) for each in found]

    async def branches(self, repository: Located, *, limit: int) -> Sequence[ListedBranch]:
        listing = Listing("/branches{?per_page}", {"per_page": 100})
        found = await self.calls.list(self.repo(repository), listing, Branch, limit=limit)
        return [ListedBranch(each.name, Sha(each.commit.sha or each.commit.id)) for each in found]

    async def branch(self, repository: Located, name: str) -> ListedBranch | None:
        sha = await self.pulls.branch_head(self.repo(repository), name) if name else None
        return ListedBranch(name, sha) if sha is not None else None

    async def has_path(self, repository: Located, sha: Sha, path: str) -> bool:
        async def ask() -> bool:
            # NB: of a large file GitHub leaves out the content, and of a large directory all but 1,000 entries.
            await self.calls.send(
                "GET", self.repo(repository), f"/contents/{ref_path(path)}{{?ref}}", {"ref": sha}
            )
            return True

        try:
            return await self._paths.get((repository.number, sha, path), ask)
        except ForgeNotFound:
            return False

    def repo(self, repository: Located) -> RepoId:
        return RepoId(self.forge, repository.path)


def listed(found: OwnedRepository) -> ListedRepository:
    return ListedRepository(
        Located(found.id, found.full_name),
        found.owner.login,
        found.name,
        found.ssh_url,
        found.clone_url,
        found.default_branch,
        tuple(found.topics),
        found.archived,
    )
