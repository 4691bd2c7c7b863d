"""What the generators of an ApplicationSet may look at: this repository, others where the operator allows it, and clusters."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.discover.argocd.revisions import git_ref, is_followed, spelled
from bot.discover.repository import normal_url
from bot.errors import LongshoreError
from bot.git.tree import Tree
from bot.model.argocd import ArgoCluster
from bot.model.target import GitSource
from bot.planning.expansion import Finding
from bot.planning.renderings import Renderings
from bot.render.applicationset import Branch, Clusters, Ground, NotKnown, PullRequest, Repository
from bot.render.applicationset.providers import OwnerAsked

_NOT_DECLARED = (
    "no cluster is declared here: neither a Secret with the label argocd.argoproj.io/secret-type nor the operator's "
    "config names one"
)


class World:
    """One tree's, for one control plane. `hiding` are files that may declare clusters and cannot be read."""

    def __init__(
        self,
        tree: Tree,
        finding: Finding,
        renderings: Renderings,
        clusters: Sequence[ArgoCluster],
        hiding: Sequence[str] = (),
    ) -> None:
        self._tree = tree
        self._finding = finding
        self._renderings = renderings
        self._clusters = clusters
        self._hiding = hiding

    async def clusters(self) -> Clusters:
        missing = "" if self._clusters else _NOT_DECLARED
        if self._hiding:
            missing = f"{self._hiding[0]}, which may declare a cluster, cannot be read; mend it"
        return Clusters(tuple(self._clusters), missing=missing)

    async def tree(self, repo_url: str, revision: str) -> Ground:
        is_this = normal_url(repo_url) in self._finding.repository.urls
        if is_this:
            revision = spelled(revision, self._finding.default_branch)
        if is_this and is_followed(revision, self._finding.branch):
            return Ground(self._tree)
        source = GitSource(repo_url, git_ref(revision))
        try:
            tree = await self._renderings.elsewhere(self._tree, source)
        except LongshoreError as error:
            raise self._not_known(error) from None
        return Ground(tree, is_here=False, is_lasting=source.is_lasting)

    async def pull_requests(self, generator: Mapping[str, Any], namespace: str) -> tuple[PullRequest, ...]:  # noqa: ARG002 - whose Secrets it names makes no difference here
        try:
            return await self._renderings.answers.pull_requests(generator)
        except LongshoreError as error:
            raise self._not_known(error) from None

    async def repositories(self, of: OwnerAsked, namespace: str) -> tuple[Repository, ...]:  # noqa: ARG002 - as above
        try:
            return await self._renderings.answers.repositories(of)
        except LongshoreError as error:
            raise self._not_known(error) from None

    async def branches(self, repository: Repository, *, every: bool) -> tuple[Branch, ...]:
        try:
            return await self._renderings.answers.branches(repository, every=every)
        except LongshoreError as error:
            raise self._not_known(error) from None

    async def has_path(self, branch: Branch, path: str) -> bool:
        try:
            return await self._renderings.answers.has_path(branch, path)
        except LongshoreError as error:
            raise self._not_known(error) from None

    def _not_known(self, error: LongshoreError) -> NotKnown:
        self._renderings.note(error)
        return NotKnown(error.message, hint=error.hint)
