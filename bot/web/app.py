"""The web application: routes, one log line per request, no error that shows its inside."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client.aiohttp import make_aiohttp_handler
from structlog.contextvars import bind_contextvars

from bot.aio import cancel_all
from bot.store.askers import Askers
from bot.store.connection import Store
from bot.store.names import KnownNames
from bot.store.queue import Queue
from bot.store.shared import Shared
from bot.web.answers import refuse
from bot.web.body import READ_TIMEOUT_S, BodyReader
from bot.web.intake import Hook, Intake
from bot.web.metrics import Metrics
from bot.web.status import Status

_QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
MAX_LOGGED_PATH_CHARS = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How the process listens. Port 0 takes a free one; the log line `web_ready` tells which."""

    store_url: str
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 8080
    max_body_bytes: int = 26 << 20
    read_timeout_s: float = READ_TIMEOUT_S


def create_app(options: WebOptions, store: Store) -> web.Application:
    """`store` stays the caller's to close."""
    queue, metrics = Queue(store), Metrics()
    shared = Shared(store)
    reader = BodyReader(options.max_body_bytes, options.read_timeout_s)
    intake = Intake(options.hooks, queue, KnownNames(shared), Askers(shared), metrics, reader)
    status = Status(queue, shared)
    app = web.Application(middlewares=[_access, _errors])
    app.cleanup_ctx.append(partial(_sweeping, intake))
    app.router.add_post("/hooks/{forge}", intake.handle)
    app.router.add_get("/healthz", status.healthz)
    app.router.add_get("/readyz", status.readyz)
    app.router.add_get("/metrics", make_aiohttp_handler(metrics.registry))
    return app


async def _sweeping(intake: Intake, _app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(intake.sweep_for_missed(), name="sweep for missed deliveries")
    try:
        yield
    finally:
        await cancel_all([task])


@web.middleware
async def _access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Each request runs in a context of its own, so what is bound here never reaches another."""
    bind_contextvars(run_id=secrets.token_hex(6))
    started = time.perf_counter()
    response = await handler(request)
    tell = log.debug if request.path in _QUIET_PATHS else log.info
    tell(
        "request",
        method=request.method,
        path=request.path[:MAX_LOGGED_PATH_CHARS],
        status=response.status,
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
    )
    return response


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return refuse(HTTPStatus(error.status), error.reason, allowed)
    except Exception:
        log.exception("request_failed")
        run_id = structlog.contextvars.get_contextvars().get("run_id", "")
        return refuse(
            HTTPStatus.INTERNAL_SERVER_ERROR, f"something went wrong; look for run {run_id} in the log"
        )
