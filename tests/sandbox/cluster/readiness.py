"""When a control plane can be used, and the one node that makes it so."""

from __future__ import annotations

import aiohttp

NODE = "sandbox-node"
ROOM = {"cpu": "1k", "memory": "1Ti", "pods": "100k"}


async def is_ready(session: aiohttp.ClientSession) -> bool:
    """Whether the API server serves, its bootstrap roles and namespaces included."""
    async with session.get("/readyz") as response:
        return response.status == 200


async def is_furnished(session: aiohttp.ClientSession) -> bool:
    """Whether what every pod needs is there: a node, and from the controllers the default ServiceAccount."""
    await _ensure_node(session)
    async with session.get("/api/v1/namespaces/default/serviceaccounts/default") as response:
        return response.status == 200


async def _ensure_node(session: aiohttp.ClientSession) -> None:
    """A node that is ready from the start, so that nobody has to report for it."""
    condition = {"type": "Ready", "status": "True", "reason": "Sandbox", "message": "a row in a table"}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}},
        "status": {"conditions": [condition], "capacity": ROOM, "allocatable": ROOM, "phase": "Running"},
    }
    async with session.post("/api/v1/nodes", json=node) as response:
        if response.status == 409:
            return
        response.raise_for_status()
    # NB: admission taints every new node until the node lifecycle controller, which does not run, finds it ready.
    merge = {"Content-Type": "application/merge-patch+json"}
    async with session.patch(
        f"/api/v1/nodes/{NODE}",
        json={"spec": {"taints": None}},
        headers=merge,
    ) as response:
        response.raise_for_status()
