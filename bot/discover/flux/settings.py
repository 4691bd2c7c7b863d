"""What a Kustomization and a HelmRelease say alike of how they are applied."""

from collections.abc import Collection
from typing import Any

from bot.discover.fields import duration_s, mapping, text
from bot.discover.flux.objects import Identity
from bot.discover.spec import Spec
from bot.model.flux import Dependency, FluxSettings, HealthCheck, HealthExpr, IgnoreRule, KubeConfig
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef


def settings(
    identity: Identity, spec: Spec, source: ObjectRef | None, spoken_for: Collection[str]
) -> FluxSettings:
    """`spoken_for` are the fields of `spec` that are to be found elsewhere on the target."""
    fields = spec.fields
    drift = fields.get("driftDetection")
    return FluxSettings(
        ref=identity.ref,
        api_version=f"{identity.group}/{identity.version}",
        source=source,
        is_suspended=fields.get("suspend") is True,
        interval_s=duration_s(fields.get("interval")),
        retry_interval_s=duration_s(fields.get("retryInterval")),
        service_account=text(fields, "serviceAccountName"),
        kube_config=_kube_config(fields.get("kubeConfig")),
        is_forced=fields.get("force") is True,
        deletion_policy=text(fields, "deletionPolicy"),
        depends_on=dependencies(fields, identity.ref.namespace),
        health_checks=tuple(
            HealthCheck(text(e, "apiVersion"), text(e, "kind"), text(e, "namespace"), text(e, "name"))
            for e in fields.get("healthChecks", ())
        ),
        health_exprs=tuple(map(_health_expr, fields.get("healthCheckExprs", ()))),
        drift_detection=text(mapping(drift), "mode") or ("disabled" if drift is not None else ""),
        ignore=tuple(map(_ignore_rule, mapping(drift).get("ignore") or fields.get("ignore", ()))),
        storage_namespace=text(fields, "storageNamespace"),
        other={name: value for name, value in spec.written.items() if name not in spoken_for},
    )


def why_contradictory(spec: Spec) -> str:
    """What the API server refuses although each field by itself is of its type."""
    config = spec.fields.get("kubeConfig")
    if config is not None and ("secretRef" in config) == ("configMapRef" in config):
        return "spec.kubeConfig needs either a secretRef or a configMapRef"
    return ""


def reference(value: Manifest | None, namespace: str) -> ObjectRef | None:
    """The source that a valid `sourceRef` or `chartRef` names; its namespace is the referring object's by default."""
    if not value or not (text(value, "kind") and text(value, "name")):
        return None
    return ObjectRef(text(value, "kind"), text(value, "namespace") or namespace, text(value, "name"))


def dependencies(fields: Manifest, namespace: str) -> tuple[Dependency, ...]:
    return tuple(
        Dependency(text(entry, "namespace") or namespace, text(entry, "name"), text(entry, "readyExpr"))
        for entry in fields.get("dependsOn", ())
        if text(entry, "name")
    )


def _kube_config(value: Any) -> KubeConfig | None:
    if value is None:
        return None
    secret = mapping(value.get("secretRef"))
    return KubeConfig(
        text(secret, "name"), text(secret, "key"), text(mapping(value.get("configMapRef")), "name")
    )


def _health_expr(entry: Manifest) -> HealthExpr:
    return HealthExpr(
        text(entry, "apiVersion"),
        text(entry, "kind"),
        text(entry, "current"),
        text(entry, "inProgress"),
        text(entry, "failed"),
    )


def _ignore_rule(entry: Manifest) -> IgnoreRule:
    return IgnoreRule(tuple(entry.get("paths", ())), dict(entry.get("target", {})))
