"""Valid Flux objects with every field set, and how to read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.discover.flux import Sources, helm_release_target, kustomization_target
from bot.discover.objects import DeclaredObject
from bot.discover.repository import RepositoryIdentity
from bot.model.target import Target

Json = dict[str, Any]

HERE = RepositoryIdentity.of(["https://github.com/acme/fleet"])
SELECTOR = {
    "group": "apps",
    "version": "v1",
    "kind": "Deployment",
    "name": "web",
    "namespace": "shop",
    "labelSelector": "app=web",
    "annotationSelector": "team=shop",
}
HEALTH_EXPRS = [
    {
        "apiVersion": "acme.example/v1",
        "kind": "Shop",
        "current": "status.ok",
        "inProgress": "!status.ok",
        "failed": "status.bad",
    }
]
METADATA = {"labels": {"team": "shop"}, "annotations": {"owner": "ops"}}
PATCHES = [{"patch": "kind: Deployment\nmetadata:\n  name: web\n", "target": SELECTOR}]
IMAGES = [{"name": "nginx", "newName": "acme/nginx", "newTag": "1.2", "digest": "sha256:0"}]
MERGE = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 2}}
OPERATIONS = {"patch": [{"op": "replace", "path": "/spec/replicas", "value": 3}], "target": SELECTOR}
DEPENDS_ON = [{"name": "infra", "namespace": "base", "readyExpr": "dep.status.ready"}]
IGNORE = [{"paths": ["/spec/replicas"], "target": SELECTOR}]

KUSTOMIZATION: Json = {
    "sourceRef": {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "name": "flux-system",
        "namespace": "flux-system",
    },
    "path": "./apps",
    "targetNamespace": "shop",
    "namePrefix": "eu-",
    "nameSuffix": "-blue",
    "commonMetadata": METADATA,
    "patches": PATCHES,
    "images": IMAGES,
    "components": ["../components/tls"],
    "ignoreMissingComponents": True,
    "buildMetadata": ["originAnnotations"],
    "postBuild": {
        "substitute": {"region": "eu"},
        "substituteFrom": [{"kind": "ConfigMap", "name": "settings", "optional": True}],
        "substituteStrategy": "Always",
    },
    "interval": "10m",
    "retryInterval": "1m",
    "timeout": "3m",
    "prune": True,
    "wait": True,
    "force": True,
    "suspend": True,
    "deletionPolicy": "Orphan",
    "dependsOn": DEPENDS_ON,
    "healthChecks": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"}],
    "healthCheckExprs": HEALTH_EXPRS,
    "kubeConfig": {"secretRef": {"name": "remote", "key": "value"}},
    "serviceAccountName": "deployer",
    "ignore": IGNORE,
}
OLD_KUSTOMIZATION: Json = {
    **KUSTOMIZATION,
    "patchesStrategicMerge": [MERGE],
    "patchesJson6902": [OPERATIONS],
    "validation": "client",
}
ACTION: Json = {
    "timeout": "2m",
    "disableHooks": True,
    "disableWait": True,
    "disableWaitForJobs": True,
    "strategy": {"name": "RetryOnFailure", "retryInterval": "5m"},
    "crds": "CreateReplace",
    "disableTakeOwnership": True,
    "disableOpenAPIValidation": True,
    "disableSchemaValidation": True,
}
REMEDIATION: Json = {"retries": 3, "ignoreTestFailures": True, "remediateLastFailure": True}
HELM_RELEASE: Json = {
    "chart": {
        "metadata": METADATA,
        "spec": {
            "chart": "podinfo",
            "version": ">=6.0.0",
            "sourceRef": {"kind": "HelmRepository", "name": "podinfo", "namespace": "flux-system"},
            "interval": "5m",
            "reconcileStrategy": "ChartVersion",
            "valuesFiles": ["values.yaml", "values-eu.yaml"],
            "ignoreMissingValuesFiles": True,
            "verify": {"provider": "cosign", "secretRef": {"name": "keys"}},
        },
    },
    "releaseName": "web",
    "targetNamespace": "shop",
    "storageNamespace": "helm",
    "values": {"replicas": 2, "ingress": None},
    "valuesFrom": [
        {
            "kind": "Secret",
            "name": "values",
            "valuesKey": "password",
            "targetPath": "auth.password",
            "optional": True,
            "literal": True,
        }
    ],
    "postRenderers": [{"kustomize": {"patches": PATCHES, "images": IMAGES}}],
    "postRenderStrategy": "separate",
    "commonMetadata": METADATA,
    "install": {
        **ACTION,
        "remediation": REMEDIATION,
        "serverSideApply": True,
        "replace": True,
        "skipCRDs": True,
        "createNamespace": True,
    },
    "upgrade": {
        **ACTION,
        "remediation": {**REMEDIATION, "strategy": "rollback"},
        "serverSideApply": "auto",
        "chartNameChangeStrategy": "Reinstall",
        "force": True,
        "preserveValues": True,
        "cleanupOnFail": True,
    },
    "rollback": {"timeout": "1m", "recreate": True, "force": True, "cleanupOnFail": True},
    "uninstall": {"timeout": "1m", "keepHistory": True, "deletionPropagation": "orphan"},
    "test": {"enable": True, "ignoreFailures": True, "filters": [{"name": "smoke", "exclude": True}]},
    "interval": "10m",
    "timeout": "3m",
    "suspend": True,
    "dependsOn": DEPENDS_ON,
    "serviceAccountName": "deployer",
    "kubeConfig": {"configMapRef": {"name": "remote"}},
    "driftDetection": {"mode": "enabled", "ignore": IGNORE},
    "healthCheckExprs": HEALTH_EXPRS,
    "waitStrategy": {"name": "poller"},
    "maxHistory": 3,
    "persistentClient": False,
}
OLD_HELM_RELEASE: Json = {
    **HELM_RELEASE,
    "chart": {"spec": {**HELM_RELEASE["chart"]["spec"], "valuesFile": "old.yaml"}},
    "postRenderers": [
        {"kustomize": {"patchesStrategicMerge": [MERGE], "patchesJson6902": [OPERATIONS], "patches": PATCHES}}
    ],
}


def source(name: str, url: str, namespace: str = "flux-system", **spec: Any) -> Json:
    return declared("GitRepository", name, namespace, url=url, **spec)


def declared(kind: str, name: str, namespace: str = "flux-system", **spec: Any) -> Json:
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"interval": "1h", **spec},
    }


def kustomization(spec: Any, version: str = "v1", **metadata: Any) -> Json:
    return {
        "apiVersion": f"kustomize.toolkit.fluxcd.io/{version}",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system", **metadata},
        "spec": spec,
    }


def helm_release(spec: Any, version: str = "v2", **metadata: Any) -> Json:
    return {
        "apiVersion": f"helm.toolkit.fluxcd.io/{version}",
        "kind": "HelmRelease",
        "metadata": {"name": "podinfo", "namespace": "apps", **metadata},
        "spec": spec,
    }


FLEET = source("flux-system", "ssh://git@github.com/acme/fleet.git")
PODINFO = declared("HelmRepository", "podinfo", url="https://charts.example/podinfo")


def known(*manifests: Json) -> Sources:
    return Sources.of(manifests or (FLEET, PODINFO), HERE)


def found(manifest: Mapping[str, Any]) -> DeclaredObject:
    return DeclaredObject(dict(manifest), "clusters/a/apps.yaml", 1)


def target(sources: Sequence[Json] = (), /, *, version: str = "v1", **spec: Any) -> Target:
    """A Kustomization of the repository at hand, with these fields."""
    minimal = {
        "path": "./apps",
        "prune": True,
        "interval": "10m",
        "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
    }
    return kustomization_target(found(kustomization({**minimal, **spec}, version)), known(*sources), "a")


def release(sources: Sequence[Json] = (), /, *, version: str = "v2", **spec: Any) -> Target:
    """A HelmRelease of the chart podinfo, with these fields; one set to None is left out."""
    minimal = {"interval": "10m", "chart": chart()}
    written = {name: value for name, value in {**minimal, **spec}.items() if value is not None}
    return helm_release_target(found(helm_release(written, version)), known(*sources), "a")


def chart(kind: str = "HelmRepository", name: str = "podinfo", **spec: Any) -> Json:
    reference = {"kind": kind, "name": name, "namespace": "flux-system"}
    return {"spec": {"chart": "podinfo", "sourceRef": reference, **spec}}
