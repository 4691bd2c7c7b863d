"""What a Flux object says beside what it renders to: how often, as whom, after what and how carefully it is applied.

None of it changes a rendering. It is kept so that a change in it shows, and for the engine that asks Flux.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.refs import ObjectRef


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another object of the same kind that must be ready first; by `ready_expr`, in CEL, where that is given."""

    namespace: str
    name: str
    ready_expr: str = ""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    api_version: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class HealthExpr:
    """How the health of a custom resource is told, in CEL."""

    api_version: str
    kind: str
    current: str
    in_progress: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """JSON pointers whose drift is let be, in the objects that `target` selects; in all where it is empty."""

    paths: tuple[str, ...]
    target: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KubeConfig:
    """The objects go to another cluster, which this Secret (or ConfigMap) of the object's own namespace names."""

    secret: str = ""
    key: str = ""
    config_map: str = ""


@dataclass(frozen=True, slots=True)
class FluxSettings:
    """`ref` is the object itself, `source` what it takes its files or its chart from, None where it names nothing;
    `source_at` is the file that declares that one, empty where nobody knows.

    Durations are in seconds, 0 where none is given. `deletion_policy` is empty where the kind has none;
    `drift_detection` is its mode. `other` holds the fields of `spec` that nothing else of the target speaks for, as
    they were written: what Helm does when it installs and upgrades, and fields that this version does not know.
    """

    ref: ObjectRef
    api_version: str
    source: ObjectRef | None = None
    is_suspended: bool = False
    interval_s: float = 0.0
    retry_interval_s: float = 0.0
    service_account: str = ""
    kube_config: KubeConfig | None = None
    is_forced: bool = False
    deletion_policy: str = ""
    depends_on: tuple[Dependency, ...] = ()
    health_checks: tuple[HealthCheck, ...] = ()
    health_exprs: tuple[HealthExpr, ...] = ()
    drift_detection: str = ""
    ignore: tuple[IgnoreRule, ...] = ()
    storage_namespace: str = ""
    other: Mapping[str, Any] = field(default_factory=dict)
    source_at: str = field(default="", compare=False)
