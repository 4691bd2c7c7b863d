"""What an ApplicationSet may look at beside itself, as whoever plans knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.model.argocd import ArgoCluster
from bot.model.tree import TreeReader


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
    """One branch of a repository that a forge lists. `paths` are those that it has, of
    those that the generator's filters ask for; `id` is what the forge calls it.
    """

    organization: str
    name: str
    url: str
    branch: str
    sha: str
    id: int | str = ""
    labels: tuple[str, ...] = ()
    paths: frozenset[str] = frozenset()


class World(Protocol):
    async def clusters(self) -> Clusters:
        """Raises `NotKnown`."""

    async def tree(self, repo_url: str, revision: str) -> Ground:
        """What the URL and the revision lead to, as they are written. Raises `NotKnown`."""

    async def pull_requests(self, generator: Mapping[str, Any], namespace: str) -> tuple[PullRequest, ...]:
        """What the provider in `pullRequest` lists, before its `filters`. Raises `NotKnown`."""

    async def repositories(self, generator: Mapping[str, Any], namespace: str) -> tuple[Repository, ...]:
        """What the provider in `scmProvider` lists, before its `filters`. Raises `NotKnown`."""
