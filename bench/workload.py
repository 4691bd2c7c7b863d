"""500 objects of the kinds that a namespace is full of."""

from typing import Any

import yaml

Manifest = dict[str, Any]

APPS, CONFIG_MAPS = 50, 250
OBJECTS = APPS * 5 + CONFIG_MAPS


def manifests(namespace: str, edition: int) -> list[Manifest]:
    """Two editions differ in one ConfigMap."""
    apps = [manifest for number in range(APPS) for manifest in _app(f"app-{number:02}")]
    maps = [
        _config_map(number, edition if number == CONFIG_MAPS // 2 else 0) for number in range(CONFIG_MAPS)
    ]
    found = [*apps, *maps]
    for manifest in found:
        manifest["metadata"]["namespace"] = namespace
    return found


def as_yaml(found: list[Manifest]) -> str:
    return yaml.dump_all(found, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)


def _config_map(number: int, edition: int) -> Manifest:
    data = {f"setting-{n}": f"value {n * number} of edition {edition}" for n in range(8)}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"settings-{number:03}"},
        "data": data,
    }


def _app(name: str) -> list[Manifest]:
    labels = {"app.kubernetes.io/name": name}
    container = {
        "name": "main",
        "image": f"registry.example.test/{name}:1.0.0",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "NAME", "value": name}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    pod = {"serviceAccountName": name, "terminationGracePeriodSeconds": 0, "containers": [container]}
    group = "rbac.authorization.k8s.io"
    return [
        _object("v1", "ServiceAccount", name, {}),
        _object(
            "v1", "Service", name, {"spec": {"selector": labels, "ports": [{"name": "http", "port": 80}]}}
        ),
        _object(
            f"{group}/v1",
            "Role",
            name,
            {"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]},
        ),
        _object(
            f"{group}/v1",
            "RoleBinding",
            name,
            {
                "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": name}],
            },
        ),
        _object(
            "apps/v1",
            "Deployment",
            name,
            {
                "spec": {
                    "replicas": 1,
                    "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": pod},
                }
            },
        ),
    ]


def _object(api_version: str, kind: str, name: str, body: Manifest) -> Manifest:
    labels = {"app.kubernetes.io/name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": labels}, **body}
