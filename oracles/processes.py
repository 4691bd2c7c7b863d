"""The programs of an oracle as processes beside a control plane, and the control plane taught their kinds.

Invariant: after the block no process, port or file of them is left.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import yaml

from oracles.cluster import Cluster
from tests.sandbox.cluster import ControlPlane
from tests.sandbox.cluster.process import Component
from tools.locate import build_dir, find
from tools.programs import Family

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PATIENCE_S = 30.0
_POLL_S = 0.2


class OracleMissing(Exception):
    """A program is not built yet."""


@asynccontextmanager
async def taught_plane(
    families: Iterable[Family],
) -> AsyncIterator[tuple[ControlPlane, aiohttp.ClientSession]]:
    """A fresh control plane that knows the families' kinds, and a session as its administrator."""
    async with AsyncExitStack() as stack:
        plane = await stack.enter_async_context(await ControlPlane.start())
        session = await stack.enter_async_context(plane.access.session())
        for family in families:
            for file in sorted((build_dir(family) / "crds").iterdir()):
                await _create_from_file(session, file)
        await _wait_for_definitions(session)
        yield plane, session


@asynccontextmanager
async def running(components: list[Component], session: aiohttp.ClientSession) -> AsyncIterator[Cluster]:
    """The components started, in their order, and ended with the block."""

    def check() -> None:
        for component in components:
            component.check()

    async def stop() -> None:
        for component in components:
            await component.kill()

    async with AsyncExitStack() as stack:
        stack.push_async_callback(stop)
        for component in components:
            await component.start()
        yield Cluster(session, check, stop)


def component(
    name: str, program: str, arguments: Iterable[str], environment: Mapping[str, str], directory: Path
) -> Component:
    """One process with settings of its own, and its log in the directory. Raises OracleMissing."""
    path, env = find(program), shutil.which("env")
    if path is None or env is None:
        raise OracleMissing(f"{program} is not built yet; build it once with: python tools/build.py oracles")
    settings = [f"{key}={value}" for key, value in environment.items()]
    return Component(name, [env, *settings, path, *arguments], directory / f"{name}.log")


async def _create_from_file(session: aiohttp.ClientSession, file: Path) -> None:
    definition = yaml.safe_load(await asyncio.to_thread(file.read_text, encoding="utf-8"))
    if definition["kind"] != "CustomResourceDefinition":
        return
    async with session.post(_DEFINITIONS, json=definition) as response:
        response.raise_for_status()


async def _wait_for_definitions(session: aiohttp.ClientSession) -> None:
    """Until each is served: a controller that starts earlier ends at once."""
    async with asyncio.timeout(_PATIENCE_S):
        while not await _all_established(session):  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(_POLL_S)


async def _all_established(session: aiohttp.ClientSession) -> bool:
    async with session.get(_DEFINITIONS) as response:
        items = (await response.json())["items"]
    return all(
        any(
            c["type"] == "Established" and c["status"] == "True"
            for c in (i["status"].get("conditions") or ())
        )
        for i in items
    )
