"""A server that does what no forge does, for what the strict stand-ins would not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def rogue(handler: Handler, root: str = "/api/v3") -> AsyncIterator[str]:
    """A server that does what no forge does; gives the address of its API."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site.port}{root}"
    finally:
        await runner.cleanup()
