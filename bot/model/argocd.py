"""What an Application of Argo CD says beside what it renders to: where it goes, and how carefully it is applied.

None of it changes a rendering, but for the names and the installation. It is kept so that a change in it shows, and for
the engine that asks Argo CD.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.refs import ObjectRef


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the objects go, as it is written: `server` is a URL, `name` what Argo CD calls the cluster; one of both is empty.

    `namespace` is given to objects that have none.
    """

    server: str = ""
    name: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed sync is tried again: `limit` times, negative for ever, after `backoff_s`, each `factor` longer."""

    limit: int = 5
    backoff_s: float = 5.0
    factor: int = 2
    max_s: float = 180.0
    follows_revision: bool = False


@dataclass(frozen=True, slots=True)
class ArgoSaid:
    """What the operator says of an Argo CD, which counts more than files do: empty or None for what is left to them."""

    namespace: str = ""
    build_options: str | None = None


@dataclass(frozen=True, slots=True)
class ArgoInstallation:
    """What is known of the Argo CD that reads an Application, as far as it decides what becomes of it.

    `namespace` is the one that Argo CD itself runs in. `build_options` are the arguments that it gives kustomize, None
    where nothing says them; `kustomize_versions` are those that it has beside its own, with theirs.
    """

    namespace: str = "argocd"
    build_options: str | None = None
    kustomize_versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArgoSettings:
    """`ref` is the Application itself, `made_by` the ApplicationSet that generates it, None where it is written down.

    `revisions` are the sources' `targetRevision`s in their order. Without `is_automated` somebody has to start each
    sync. `wave` is the Application's own, among those that one parent declares. `deletes_objects` is set where the
    objects go with the Application. `installation` is the Argo CD that reads it. `other` holds the fields of `spec` that
    nothing else of the target speaks for, as they were written.
    """

    ref: ObjectRef
    project: str = "default"
    destination: Destination = field(default_factory=Destination)
    made_by: ObjectRef | None = None
    revisions: tuple[str, ...] = ()
    is_automated: bool = False
    prunes: bool = False
    heals: bool = False
    may_be_empty: bool = False
    sync_options: tuple[str, ...] = ()
    retry: Retry | None = None
    wave: int = 0
    deletes_objects: bool = False
    ignore_differences: tuple[Mapping[str, Any], ...] = ()
    installation: ArgoInstallation = field(default_factory=ArgoInstallation)
    other: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArgoCluster:
    """A cluster that Argo CD knows.

    `secret` is `NAMESPACE/NAME` of the Secret that it is read from, empty for what the operator names.

    `project` is the one that it is for alone, empty for all. `unknown_because` says why `name`, `server` and `project`
    are not known; the labels and annotations are.
    """

    name: str
    server: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    secret: str = ""
    unknown_because: str = ""

    @property
    def is_known(self) -> bool:
        return not self.unknown_because
