"""Flux's controllers as processes beside a control plane.

Invariant: after the block no process, port or file of them is left.
"""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from oracles.kinds import create_from_file, wait_for_definitions
from oracles.live import Cluster
from tests.sandbox.cluster import ControlPlane
from tests.sandbox.cluster.ports import LOOPBACK, Reservation
from tests.sandbox.cluster.process import Component
from tools.locate import build_dir, find
from tools.programs import ORACLES

NAMESPACE = "flux-system"


class OracleMissing(Exception):
    """A controller is not built yet."""


@asynccontextmanager
async def flux_cluster(directory: Path) -> "AsyncIterator[Cluster]":
    """A fresh control plane with Flux in it, and nothing to reconcile yet."""
    async with AsyncExitStack() as stack:
        plane = await stack.enter_async_context(await ControlPlane.start())
        session = await stack.enter_async_context(plane.access.session())
        components = _components(plane, directory)
        cluster = Cluster(session, lambda: _check(components), lambda: _stop(components))
        for family in ORACLES:
            for file in sorted((build_dir(family) / "crds").iterdir()):
                await create_from_file(session, file)
        await wait_for_definitions(session)
        stack.push_async_callback(_stop, components)
        for component in components:
            await component.start()
        yield cluster


def _check(components: list[Component]) -> None:
    for component in components:
        component.check()


async def _stop(components: list[Component]) -> None:
    for component in components:
        await component.kill()


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
    return [_component(name, flags, environment, directory) for name, flags in own.items()]


def _component(name: str, flags: list[str], environment: Mapping[str, str], directory: Path) -> Component:
    program, env = find(name), shutil.which("env")
    if program is None or env is None:
        raise OracleMissing(f"{name} is not built yet; build it once with: python tools/build.py oracles")
    common = [
        "--metrics-addr=0",
        f"--health-addr={LOOPBACK}:0",
        "--log-level=error",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--interval-jitter-percentage=0",
        "--watch-all-namespaces=true",
    ]
    settings = [f"{key}={value}" for key, value in environment.items()]
    return Component(name, [env, *settings, program, *common, *flags], directory / f"{name}.log")
