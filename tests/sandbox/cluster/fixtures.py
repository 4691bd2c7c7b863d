"""Fixtures for tests on the real control plane; list this module in a conftest's `pytest_plugins`.

Tests share one plane and keep to namespaces of their own. Those that disturb the API server take their own plane.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.background import BackgroundPlane
from tests.sandbox.cluster.shared import shared_plane


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[ClusterAccess]:
    """The control plane of this test run, the same one in every xdist worker."""
    base = tmp_path_factory.getbasetemp()
    with shared_plane((base if worker_id == "master" else base.parent) / "control-plane") as access:
        yield access


@pytest.fixture(scope="module")
def own_control_plane() -> Iterator[BackgroundPlane]:
    """A control plane that no other module sees: pause it, kill its API server, bring it back."""
    with BackgroundPlane() as plane:
        yield plane


@pytest_asyncio.fixture
async def cluster_namespace(control_plane: ClusterAccess) -> AsyncIterator[str]:
    """A fresh namespace in the shared plane; its removal is started, not awaited, when the test ends."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    async with control_plane.session() as session:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        async with session.post("/api/v1/namespaces", json=namespace) as response:
            response.raise_for_status()
        yield name
        async with session.delete(f"/api/v1/namespaces/{name}") as response:
            # A test may have removed it itself.
            if response.status != 404:
                response.raise_for_status()
