import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from bot.kube.client import KubeClient
from bot.kube.connection import Connection
from tests.sandbox.cluster import ClusterAccess


@pytest_asyncio.fixture
async def client(control_plane: ClusterAccess) -> AsyncIterator[KubeClient]:
    path = await asyncio.to_thread(lambda: control_plane.admin_kubeconfig)
    async with KubeClient(Connection("test", path)) as made:
        yield made
