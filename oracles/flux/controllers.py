"""Flux's controllers as processes beside a control plane."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from oracles.cluster import Cluster
from oracles.processes import component, running, taught_plane
from tests.sandbox.cluster import ControlPlane
from tests.sandbox.cluster.ports import LOOPBACK, Reservation
from tests.sandbox.cluster.process import Component
from tools.programs import FLUX

NAMESPACE = "flux-system"


@asynccontextmanager
async def flux_cluster(directory: Path) -> AsyncIterator[Cluster]:
    """A fresh control plane with Flux in it, and nothing to reconcile yet."""
    async with (
        taught_plane(FLUX) as (plane, session),
        running(_components(plane, directory), session) as cluster,
    ):
        yield cluster


def _components(plane: ControlPlane, directory: Path) -> list[Component]:
    with Reservation() as reserved:
        address = f"{LOOPBACK}:{reserved.port}"
    storage = [f"--storage-path={directory}", f"--storage-addr={address}", f"--storage-adv-addr={address}"]
    own = {
        "source-controller": storage,
        "kustomize-controller": ["--requeue-dependency=2s", "--concurrent=4"],
        "helm-controller": ["--requeue-dependency=2s", "--concurrent=4"],
    }
    environment = {
        "KUBECONFIG": str(plane.access.admin_kubeconfig),
        "RUNTIME_NAMESPACE": NAMESPACE,
        "TMPDIR": str(directory),
    }
    common = [
        "--metrics-addr=0",
        f"--health-addr={LOOPBACK}:0",
        "--log-level=error",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--interval-jitter-percentage=0",
        "--watch-all-namespaces=true",
    ]
    return [component(name, name, [*common, *flags], environment, directory) for name, flags in own.items()]
