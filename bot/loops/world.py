"""Everything a step can reach: made once by the worker, handed to every step.

What is not in here a step cannot touch. Clusters are connected when first asked for, so that one that is down delays
nobody else.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.config import Config, RepositoryConfig
from bot.discover.repository import RepositoryIdentity
from bot.errors import UserError
from bot.forge.base import Forge, GitCredentials, Located
from bot.forge.errors import ForgeNotFound
from bot.forge.marker import Seal
from bot.forge.sticky import StickyComments, StickyThreads
from bot.git.errors import AuthenticationFailed
from bot.git.mirror import Mirror
from bot.git.remote import BRANCHES, TAGS, Credentials, RefSpec, Remote, pull_head
from bot.git.repository import Repository
from bot.git.transfer import TransferLimits
from bot.kube.client import KubeClient
from bot.kube.lease import Holder
from bot.loops.asking import Asking
from bot.loops.identity import Identities
from bot.loops.words import Words
from bot.model.argocd import ArgoCluster, ArgoSaid
from bot.model.keys import BranchKey
from bot.model.rendering import Trust
from bot.model.repo import RepoId
from bot.model.steps import StepKey
from bot.model.target import Target
from bot.planning.asked import FactsOf, nothing_known
from bot.planning.elsewhere import Errand
from bot.planning.expansion import Finding, Mode
from bot.planning.own import Own
from bot.planning.renderings import Renderings
from bot.planning.workshop import Workshop
from bot.render.sops.decrypt import Decryptor
from bot.store.askers import Askers
from bot.store.connection import StoreUnavailable


@dataclass(frozen=True, slots=True)
class World:
    """`clusters` connects to a cluster by its configured name, once.

    `words` keeps what became of a target where the cluster could not be told, `identities` which repository a path is,
    `askers` which step asked about which repository.
    `decryptors` are for what is merged, by forge and repository as the operator wrote them. `facts` tells what a
    repository, by its path, may know of clusters.
    """

    config: Config
    data_dir: Path
    forges: Mapping[str, Forge]
    seal: Seal
    workshop: Workshop
    clusters: Callable[[str], Awaitable[KubeClient]]
    holder: Holder
    """Who we are among all that take leases."""
    words: Words
    identities: Identities
    askers: Askers
    decryptors: Mapping[tuple[str, str], Decryptor] = field(default_factory=dict)
    facts: Callable[[str], FactsOf] = lambda _: nothing_known

    def served(self, repo: RepoId) -> RepositoryConfig | None:
        return self.config.repository(repo.forge, repo.path)

    def is_named(self, repo: RepoId) -> bool:
        """Whether the operator named this very path, not only a pattern that it fits."""
        return any(
            entry.forge == repo.forge and entry.repository.lower() == repo.path
            for entry in self.config.repositories
        )

    def visit(
        self, repo: RepoId, repository: Repository, asker: StepKey
    ) -> AbstractAsyncContextManager[Errand]:
        """For one piece of work: what renderings of the repository's targets need beside its own files.

        `repository` is its mirror, open and up to date; `asker` is to be woken for news of what it asks a forge about.
        """
        entry, asking = self.served(repo), None
        if entry is not None:
            settings, note = self.config.forges[repo.forge], partial(self._asked, asker)
            asking = Asking(repo, entry, settings, self.forge(repo), note)
        own = Own(repository, self._identity(repo))
        return replace(self.workshop.elsewhere, facts=self.facts(repo.path), forges=asking, own=own).visit()

    async def _asked(self, asker: StepKey, asked: RepoId) -> None:
        # It makes plans fresh sooner, and is no reason to have none.
        with suppress(StoreUnavailable):
            await self.askers.remember(asker, asked)

    def _identity(self, repo: RepoId) -> RepositoryIdentity:
        return RepositoryIdentity.of([self.forge(repo).git_url(repo)])

    def trusted_renderings(self, entry: RepositoryConfig, errand: Errand) -> Renderings:
        """For what is merged: the only renderings that decrypt."""
        decryptor = self.decryptors.get((entry.forge, entry.repository))
        return Renderings(self.workshop, Trust.TRUSTED, decryptor=decryptor, errand=errand)

    def forge(self, repo: RepoId) -> Forge:
        try:
            return self.forges[repo.forge]
        except KeyError:
            raise UserError(f"no forge is called {repo.forge!r}", hint="name it under `forges`") from None

    def sticky(self, repo: RepoId) -> StickyComments:
        return StickyComments(self.forge(repo), self.seal)

    def threads(self, repo: RepoId) -> StickyThreads | None:
        """None where the forge has none, or the operator wants none."""
        forge = self.forge(repo)
        return StickyThreads(forge, forge.threads, self.seal) if forge.threads is not None else None

    async def delivery_branches(self, repo: RepoId, entry: RepositoryConfig) -> tuple[str, ...]:
        """Raises UserError for a repository that the forge does not show us (any more)."""
        if entry.branches:
            return entry.branches
        try:
            return (await self.forge(repo).default_branch(repo),)
        except ForgeNotFound:
            raise UserError(
                f"{repo} is configured, but the forge does not show it to us",
                hint="was it deleted, or are we not let see it (no longer)?",
            ) from None

    def check_name(self, check: str, branch: BranchKey) -> str:
        """The name with the branch in it where there are several: one commit may be the head of two of them."""
        entry = self.served(branch.repo)
        return f"{check}/{branch.branch}" if entry is not None and len(entry.branches) > 1 else check

    async def finding(self, repo: RepoId, entry: RepositoryConfig, branch: str) -> Finding:
        """`branch` is the one that is delivered, or that a pull request is to be merged into."""
        # Without branches that the operator names it is the default one. Only Argo CD follows that one by no name.
        is_asked = bool(entry.branches) and entry.discover in {"auto", "argocd"}
        default = await self.forge(repo).default_branch(repo) if is_asked else branch
        declared = tuple(self._declared(target) for target in (t.target(None) for t in entry.targets))
        given = {name: one for name, one in self.config.clusters.items() if one.is_given_to(repo.path)}
        return Finding(
            Mode(entry.discover),
            self._identity(repo),
            declared,
            frozenset(given),
            branch,
            tuple(
                ArgoCluster(name, cluster.server, cluster.labels)
                for name, cluster in given.items()
                if cluster.server
            ),
            is_strict=entry.flux.strict_substitution,
            argocd=ArgoSaid(entry.argocd.namespace or "", entry.argocd.kustomize_build_options),
            default_branch=default,
        )

    def _declared(self, target: Target) -> Target:
        return replace(target, environment=self.environment(target))

    def environment(self, target: Target) -> str:
        cluster = self.config.clusters.get(target.id.cluster)
        return target.environment or (cluster.environment if cluster else "")

    async def located(self, repo: RepoId) -> Located:
        """The repository as the forge has it now. Raises AnotherRepository for one that took its path."""
        return await self.identities.located(self.forge(repo), repo, self.served(repo))

    @asynccontextmanager
    async def mirror(
        self, repo: RepoId, *, pull: int | None = None, ref: str | None = None, located: Located | None = None
    ) -> AsyncIterator[Repository]:
        """The repository as the forge has it now, with one pull request's head where it is named.

        `ref` takes the place of that head's own; `located` saves asking for it. Raises AnotherRepository.
        """
        forge = self.forge(repo)
        url = forge.clone_url(repo, located or await self.located(repo))
        wanted: tuple[RefSpec, ...] = (BRANCHES, TAGS)
        if pull is not None:
            wanted = (*wanted, pull_head(ref or forge.pull_head_ref(pull), pull))
        mirror, credentials = self._mirror(repo), await forge.git_credentials(repo)
        try:
            await mirror.fetch(_remote(url, credentials), wanted)
        except AuthenticationFailed:
            # They may have been replaced since they were read; who has no others is refused in earnest.
            if (renewed := await forge.renewed_git_credentials(repo, credentials)) is None:
                raise
            await mirror.fetch(_remote(url, renewed), wanted)
        async with mirror.open() as repository:
            yield repository

    async def forget_pull(self, repo: RepoId, number: int) -> None:
        """Let go of a closed pull request's head."""
        await self._mirror(repo).forget_pull(number)

    def _mirror(self, repo: RepoId) -> Mirror:
        limits = TransferLimits(size_bytes=self.config.limits.repository)
        return Mirror(self.data_dir / "mirrors", repo, limits)


def _remote(url: str, credentials: GitCredentials) -> Remote:
    return Remote(url, Credentials(credentials.username, credentials.password))


def now() -> datetime:
    return datetime.now(UTC)
