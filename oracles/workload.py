"""A workload with what usually surrounds it, as objects by file."""

from random import Random
from typing import Any

from bot.model.objects import Manifest


def workload(name: str, home: str, pick: Random) -> dict[str, list[Manifest]]:
    """In the namespace `home`; which objects surround it is a matter of chance."""
    objects = {
        "deployment.yaml": [_deployment(name, home, pick)],
        "service.yaml": [_service(name, home)],
        "config.yaml": [_config(name, home)],
    }
    for file, make in pick.sample(sorted(_MORE.items()), k=3):
        objects[file] = make(name, home)
    return objects


def without_namespace(manifest: Manifest) -> Manifest:
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
    return {**manifest, "metadata": metadata}


def _meta(name: str, home: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": home, "labels": {"app": name}, **more}


def _deployment(name: str, home: str, pick: Random) -> Manifest:
    container = {
        "name": "main",
        "image": "registry.example.invalid/shop/web:1.2.3",
        "ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9090, "protocol": "TCP"}],
        "env": [{"name": "MODE", "value": "plain"}, {"name": "PORT", "value": "8080"}],
        "resources": {"requests": {"cpu": pick.choice([0.5, "250m", "1"]), "memory": "64Mi"}},
        "envFrom": [{"configMapRef": {"name": name}}],
    }
    sidecar = {"name": "side", "image": "registry.example.invalid/shop/side", "args": ["--quiet"]}
    pods = {
        "metadata": {"labels": {"app": name}, "annotations": {"note": "yes"}},
        "spec": {"containers": [container, sidecar], "terminationGracePeriodSeconds": 5},
    }
    selector = {"matchLabels": {"app": name}}
    spec = {"replicas": pick.choice([0, 1]), "selector": selector, "template": pods}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _meta(name, home), "spec": spec}


def _service(name: str, home: str) -> Manifest:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "more", "port": 9090}]
    spec = {"selector": {"app": name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _meta(name, home), "spec": spec}


def _config(name: str, home: str) -> Manifest:
    data = {
        "yes": "yes",
        "number": "0123",
        "float": "1e3",
        "empty": "",
        "lines": "one\ntwo\n\nfour: [1, 2]\n",
        "spaces": "  leading and trailing  ",
        "quotes": 'it\'s "quoted" \\ and #not a comment',
        "umlaut": "größe ☃",
    }
    metadata = _meta(name, home, annotations={"example.invalid/empty": "", "example.invalid/number": "12"})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _account(name: str, home: str) -> list[Manifest]:
    role = f"{home}-{name}"
    rules = [{"apiGroups": ["", "apps"], "resources": ["pods", "deployments"], "verbs": ["get", "list"]}]
    subject = {"kind": "ServiceAccount", "name": name, "namespace": home}
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    rbac = "rbac.authorization.k8s.io/v1"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta(name, home)},
        {"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": role}, "rules": rules},
        {"apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": role}, "roleRef": ref,
         "subjects": [subject]},
    ]  # fmt: skip


def _secret(name: str, home: str) -> list[Manifest]:
    both = {"data": {"token": "c2VjcmV0"}, "stringData": {"user": "somebody", "number": "42"}}
    return [{"apiVersion": "v1", "kind": "Secret", "metadata": _meta(name, home), "type": "Opaque", **both}]


def _ingress(name: str, home: str) -> list[Manifest]:
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rules = [{"host": f"{name}.example.invalid", "http": {"paths": [path]}}]
    spec = {"ingressClassName": "none", "rules": rules}
    version = "networking.k8s.io/v1"
    return [{"apiVersion": version, "kind": "Ingress", "metadata": _meta(name, home), "spec": spec}]


def _scaler(name: str, home: str) -> list[Manifest]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": cpu}]}  # fmt: skip
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}}
    return [
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": _meta(name, home),
         "spec": spec},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": _meta(name, home),
         "spec": budget},
    ]  # fmt: skip


def _cron(name: str, home: str) -> list[Manifest]:
    container = {"name": "job", "image": "registry.example.invalid/shop/job:2", "command": ["true"]}
    pod = {"restartPolicy": "Never", "containers": [container]}
    spec = {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    return [{"apiVersion": "batch/v1", "kind": "CronJob", "metadata": _meta(name, home), "spec": spec}]


def own_kind(name: str, home: str) -> list[Manifest]:
    """A kind of the scene's own, and one of it: the definition has to come first."""
    group, plural, kind = f"{home}.example.invalid", "gadgets", "Gadget"
    properties = {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True,
               "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}}}  # fmt: skip
    names = {"plural": plural, "singular": "gadget", "kind": kind, "listKind": "GadgetList"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                  "metadata": {"name": f"{plural}.{group}"}, "spec": spec}  # fmt: skip
    gadget = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": _meta(name, home),
              "spec": {"image": "registry.example.invalid/shop/web:1.2.3", "list": [1, "two", None], "zero": 0,
                       "float": 1.5, "deep": {"empty": {}, "none": []}}}  # fmt: skip
    return [gadget, definition]


def _network(name: str, home: str) -> list[Manifest]:
    spec = {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"port": 8080}, {"port": "http", "protocol": "TCP"}]}]}  # fmt: skip
    version = "networking.k8s.io/v1"
    return [{"apiVersion": version, "kind": "NetworkPolicy", "metadata": _meta(name, home), "spec": spec}]


_MORE = {
    "account.yaml": _account,
    "secret.yaml": _secret,
    "ingress.yaml": _ingress,
    "scaler.yaml": _scaler,
    "cron.yaml": _cron,
    "gadget.yaml": own_kind,
    "network.yaml": _network,
}
