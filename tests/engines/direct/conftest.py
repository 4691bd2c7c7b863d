import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.engines.direct.world import World
from tests.sandbox.cluster import ClusterAccess


@pytest_asyncio.fixture
async def world(control_plane: ClusterAccess, cluster_namespace: str) -> AsyncIterator[World]:
    path = await asyncio.to_thread(lambda: control_plane.admin_kubeconfig)
    made = World(path, cluster_namespace)
    yield made
    await made.close()
