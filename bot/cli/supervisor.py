"""Keeps the processes of one machine alive: the embedded store, web and worker.

A child that ends is started again, later each time; one that never gets going ends the whole, with the reason. At the
end the roles go first and the store last, so that nothing that was finished is forgotten.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.aio import cancel_all
from bot.errors import LongshoreError
from bot.proc.service import Service
from bot.store.embedded import EmbeddedStore

FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 30.0
SETTLED_AFTER_S = 10.0
MAX_FALSE_STARTS = 5

log = structlog.get_logger(__name__)


class NeverGotGoing(LongshoreError):
    """A role ended again and again right after its start."""


@dataclass(frozen=True, slots=True)
class Role:
    """One child: what to start, and how long it may take to end."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    stop_timeout_s: float


class Supervisor:
    def __init__(self, roles: Sequence[Role], store: EmbeddedStore | None) -> None:
        self._roles = roles
        self._store = store
        self._running: dict[str, Service] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep everything running until `stop`. Raises NeverGotGoing, or why the store cannot be started."""
        try:
            if self._store is not None:
                await self._store.start()
                log.info("store_ready", url=self._store.url)
            await self._keep_all(stop)
        finally:
            log.info("run_stopping")
            await asyncio.gather(*(self._end(role) for role in self._roles))
            if self._store is not None:
                await self._store.stop()
            log.info("run_stopped")

    async def _keep_all(self, stop: asyncio.Event) -> None:
        keepers = [asyncio.create_task(self._keep(role), name=f"keep {role.name}") for role in self._roles]
        if self._store is not None:
            keepers.append(asyncio.create_task(self._keep_store(self._store), name="keep store"))
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            ended, _ = await asyncio.wait({stopping, *keepers}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_all([stopping, *keepers])
        for task in ended:
            if (error := task.exception()) is not None:
                raise error

    async def _keep(self, role: Role) -> None:
        false_starts = 0
        while True:
            started = time.monotonic()
            service = self._running[role.name] = await Service.start(role.argv, env=role.env)
            log.info("role_started", role=role.name, pid=service.pid)
            status = await service.wait()
            false_starts = 0 if time.monotonic() - started > SETTLED_AFTER_S else false_starts + 1
            if false_starts >= MAX_FALSE_STARTS:
                raise NeverGotGoing(
                    f"{role.name} ended {false_starts} times right after its start, last with status {status}",
                    hint="its own log lines above say why",
                )
            pause_s = min(FIRST_PAUSE_S * 2**false_starts, MAX_PAUSE_S)
            log.warning("role_ended", role=role.name, status=status, again_in_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _keep_store(self, store: EmbeddedStore) -> None:
        while True:
            status = await store.wait()
            log.error("store_ended", status=status)
            await asyncio.sleep(FIRST_PAUSE_S)
            await store.start()
            log.info("store_ready", url=store.url)

    async def _end(self, role: Role) -> None:
        service = self._running.get(role.name)
        if service is not None and service.exit_code is None:
            status = await service.stop(role.stop_timeout_s)
            log.info("role_stopped", role=role.name, status=status)
