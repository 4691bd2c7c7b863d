"""One repository that is tried, and how its parts are written down.

A scene is a repository of its own with a root Kustomization as `flux bootstrap` leaves it. Everything of it lies in
namespaces of its own, so that many are tried on one control plane at the same time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.model.objects import Manifest
from oracles.documents import Content, documents_text, namespace
from oracles.trials import Refusal

CLUSTER = "test"
SYNC = "flux-system/sync.yaml"
RETRY_S = 2
ROOT = "flux-system"


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository to try. `name` is the namespace that its Flux objects and most others lie in.

    `features` is what is tried; of several, they are tried together. `given` lies in the cluster before, and is in no
    Git. `refusals` are expected, by the Kustomization's name.
    """

    name: str
    url: str
    features: tuple[str, ...]
    files: Mapping[str, Content]
    given: tuple[Manifest, ...] = ()
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    cluster: str = CLUSTER

    @property
    def namespaces(self) -> frozenset[str]:
        """Where Flux objects of it may lie: a targetNamespace moves them too."""
        return frozenset({self.name, other_namespace(self.name)})

    @property
    def sync(self) -> list[Manifest]:
        """The root's own objects, which somebody has to apply by hand the first time."""
        content = self.files[f"clusters/{self.cluster}/{SYNC}"]
        assert isinstance(content, str)
        return list(yaml.safe_load_all(content))


class Script:
    """Writes a scene."""

    def __init__(self, name: str, url: str, cluster: str = CLUSTER) -> None:
        self.name = name
        self.url = url
        self.cluster = cluster
        self.other = other_namespace(name)
        self.files: dict[str, Content] = {}
        self.given: list[Manifest] = [namespace(name), namespace(self.other)]
        self.refusals: dict[str, Refusal] = {}
        source = {"interval": "1h", "url": url, "ref": {"branch": "main"}}
        repository = flux("source.toolkit.fluxcd.io/v1", "GitRepository", name, ROOT, source)
        self.sync = [repository, self._kustomization(ROOT, f"./clusters/{cluster}", {})]

    def write(self, path: str, *documents: Manifest) -> None:
        self.files[path] = documents_text(documents)

    def kustomization(self, name: str, path: str, spec: Mapping[str, Any]) -> None:
        """A Flux Kustomization beside the root's directory, which the root applies."""
        self.write(f"clusters/{self.cluster}/{name}.yaml", self._kustomization(name, path, spec))

    def _kustomization(self, name: str, path: str, spec: Mapping[str, Any]) -> Manifest:
        always = {
            "interval": "1h",
            "retryInterval": f"{RETRY_S}s",
            "timeout": "1m",
            "prune": True,
            "path": path,
            "sourceRef": {"kind": "GitRepository", "name": ROOT},
        }
        return flux("kustomize.toolkit.fluxcd.io/v1", "Kustomization", self.name, name, {**always, **spec})

    def scene(self, features: Sequence[str]) -> Scene:
        self.write(f"clusters/{self.cluster}/{SYNC}", *self.sync)
        return Scene(
            *(self.name, self.url, tuple(features), self.files, tuple(self.given), self.refusals),
            cluster=self.cluster,
        )


def other_namespace(name: str) -> str:
    return f"{name}-other"


def flux(version: str, kind: str, where: str, name: str, spec: Mapping[str, Any]) -> Manifest:
    metadata = {"name": name, "namespace": where}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": dict(spec)}
