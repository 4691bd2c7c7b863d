"""Other commits of the repository at hand: what its mirror holds of them need not be fetched, nor allowed."""

import asyncio
from dataclasses import dataclass

from bot.discover.repository import RepositoryIdentity, normal_url, without_login
from bot.git.errors import UnknownRevision
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.git.wanted import Wanted, wanted_by_controller
from bot.model.repo import Sha
from bot.model.target import GitSource

MOST_COMMITS = 200
_BRANCH, _TAG = "refs/heads/", "refs/tags/"


@dataclass(frozen=True, slots=True)
class OwnTree:
    """`address` is the repository's, as the source writes it."""

    address: str
    commit: Sha
    tree: Tree


class Own:
    """For one piece of work: what a source leads to first is what it leads to until the end."""

    def __init__(self, repository: Repository, identity: RepositoryIdentity) -> None:
        """`repository` is a mirror that was brought up to date."""
        self._repository = repository
        self._identity = identity
        self._found: dict[GitSource, OwnTree | None] = {}
        self._finding = asyncio.Lock()

    async def tree(self, source: GitSource) -> OwnTree | None:
        """None for another repository, and for what no branch or tag of this one is or holds. Raises `BadRef`."""
        if normal_url(source.url) not in self._identity.urls:
            return None
        async with self._finding:
            if source not in self._found and len(self._found) < MOST_COMMITS:
                self._found[source] = await self._find(source)
            return self._found.get(source)

    async def _find(self, source: GitSource) -> OwnTree | None:
        try:
            commit = await self._commit(wanted_by_controller(source.ref))
        except UnknownRevision:
            return None
        if commit is None:
            return None
        address = without_login(source.url).removesuffix(".git")
        return OwnTree(address, commit, await self._repository.tree(await self._repository.tree_of(commit)))

    async def _commit(self, wanted: Wanted) -> Sha | None:
        """Raises `UnknownRevision`."""
        if wanted.commit is not None:
            is_ours = not wanted.branch and await self._repository.is_reachable(wanted.commit)
            return wanted.commit if is_ours else None
        if wanted.ref.startswith(_BRANCH):
            name = wanted.ref.removeprefix(_BRANCH)
            try:
                return (await self._repository.branch(name)).sha
            except UnknownRevision:
                if wanted.otherwise != name:
                    raise
                return await self._repository.resolve(_TAG + name)
        return await self._repository.resolve(wanted.ref) if wanted.ref.startswith(_TAG) else None
