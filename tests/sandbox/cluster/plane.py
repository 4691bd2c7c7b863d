"""The control plane as one thing that is started, disturbed and stopped.

Invariant: after `stop`, or after a start that failed, no process, port or file of it is left.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from tests.sandbox.cluster import commands
from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.ports import LOOPBACK, Reservation
from tests.sandbox.cluster.process import Component, ComponentFailed
from tests.sandbox.cluster.readiness import is_furnished, is_ready

START_TIMEOUT_S = 50.0
POLL_S = 0.05


class ControlPlane:
    """etcd, kube-apiserver and, unless told otherwise, controller manager, scheduler and kwok with one node.

    `async with await ControlPlane.start() as plane:`; see `plane.access` for how to reach it.
    """

    def __init__(self, directory: Path, ports: tuple[int, int], *, with_controllers: bool) -> None:
        etcd_port, port = ports
        self._directory = directory
        self._cleanup = AsyncExitStack()
        self.access = ClusterAccess.create(f"https://{LOOPBACK}:{port}", directory)
        commands.write_server_secrets(self.access)
        self._etcd = self._component("etcd", commands.etcd(directory, etcd_port))
        self._apiserver = self._component(
            "kube-apiserver",
            commands.apiserver(self.access, ports, with_controllers=with_controllers),
        )
        self._controllers = self._controller_components() if with_controllers else []

    @classmethod
    async def start(cls, *, with_controllers: bool = True) -> ControlPlane:
        """A control plane that answers, has its default objects and, with controllers, a node that takes pods."""
        async with AsyncExitStack() as cleanup:
            scratch = tempfile.TemporaryDirectory(prefix="longshore-plane-", ignore_cleanup_errors=True)
            directory = Path(cleanup.enter_context(scratch))
            ports = (cleanup.enter_context(Reservation()).port, cleanup.enter_context(Reservation()).port)
            plane = cls(directory, ports, with_controllers=with_controllers)
            cleanup.push_async_callback(plane._kill)
            await plane._start()
            plane._cleanup = cleanup.pop_all()
        return plane

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def pids(self) -> dict[str, int]:
        return {component.name: component.pid for component in self._components if component.is_running}

    async def stop(self) -> None:
        await self._cleanup.aclose()

    def pause(self) -> None:
        """Freeze the API server: connections are accepted and nothing is answered."""
        self._apiserver.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._apiserver.signal(signal.SIGCONT)

    async def kill_apiserver(self) -> None:
        """End the API server without a word: connections break, new ones are refused."""
        await self._apiserver.kill()

    async def restart_apiserver(self) -> None:
        """The API server again, at the same address and with the same data."""
        await self._apiserver.kill()
        await self._apiserver.start()
        await self._until("kube-apiserver", is_ready)

    @property
    def _components(self) -> list[Component]:
        return [self._etcd, self._apiserver, *self._controllers]

    def _component(self, name: str, argv: list[str | Path]) -> Component:
        return Component(name, argv, self._directory / f"{name}.log")

    def _controller_components(self) -> list[Component]:
        return [
            self._component("kube-controller-manager", commands.controller_manager(self.access)),
            self._component("kube-scheduler", commands.scheduler(self.access)),
            self._component("kwok", commands.kwok(self.access)),
        ]

    async def _kill(self) -> None:
        await asyncio.gather(*(component.kill() for component in self._components))

    async def _start(self) -> None:
        await self._etcd.start()
        await self._apiserver.start()
        await self._until("kube-apiserver", is_ready)
        if self._controllers:
            await asyncio.gather(*(component.start() for component in self._controllers))
            await self._until("kube-controller-manager", is_furnished)

    async def _until(self, name: str, holds: Callable[[aiohttp.ClientSession], Awaitable[bool]]) -> None:
        """Poll until it holds; fail at once when a component ends, and after the time-out with `name`'s log."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S), self.access.session() as session:
                while not await _answers(holds(session)):
                    for component in self._components:
                        component.check()
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            log = self._directory / f"{name}.log"
            raise ComponentFailed(name, f"was not ready after {START_TIMEOUT_S:.0f} s", log) from None


async def _answers(question: Awaitable[bool]) -> bool:
    try:
        return await question
    except aiohttp.ClientConnectionError:
        return False
