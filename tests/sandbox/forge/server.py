"""A GitHub of our own on a loopback port: git, the API, pages to look at, and the hands of the people who use it.

The invariant: when it has stopped, nothing of it is left but the directory it was given.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from tests.sandbox.forge.core.conversations import Thread
from tests.sandbox.forge.core.deliveries import Delivery
from tests.sandbox.forge.core.faults import Faults
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.api import MAX_REQUEST_BYTES, Api
from tests.sandbox.forge.github.git_http import GitHttp
from tests.sandbox.forge.github.pages import Pages
from tests.sandbox.forge.github.site import Site
from tests.sandbox.forge.github.state import State
from tests.sandbox.forge.hands import Hands

if TYPE_CHECKING:
    # The demo runs without the judge, and without the packages that it needs.
    from tests.sandbox.forge.contract import Contract


class StandInGitHub(Hands):
    """Start it with `async with StandInGitHub.running(directory) as github`."""

    @classmethod
    @asynccontextmanager
    async def running(
        cls, directory: Path, *, contract: "Contract | None" = None, port: int = 0
    ) -> AsyncIterator["StandInGitHub"]:
        """`contract` holds every request and answer against the official description; without one, all goes."""
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        # Git compresses its requests by itself; http-backend, not aiohttp, is to open them.
        runner = web.AppRunner(app, auto_decompress=False, access_log=None, shutdown_timeout=0.2)
        state = State(Forge(directory), Site(""), contract)
        GitHttp(state).mount(app)
        Api(state).mount(app)
        Pages(state).mount(app)
        await runner.setup()
        listener = web.TCPSite(runner, "127.0.0.1", port)
        await listener.start()
        state.site = Site(f"http://127.0.0.1:{listener.port}")
        await state.forge.post_office.open()
        try:
            yield cls(state)
        finally:
            await state.forge.post_office.close()
            await runner.cleanup()

    # Where it is and what it saw

    @property
    def url(self) -> str:
        return self.state.site.web

    @property
    def api_url(self) -> str:
        """The base URL of the API, as for a GitHub Enterprise Server."""
        return self.state.site.api

    def clone_url(self, repository: Repository) -> str:
        return f"{self.url}/{repository.full_name}.git"

    def page_url(self, pull: Thread) -> str:
        return f"{self.url}/{pull.repository.full_name}/pull/{pull.number}"

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
        """What the official description forbids and happened nevertheless; asking clears the list."""
        found = list(self.state.violations)
        self.state.violations.clear()
        return found
