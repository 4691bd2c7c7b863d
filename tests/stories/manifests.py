"""The files of a GitOps repository, as short as a story needs them."""

from collections.abc import Mapping
from typing import Any

import yaml

from tests.sandbox.forge.core.git_objects import File, Files

__all__ = ["NS", "Content", "Files"]

NS = "namespace-of-the-story"
"""Stands for the story's own namespace in everything it pushes."""

Content = str | bytes | File | None


def document(*values: Any) -> str:
    return yaml.safe_dump_all(values, sort_keys=False, allow_unicode=True)


def team(*targets: dict[str, Any]) -> str:
    """`.longshore.yaml`."""
    return document({"targets": list(targets)})


def target(name: str, *, cluster: str = "staging", path: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "cluster": cluster, "path": path or name, "renderer": "plain", **more}


def kustomization(*resources: str, **more: Any) -> str:
    return document({"resources": list(resources), **more})


def thing(kind: str, name: str, namespace: str = "", *, api: str = "v1", **body: Any) -> str:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **body.pop("metadata", {})}
    return document({"apiVersion": api, "kind": kind, "metadata": metadata, **body})


def config_map(name: str, namespace: str = "", **data: str) -> str:
    return thing("ConfigMap", name, namespace, data=data or {"key": "value"})


def secret(name: str, namespace: str = "", **data: str) -> str:
    return thing("Secret", name, namespace, stringData=data)


def deployment(
    name: str,
    namespace: str = "",
    *,
    image: str = "nginx:1.25",
    replicas: int = 1,
    annotations: Mapping[str, str] | None = None,
) -> str:
    """`annotations` are those of its pods: `sandbox.longshore/pod: stuck` and the like."""
    labels = {"app": name}
    pod = {
        "metadata": {"labels": labels, "annotations": dict(annotations or {})},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "main", "image": image}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod}
    return thing("Deployment", name, namespace, api="apps/v1", spec=spec)


def crd(group: str, kind: str, plural: str) -> str:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    return thing("CustomResourceDefinition", f"{plural}.{group}", api="apiextensions.k8s.io/v1", spec=spec)
