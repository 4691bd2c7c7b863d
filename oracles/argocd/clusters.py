"""The clusters that Argo CD knows beside its own: the one control plane, under other names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from bot.model.objects import Manifest
from tests.sandbox.cluster import ClusterAccess

NAMESPACE = "argocd"
IN_CLUSTER = "in-cluster"
IN_CLUSTER_SERVER = "https://kubernetes.default.svc"
_TYPE = "argocd.argoproj.io/secret-type"


@dataclass(frozen=True, slots=True)
class Declared:
    """A cluster as its Secret declares it."""

    name: str
    server: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def secret(self, config: str = "{}") -> Manifest:
        """`config` holds the credentials, and is in no Git."""
        metadata = {
            "name": f"cluster-{self.name}",
            "namespace": NAMESPACE,
            "labels": {_TYPE: "cluster", **self.labels},
            "annotations": dict(self.annotations),
        }
        data = {"name": self.name, "server": self.server, "config": config}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


def declared_clusters(port: int) -> tuple[Declared, ...]:
    """Two, which lie on one API server: its address has two names, and its certificate knows both."""
    return tuple(
        Declared(
            name, f"https://{host}:{port}", {"env": name, "tier": tier}, {"domain": f"{name}.example.invalid"}
        )
        for name, host, tier in (("production", "localhost", "two"), ("staging", "127.0.0.1", "one"))
    )


def credentials(access: ClusterAccess) -> str:
    """A cluster Secret's `config`, for the administrator."""
    kubeconfig = yaml.safe_load(access.admin_kubeconfig.read_text(encoding="utf-8"))
    user, cluster = kubeconfig["users"][0]["user"], kubeconfig["clusters"][0]["cluster"]
    tls = {
        "caData": cluster["certificate-authority-data"],
        "certData": user["client-certificate-data"],
        "keyData": user["client-key-data"],
    }
    return json.dumps({"tlsClientConfig": tls})
