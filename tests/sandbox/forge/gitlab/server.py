"""A GitLab of our own on a loopback port: git, the API, pages to look at, and the hands of the people who use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox.forge.core.conversations import Thread
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.core.standin import application, listening
from tests.sandbox.forge.gitlab.api import Api
from tests.sandbox.forge.gitlab.git_http import GitHttp
from tests.sandbox.forge.gitlab.hands import GitLabHands
from tests.sandbox.forge.gitlab.pages import Pages
from tests.sandbox.forge.gitlab.site import Site
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.ways import WAYS

if TYPE_CHECKING:
    # The demo runs without the judge, and without the packages that it needs.
    from tests.sandbox.forge.gitlab.contract import Contract


class StandInGitLab(GitLabHands):
    """Start it with `async with StandInGitLab.running(directory) as gitlab`."""

    @classmethod
    @asynccontextmanager
    async def running(
        cls, directory: Path, *, contract: "Contract | None" = None, port: int = 0
    ) -> AsyncIterator["StandInGitLab"]:
        """`contract` holds every request and answer against the description; without one, all goes."""
        app = application()
        state = State(Forge(directory, WAYS), Site(""), contract)
        GitHttp(state).mount(app)
        Api(state).mount(app)
        Pages(state).mount(app)
        async with listening(app, port) as url, state.forge.post_office.opened():
            state.site = Site(url)
            yield cls(state)

    # Where it is

    @property
    def url(self) -> str:
        return self.state.site.web

    @property
    def api_url(self) -> str:
        return self.state.site.api

    def clone_url(self, repository: Repository) -> str:
        return f"{self.url}/{repository.full_name}.git"

    def page_url(self, pull: Thread) -> str:
        return f"{self.url}/{pull.repository.full_name}/-/merge_requests/{pull.number}"
