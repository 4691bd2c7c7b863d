"""The web process: listens until SIGTERM, then answers what it has begun and ends."""

import asyncio
import signal

import structlog
from aiohttp import web

from bot.store.connection import Store
from bot.web.app import WebOptions, create_app

IDLE_TIMEOUT_S = 20.0
"""Ends a connection that sends no request, or a request's head too slowly."""
SHUTDOWN_TIMEOUT_S = 10.0

log = structlog.get_logger(__name__)


async def serve(options: WebOptions) -> int:
    """Answer until SIGTERM or SIGINT; the exit status of the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    store = Store.open(options.store_url)
    runner = web.AppRunner(
        create_app(options, store),
        access_log=None,
        handle_signals=False,
        keepalive_timeout=IDLE_TIMEOUT_S,
        shutdown_timeout=SHUTDOWN_TIMEOUT_S,
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, options.host, options.port).start()
        log.info("web_ready", host=options.host, port=runner.addresses[0][1], forges=sorted(options.hooks))
        await stop.wait()
        log.info("web_stopping")
        return 0
    finally:
        await runner.cleanup()
        await store.close()
