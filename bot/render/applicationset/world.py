"""What an ApplicationSet may look at beside itself, as whoever plans knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.model.argocd import ArgoCluster
from bot.model.tree import TreeReader
from bot.render.applicationset.providers import OwnerAsked


@dataclass(frozen=True, slots=True)
class Clusters:
    """Those that Argo CD delivers to. `missing` is why these may not be all, a sentence; empty where they are."""

    known: tuple[ArgoCluster, ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Files that a generator looks at. `is_here`: those of the tree at hand, whose entries count for a trace.

    `is_lasting` where nothing but a change of the repository at hand can make it other files.
    """

    tree: TreeReader
    is_here: bool = True
    is_lasting: bool = True


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One that a forge lists as open, with the labels that the generator asks for."""

    number: int
    title: str
    branch: str
    target_branch: str
    head_sha: str
    author: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repository:
    """One that a forge lists; `id` is the forge's number of it. What `default_branch` names need not exist."""

    organization: str
    name: str
    id: int
    ssh_url: str
    https_url: str
    default_branch: str
    labels: tuple[str, ...] = ()
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    repository: Repository
    name: str
    sha: str


class World(Protocol):
    async def clusters(self) -> Clusters:
        """Raises `NotKnown`."""

    async def tree(self, repo_url: str, revision: str) -> Ground:
        """What the URL and the revision lead to, as they are written. Raises `NotKnown`."""

    async def pull_requests(self, generator: Mapping[str, Any], namespace: str) -> tuple[PullRequest, ...]:
        """What the provider in `pullRequest` lists, before its `filters`. Raises `NotKnown`."""

    async def repositories(self, of: OwnerAsked, namespace: str) -> tuple[Repository, ...]:
        """Everything that is listed there. Raises `NotKnown`."""

    async def branches(self, repository: Repository, *, every: bool) -> tuple[Branch, ...]:
        """Of a repository that was listed: all of them, or the default one where it exists. Raises `NotKnown`."""

    async def has_path(self, branch: Branch, path: str) -> bool:
        """Whether the branch has a file or directory there, relative and without dots. Raises `NotKnown`."""
