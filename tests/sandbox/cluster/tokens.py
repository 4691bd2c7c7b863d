"""Kubeconfigs of ServiceAccounts, as `kubectl create token` makes them possible."""

import asyncio
from pathlib import Path

import yaml

from tests.sandbox.cluster.access import ClusterAccess

EXPIRES_S = 24 * 3600


async def token_kubeconfig(access: ClusterAccess, namespace: str, account: str, path: Path) -> Path:
    """A kubeconfig at `path` that acts as the ServiceAccount; what it may do is up to RBAC."""
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": EXPIRES_S},
    }
    url = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    async with access.session() as session, session.post(url, json=review) as response:
        assert response.status == 201, await response.text()
        token = (await response.json())["status"]["token"]
    await asyncio.to_thread(_write, path, access, account, token)
    return path


def _write(path: Path, access: ClusterAccess, account: str, token: str) -> None:
    cluster = {"server": access.server, "certificate-authority": str(access.authority_file)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "sandbox",
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": account}}],
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": account, "user": {"token": token}}],
    }
    # In one step: whoever waits for it must not read half of it.
    fresh = path.with_name(f".{path.name}")
    fresh.touch(mode=0o600)
    fresh.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    fresh.replace(path)
