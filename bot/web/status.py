"""`/healthz` and `/readyz`: the process lives; and everything it needs is there, or what is not."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.store.connection import StoreUnavailable
from bot.store.queue import Queue, QueueStatus
from bot.store.shared import Shared, WorkerReport
from bot.web.answers import answer

NO_WORKER = "worker: none has been heard of lately"


class Status:
    def __init__(self, queue: Queue, shared: Shared) -> None:
        self._queue = queue
        self._shared = shared

    async def healthz(self, _request: web.Request) -> web.Response:
        return answer(HTTPStatus.OK, {"status": "alive"})

    async def readyz(self, _request: web.Request) -> web.Response:
        try:
            facts = facts_of(await self._queue.status(), await self._shared.workers())
        except StoreUnavailable as error:
            facts = {"ready": False, "notReady": [f"store: {error.message}"]}
        return answer(HTTPStatus.OK if facts["ready"] else HTTPStatus.SERVICE_UNAVAILABLE, facts)


def facts_of(status: QueueStatus, workers: Sequence[WorkerReport]) -> dict[str, Any]:
    """Numbers, not names: whoever reaches the hooks reaches this, and repositories may be private."""
    return {
        "ready": bool(workers),
        "notReady": [] if workers else [NO_WORKER],
        "workers": len(workers),
        "protections": protections(workers),
        "queue": {
            "due": status.due,
            "running": status.running,
            "oldestSeconds": round(status.oldest_age_s, 1),
            "parked": status.parked,
        },
    }


def protections(workers: Sequence[WorkerReport]) -> list[dict[str, Any]]:
    """Every layer once; active only where it is active in every worker."""
    found: dict[str, dict[str, Any]] = {}
    for worker in workers:
        for layer in worker.protections:
            told = found.setdefault(layer.name, {"name": layer.name, "active": True, "detail": layer.detail})
            if not layer.active:
                told.update(active=False, detail=layer.detail)
    return list(found.values())
