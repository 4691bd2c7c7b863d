"""The part of `config.yaml` about clusters: how they are reached, what may be delivered to them, what they serve."""

import fnmatch
import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from bot.config.team import Name
from bot.config.types import Model, RepoPath, RepositoryPattern
from bot.model.objects import ObjectId

_KUBE_VERSION = re.compile(r"v?[0-9]+\.[0-9]+(\.[0-9]+)?([-+][-+.0-9A-Za-z]+)?")


def kube_version(value: object) -> str:
    """Raises ValueError for what is no version of Kubernetes."""
    if isinstance(value, int | float):
        raise ValueError(f"write the version in quotes: YAML takes it for the number {value:g}")  # noqa: TRY004 - pydantic reads ValueError
    if not isinstance(value, str) or not _KUBE_VERSION.fullmatch(value):
        raise ValueError(f"{str(value)[:80]!r} is not a version of Kubernetes like 1.34.2")
    return value


KubeVersion = Annotated[str, BeforeValidator(kube_version)]
ApiVersion = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9.-]{1,253}/)?v[a-z0-9]{1,62}(/[A-Za-z][A-Za-z0-9]{0,62})?$")
]


Server = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]{1,253}(/[^\s?#]*)?$")]


class Allow(Model):
    """What may be delivered to a cluster. Nothing is allowed that no entry allows."""

    repository: RepositoryPattern = Field(examples=["acme/fleet"])
    """`OWNER/NAME`; `*` stands for any part of a name."""
    branches: tuple[str, ...] = Field(default=("main",), examples=[["main"]])
    """Branches, with `*` as a wildcard."""
    paths: tuple[RepoPath, ...] = Field(default=("*",), examples=[["apps/*", "clusters/staging"]])
    """Directories a target may render; `*` stands for anything, slashes included."""
    namespaces: tuple[str, ...] = Field(default=(), examples=[["shop", "team-*"]])
    """Namespaces that may be written to, with `*` as a wildcard. Creating one of them is allowed too."""
    kinds: tuple[str, ...] = Field(default=(), examples=[["*"]])
    """Kinds that may be written (`Deployment.apps`, `Service`, `*.networking.k8s.io`). Empty: every namespaced kind."""
    cluster_scoped: bool = False
    """Also allow objects outside any namespace, such as CRDs and ClusterRoles."""

    def admits_repository(self, repository: str) -> bool:
        return fnmatch.fnmatchcase(repository.lower(), self.repository.lower())

    def admits_branch(self, repository: str, branch: str) -> bool:
        return self.admits_repository(repository) and _any(branch, self.branches)

    @property
    def lets_write(self) -> bool:
        """Whether it covers any object at all."""
        return bool(self.namespaces) or self.cluster_scoped

    def admits_source(self, repository: str, branch: str, path: str) -> bool:
        return self.admits_branch(repository, branch) and _any(path, self.paths)

    def admits_object(self, identity: ObjectId, *, namespaced: bool) -> bool:
        """Whether the object may be written. `identity` holds the namespace it will really have."""
        kind = f"{identity.kind}.{identity.group}" if identity.group else identity.kind
        if self.kinds and not _any(kind, self.kinds):
            return False
        if namespaced:
            return _any(identity.namespace, self.namespaces)
        if identity.kind == "Namespace" and not identity.group:
            return _any(identity.name, self.namespaces)
        return self.cluster_scoped


class Cluster(Model):
    """One API server to deliver to."""

    kubeconfig: Path | None = Field(default=None, examples=["/etc/longshore/staging.kubeconfig"])
    """Path of a kubeconfig file. Left out: the identity of the pod Longshore runs in."""
    context: str | None = Field(default=None, examples=["staging"])
    """The context in it; its current one when left out."""
    impersonate: str | None = Field(default=None, examples=["system:serviceaccount:longshore-system:staging"])
    """Deliver as this user."""
    environment: Name = Field(examples=["staging"])
    """The environment its deployments are reported under."""
    labels: dict[str, str] = Field(default={}, examples=[{"region": "eu"}])
    """Free labels to tell clusters apart."""
    server: Server | None = Field(default=None, examples=["https://staging.example.com:6443"])
    """The address by which Argo CD knows it: Applications that go there are shown under this cluster's name, and cluster
    generators of ApplicationSets find it by its `labels`, where no Secret in the repository declares it."""
    namespace: Name = "longshore-system"
    """Where Longshore keeps its records and leases in the cluster."""
    kube_version: KubeVersion | None = Field(default=None, examples=["1.34.2"])
    """The version of Kubernetes that charts are rendered for. Left out: the cluster is asked, as for what it serves."""
    api_versions: tuple[ApiVersion, ...] = Field(
        default=(), max_length=5000, examples=[["monitoring.coreos.com/v1"]]
    )
    """What charts are told that the cluster serves, beside what it says itself or, with `kubeVersion`, what Helm knows of
    Kubernetes: `GROUP/VERSION` or `GROUP/VERSION/KIND`."""
    allow: tuple[Allow, ...] = ()
    """What may be delivered to it. Empty: nothing. A repository that an entry names is also told what the cluster serves,
    where its charts ask."""

    def is_given_to(self, repository: str) -> bool:
        """Whether an entry of `allow` is for the repository, whatever it allows."""
        return any(rule.admits_repository(repository) for rule in self.allow)

    def is_written_from(self, repository: str, branch: str) -> bool:
        """Whether an entry of `allow` lets the branch write anything."""
        return any(rule.lets_write and rule.admits_branch(repository, branch) for rule in self.allow)


def _any(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)
