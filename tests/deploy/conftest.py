"""A cluster into which deploy/ was put as its README says, without the processes."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from bot.kube.client import KubeClient
from bot.kube.connection import Connection
from tests.deploy.rendered import manifests
from tests.sandbox.cluster import ClusterAccess
from tests.sandbox.cluster.administer import apply
from tests.sandbox.cluster.observe import read, until

NOT_WORKLOADS = {"Namespace", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}


@pytest_asyncio.fixture
async def operator(control_plane: ClusterAccess) -> AsyncIterator[KubeClient]:
    """The cluster's administrator, after `kustomize build deploy/home | kubectl apply` less the workloads."""
    path = await asyncio.to_thread(lambda: control_plane.admin_kubeconfig)
    async with KubeClient(Connection("test", path)) as client:
        for manifest in [*manifests("home"), *manifests("cluster-access/cluster-scoped")]:
            if manifest["kind"] in NOT_WORKLOADS:
                await apply(client, manifest)
        async with control_plane.session() as session:

            async def aggregated() -> bool:
                role = await read(
                    session, "/apis/rbac.authorization.k8s.io/v1/clusterroles/longshore-delivery"
                )
                return bool(role and role.get("rules"))

            await until(aggregated)
        yield client
