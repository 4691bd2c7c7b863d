"""One repository of Argo CD that is tried, and how its parts are written down.

A scene is a repository of its own, whose roots somebody has to apply by hand the first time. The names of its
Applications, ApplicationSets and AppProjects begin with its own, so that many are tried on one control plane at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.model.objects import Manifest
from oracles.argocd.clusters import IN_CLUSTER_SERVER, NAMESPACE, Declared
from oracles.documents import Content, documents_text
from oracles.trials import Refusal, Url

VERSION = "argoproj.io/v1alpha1"
APPLICATION, SET, PROJECT = "Application", "ApplicationSet", "AppProject"


@dataclass(frozen=True, slots=True)
class Ground:
    """What repositories stand on: where they are served, the clusters of Argo CD, and the URL of a Helm repository."""

    url: Url
    clusters: tuple[Declared, ...]
    charts: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository to try. `others` are repositories beside it, by name.

    `roots` are the files of what is applied by hand, in this order. `applications` are the names of all that there have
    to be in the end, so that nobody takes nothing for agreement. `refusals` are expected, by the name of the Application
    or the ApplicationSet.
    """

    name: str
    url: str
    features: tuple[str, ...]
    files: Mapping[str, Content]
    roots: tuple[str, ...]
    applications: frozenset[str]
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    others: Mapping[str, Mapping[str, Content]] = field(default_factory=dict)

    @property
    def by_hand(self) -> list[Manifest]:
        """As `kubectl apply` sends it: without fields that are null."""
        written = [manifest for root in self.roots for manifest in yaml.safe_load_all(str(self.files[root]))]
        return [_without_nulls(manifest) for manifest in written]

    @property
    def declares_clusters(self) -> bool:
        return any(manifest["kind"] == "Secret" for manifest in self.by_hand)

    def owns(self, name: str) -> bool:
        return name == self.name or name.startswith(f"{self.name}--")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


class Script:
    """Writes a scene."""

    def __init__(self, name: str, ground: Ground) -> None:
        self.name = name
        self.url = ground.url(name)
        self.ground = ground
        self.others: dict[str, Mapping[str, Content]] = {}
        self.files: dict[str, Content] = {}
        self.roots: list[str] = []
        self.applications: set[str] = set()
        self.refusals: dict[str, Refusal] = {}

    def write(self, path: str, *documents: Manifest) -> None:
        self.files[path] = documents_text(documents)

    def root(self, path: str, *documents: Manifest) -> None:
        """What is applied by hand."""
        self.write(path, *documents)
        self.roots.append(path)

    def other(self, files: Mapping[str, Content]) -> str:
        """A repository beside this one; its URL."""
        name = f"{self.name}-other-{len(self.others) + 1}"
        self.others[name] = files
        return self.ground.url(name)

    def named(self, name: str) -> str:
        """A name of the scene's own."""
        return f"{self.name}--{name}"

    def source(self, path: str, **more: Any) -> dict[str, Any]:
        return {"repoURL": self.url, "path": path, "targetRevision": "main", **more}

    def application(self, name: str, spec: Mapping[str, Any], **metadata: Any) -> Manifest:
        """An Application that there has to be. `name` is without the scene's."""
        full = self.named(name)
        self.applications.add(full)
        return argo(APPLICATION, full, {**self.spec(), **spec}, **metadata)

    def parent(self, name: str, path: str, **source: Any) -> Manifest:
        """An Application that applies other Applications."""
        spec = {
            "source": self.source(path, **source),
            "destination": {"server": IN_CLUSTER_SERVER, "namespace": NAMESPACE},
            "syncPolicy": {"automated": {"prune": True}},
        }
        return self.application(name, spec)

    def spec(self) -> dict[str, Any]:
        """What every Application needs beside its source."""
        return {"project": "default", "destination": {"server": IN_CLUSTER_SERVER, "namespace": self.name}}

    def scene(self, features: Sequence[str]) -> Scene:
        return Scene(
            *(self.name, self.url, tuple(features), self.files, tuple(self.roots)),
            *(frozenset(self.applications), self.refusals, self.others),
        )


def argo(kind: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> Manifest:
    meta = {"name": name, "namespace": NAMESPACE, **metadata}
    return {"apiVersion": VERSION, "kind": kind, "metadata": meta, "spec": dict(spec)}
