"""A running forge, whichever its face: what it saw, what it sent, and how it starts and stops.

The invariant: when it has stopped, nothing of it is left but the directory it was given.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.sandbox.forge.core.deliveries import Delivery
from tests.sandbox.forge.core.faults import Faults
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.hands import Hands

MAX_REQUEST_BYTES = 8 * 1024 * 1024


class StandIn(Hands):
    """`violations` is what was said here, by us or to us, that the forge's description of itself does not allow."""

    def __init__(self, forge: Forge, violations: list[str]) -> None:
        super().__init__(forge)
        self._violations = violations

    @property
    def faults(self) -> Faults:
        return self.forge.faults

    @property
    def deliveries(self) -> list[Delivery]:
        return self.forge.post_office.log

    async def settle(self) -> None:
        """Wait until every webhook has been delivered or has failed."""
        await self.forge.post_office.settle()

    def take_violations(self) -> list[str]:
        """What the description forbids and happened nevertheless; asking clears the list."""
        found = list(self._violations)
        self._violations.clear()
        return found


def application() -> web.Application:
    return web.Application(client_max_size=MAX_REQUEST_BYTES)


@asynccontextmanager
async def listening(app: web.Application, port: int) -> AsyncIterator[str]:
    """Where it listens: `http://127.0.0.1:` and the port that was asked for, or (0) a free one."""
    # Git compresses its requests by itself; http-backend, not aiohttp, is to open them.
    runner = web.AppRunner(app, auto_decompress=False, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", port)
    await listener.start()
    try:
        yield f"http://127.0.0.1:{listener.port}"
    finally:
        await runner.cleanup()
