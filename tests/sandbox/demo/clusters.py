"""The demo's clusters: real control planes in which Longshore has the rights that deploy/ gives, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from bot.kube.client import KubeClient
from bot.kube.connection import Connection
from tests.sandbox.cluster import ClusterAccess, ControlPlane
from tests.sandbox.cluster.administer import apply, rendered
from tests.sandbox.cluster.tokens import token_kubeconfig

ACCESS = Path(__file__).with_name("access")
NAMES = ("staging", "production")
SHOP = "shop"
LIST_TIMEOUT_S = 2.0
_MEMBERS = {"labelSelector": "applyset.kubernetes.io/part-of"}
_COLLECTIONS = (
    "/api/v1/namespaces",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    *(
        f"/api/v1/namespaces/{SHOP}/{plural}"
        for plural in ("resourcequotas", "limitranges", "serviceaccounts")
    ),
    *(f"/api/v1/namespaces/{SHOP}/{plural}" for plural in ("configmaps", "secrets", "services")),
    f"/apis/apps/v1/namespaces/{SHOP}/deployments",
    f"/apis/policy/v1/namespaces/{SHOP}/poddisruptionbudgets",
    f"/apis/shop.example.com/v1/namespaces/{SHOP}/featureflags",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One delivered object as it is now. `generation` counts the changes of what is wanted of it."""

    generation: int
    note: str = ""
    is_ready: bool = False


Sight = Mapping[str, Seen]


@dataclass(slots=True)
class Cluster:
    """`kubeconfig` is the bot's; the administrator's is at `access`."""

    name: str
    access: ClusterAccess
    kubeconfig: Path
    session: aiohttp.ClientSession
    _known: dict[str, Sight] = field(default_factory=dict)

    async def sight(self) -> Sight:
        """Everything that carries Longshore's label, by kind and name."""
        found = await asyncio.gather(*(self._listed(collection) for collection in _COLLECTIONS))
        return {name: seen for some in found for name, seen in some.items()}

    async def _listed(self, collection: str) -> Sight:
        """NB: a server is slow, or refuses, while it learns a new kind: until it answers holds what was known."""
        try:
            async with (
                asyncio.timeout(LIST_TIMEOUT_S),
                self.session.get(collection, params=_MEMBERS) as response,
            ):
                listed = await response.json() if response.status == HTTPStatus.OK else None
        except (TimeoutError, aiohttp.ClientConnectionError):
            listed = None
        if listed is not None:
            kind = str(listed["kind"]).removesuffix("List")
            self._known[collection] = {
                f"{kind} {i['metadata']['name']}": _seen(kind, i) for i in listed["items"]
            }
        return self._known.get(collection, {})


@dataclass(slots=True)
class Clusters:
    """Started one beside the other; each is in `all` from when it can be used."""

    directory: Path
    all: dict[str, Cluster] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def kubeconfig(self, name: str) -> Path:
        """Where the bot will find its kubeconfig once the cluster is there."""
        return self.directory / f"{name}.kubeconfig"

    async def start(self) -> None:
        async with asyncio.TaskGroup() as group:
            for name in NAMES:
                group.create_task(self._start(name), name=f"cluster {name}")

    async def stop(self) -> None:
        await self._stack.aclose()

    def keep_logs(self) -> None:
        """Copy the programs' logs out of the control planes' directories, which go with them."""
        for cluster in self.all.values():
            for log in cluster.access.directory.glob("*.log"):
                (self.directory / f"{cluster.name}-{log.name}").write_bytes(log.read_bytes())

    async def _start(self, name: str) -> None:
        plane = await ControlPlane.start()
        self._stack.push_async_callback(plane.stop)
        session = await self._stack.enter_async_context(plane.access.session())
        await _grant(plane.access, name)
        kubeconfig = await token_kubeconfig(
            plane.access, "longshore-system", "longshore", self.kubeconfig(name)
        )
        self.all[name] = Cluster(name, plane.access, kubeconfig, session)


async def _grant(access: ClusterAccess, name: str) -> None:
    """What an administrator does once: `kubectl apply --kustomize`."""
    manifests = await asyncio.to_thread(rendered, ACCESS)
    admin = await asyncio.to_thread(lambda: access.admin_kubeconfig)
    async with KubeClient(Connection(name, admin)) as client:
        for manifest in manifests:
            await apply(client, manifest)


def _seen(kind: str, item: Mapping[str, Any]) -> Seen:
    generation = int(item["metadata"].get("generation", 1))
    if kind != "Deployment":
        return Seen(generation)
    wanted, status = int(item["spec"]["replicas"]), item.get("status", {})
    ready, updated = int(status.get("readyReplicas", 0)), int(status.get("updatedReplicas", 0))
    is_current = status.get("observedGeneration") == generation and status.get("replicas") == wanted
    image = item["spec"]["template"]["spec"]["containers"][0]["image"]
    return Seen(generation, f"{image}, {ready}/{wanted} ready", is_current and ready == updated == wanted)
