"""Clusters that not everything may be done to; a story may reach those that its own name begins with."""

from pathlib import Path
from typing import Any

import yaml

from tests.sandbox.cluster import observe
from tests.stories.bot import free_port
from tests.stories.town import Town, cluster

_USER = "limited-in-what-it-may-do"
_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"


def districts(town: Town) -> dict[str, Any]:
    """`narrow`: the operator allows its own namespaces. `limited`: RBAC knows no Secrets. `lost`: nobody answers."""
    limited = town.access.kubeconfig(_USER)
    return {
        "narrow": cluster(town, "narrow", repository=town.path("narrow-*"), namespaces=["narrow-*"]),
        "limited": cluster(town, "limited", limited, repository=town.path("limited-*")),
        "lost": cluster(town, "lost", nowhere(town.bot.directory), repository=town.path("lost-*")),
    }


async def grant(town: Town) -> None:
    """What the limited user may do, unless another process has granted it."""
    if await observe.read(town.cluster, f"{_BINDINGS}/{_USER}") is not None:
        return
    api = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": _USER}}
    rules = [
        {"apiGroups": ["", "coordination.k8s.io"], "resources": ["configmaps", "leases"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "create"]},
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _USER}
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": _USER}
    for path, body in (
        (_ROLES, {**api, "kind": "ClusterRole", "rules": rules}),
        (_BINDINGS, {**api, "kind": "ClusterRoleBinding", "roleRef": role, "subjects": [user]}),
    ):
        async with town.cluster.post(path, json=body) as response:
            assert response.status in {201, 409}, await response.text()


def nowhere(directory: Path) -> Path:
    """A kubeconfig for an address where nobody listens."""
    return kubeconfig_of(directory / "nowhere.kubeconfig", f"http://127.0.0.1:{free_port()}")


def kubeconfig_of(path: Path, server: str) -> Path:
    """A kubeconfig for whoever listens there, as nobody in particular; written to `path`."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "there",
        "contexts": [{"name": "there", "context": {"cluster": "there", "user": "nobody"}}],
        "clusters": [{"name": "there", "cluster": {"server": server}}],
        "users": [{"name": "nobody", "user": {}}],
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path
