"""What a repository may ask its forge for its ApplicationSets: of itself, and of what the operator lets it ask about.

The forge is asked as Longshore, whatever credentials a generator names, and what it answers shows in a plan. So who may
be asked about is settled before anything else is looked at: filters, which a pull request may write, are never held
against a repository that it may not know.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from bot.config import RepositoryConfig
from bot.config.forges import Forge as ForgeSettings
from bot.forge.base import Forge, ListedPull, Located
from bot.forge.errors import ForgeUnavailable
from bot.forge.listings import ListedRepository, OwnedBy
from bot.model.repo import PullState, RepoId, Sha
from bot.render.applicationset import Branch, NotKnown, PullRequest, Repository
from bot.render.applicationset.providers import OwnerAsked, PullsAsked, api_root

MOST_PULLS = 500
MOST_REPOSITORIES = 1_000
_PATIENCE_S = 30.0
_PATIENCE_WITH_LISTS_S = 60.0


async def _nobody_is_told(_repo: RepoId) -> None:
    pass


class Asking:
    """One repository's way to its own forge. Fulfils `bot.planning.asked.Forges`.

    `note` is told of each repository whose pull requests it asks about.
    """

    def __init__(
        self,
        repo: RepoId,
        entry: RepositoryConfig,
        settings: ForgeSettings,
        forge: Forge,
        note: Callable[[RepoId], Awaitable[None]] = _nobody_is_told,
    ) -> None:
        self._repo = repo
        self._entry = entry
        self._settings = settings
        self._forge = forge
        self._note = note
        self._patience = _Patience(_PATIENCE_WITH_LISTS_S)

    async def pull_requests(self, of: PullsAsked) -> tuple[PullRequest, ...]:
        self._require_ours(of.kind, of.api)
        repo = self._granted(of.path)
        found = await self._listed(repo, of.state)
        if len(found) > MOST_PULLS:
            hint = "" if of.state is PullState.OPEN else "ask for those that are open only"
            raise NotKnown(f"{repo.path} has more than {MOST_PULLS} such pull requests", hint=hint)
        return tuple(
            PullRequest(
                *(each.number, each.title, each.head_ref, each.base_ref, each.head_sha, each.author),
                each.labels,
            )
            for each in found
        )

    async def repositories(self, of: OwnerAsked) -> tuple[Repository, ...]:
        self._require_ours(of.kind, of.api)
        if not self._entry.argocd.lets_list(of.owner):
            raise NotKnown(
                f"it asks for all repositories of an owner, which the operator does not let {self._repo.path} do",
                hint="the operator can add that owner, as OWNER/*, to repositories[].argocd.asks",
            )
        wanted = OwnedBy(of.owner, of.with_below, of.with_shared, of.topic, of.archived_only)
        async with self._waiting_for(f"the repositories of {of.owner}"):
            found = await self._forge.listings.repositories(wanted, limit=MOST_REPOSITORIES + 1)
        if len(found) > MOST_REPOSITORIES:
            raise NotKnown(f"{of.owner} has more than {MOST_REPOSITORIES:,} repositories")
        if not all(self._may_know(RepoId(self._repo.forge, each.at.path)) for each in found):
            raise NotKnown(
                f"the list of {of.owner} holds repositories of other owners, which the operator does not let"
                f" {self._repo.path} ask about",
                hint="leave out what others share (includeSharedProjects: false), or the operator can add them to"
                " repositories[].argocd.asks",
            )
        # One that is made while pages are turned pushes another one onto the next page, where it comes again.
        return tuple(_repository(each) for each in {each.at.number: each for each in found}.values())

    async def branches(self, repository: Repository, *, every: bool, limit: int) -> tuple[Branch, ...]:
        at = self._located(repository)
        async with self._waiting_for(f"the branches of {at.path}"):
            if every:
                found = await self._forge.listings.branches(at, limit=limit)
            else:
                default = await self._forge.listings.branch(at, repository.default_branch)
                found = [default] if default is not None else []
        return tuple(Branch(repository, each.name, each.sha) for each in found)

    async def has_path(self, branch: Branch, path: str) -> bool:
        at = self._located(branch.repository)
        async with self._waiting_for(f"the files of {at.path}"):
            return await self._forge.listings.has_path(at, Sha(branch.sha), path)

    def _located(self, repository: Repository) -> Located:
        path = f"{repository.organization}/{repository.name}"
        self._granted(path)
        return Located(repository.id, path)

    @asynccontextmanager
    async def _waiting_for(self, what: str) -> AsyncIterator[None]:
        try:
            async with self._patience.waiting():
                yield
        except TimeoutError:
            raise ForgeUnavailable(
                f"{self._repo.forge} took more than {_PATIENCE_WITH_LISTS_S:.0f} s, and {what} are not known yet"
            ) from None

    def _require_ours(self, kind: str, api: str) -> None:
        """Raises `NotKnown` for any other forge than the one that the repository lives on."""
        ours = self._settings
        roots = {
            api_root(kind, root)
            # What manifests may name in place of ours: where the API is for all who know the address for Git.
            for root in (ours.api_root, ours.model_copy(update={"api_url": None}).api_root)
        }
        if kind != ours.kind or api_root(kind, api) not in roots:
            raise NotKnown(
                "it asks another forge than the one that the repository lives on, and only that one is asked",
                hint=f"the `api` of the {ours.kind} at {ours.git_root} would be it",
            )

    def _granted(self, path: str) -> RepoId:
        """Raises `NotKnown` for a repository that this one may not ask about."""
        repo = RepoId(self._repo.forge, path)
        if not self._may_know(repo):
            raise NotKnown(
                f"it asks about another repository, which the operator does not let {self._repo.path} do",
                hint="the operator can add that one to repositories[].argocd.asks",
            )
        return repo

    def _may_know(self, repo: RepoId) -> bool:
        return repo == self._repo or self._entry.argocd.lets_ask(repo.path)

    async def _listed(self, repo: RepoId, state: PullState | None) -> Sequence[ListedPull]:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                if repo != self._repo:
                    # A forge follows a path that was left to whatever the repository is called now.
                    repo = self._granted((await self._forge.locate(repo)).path)
                await self._note(repo)
                return await self._forge.listed_pulls(repo, state=state, limit=MOST_PULLS + 1)
        except TimeoutError:
            raise ForgeUnavailable(
                f"{self._repo.forge} did not list the pull requests of {repo.path} within {_PATIENCE_S:.0f} s"
            ) from None


class _Patience:
    """Time that somebody is waited for in all, however many questions are under way at once."""

    def __init__(self, limit_s: float) -> None:
        self._left_s = limit_s
        self._under_way = 0
        self._since_s = 0.0

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Raises TimeoutError."""
        clock = asyncio.get_running_loop().time
        if not self._under_way:
            self._since_s = clock()
        self._under_way += 1
        try:
            async with asyncio.timeout_at(self._since_s + self._left_s):
                yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._left_s -= clock() - self._since_s


def _repository(found: ListedRepository) -> Repository:
    return Repository(
        *(found.owner, found.name, found.at.number, found.ssh_url, found.https_url, found.default_branch),
        found.labels,
        found.is_archived,
    )
