"""A strict GitHub with one repository, and our side of it as an App and with a plain token."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from bot.forge.github.forge import GitHubForge, open_github
from bot.forge.github.settings import AppKey, GitHubSettings
from bot.model.repo import RepoId, Sha
from tests.forge.rogue import Handler, rogue
from tests.sandbox.forge.core.faults import Seen
from tests.sandbox.forge.core.people import Role, User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import App, Installation
from tests.sandbox.forge.server import StandInGitHub

__all__ = ["FLEET", "Handler", "World", "Worlds", "rogue"]

FLEET = RepoId("hub", "acme/fleet")
FILES = {"apps/web.yaml": b"kind: ConfigMap\n"}


@dataclass
class World:
    """`us` is the account that our comments are by; `app` and `installation` are None with a plain token."""

    github: StandInGitHub
    fleet: Repository
    forge: GitHubForge
    us: User
    requests: list[str]
    app: App | None = None
    installation: Installation | None = None

    @property
    def writes(self) -> list[str]:
        """What was asked of GitHub since `requests` was cleared, tokens left out."""
        return [
            line
            for line in self.requests
            if line.split()[0] not in {"GET", "HEAD"} and "access_tokens" not in line
        ]

    async def head(self) -> Sha:
        return Sha(await self.github.head(self.fleet))


@dataclass
class Worlds:
    """Makes our side of the GitHub, once or more often."""

    github: StandInGitHub
    fleet: Repository
    stack: AsyncExitStack
    requests: list[str]

    async def app(self, **permissions: str) -> World:
        """As an App, with these permissions in place of the usual ones where any are given."""
        app = self.github.create_app(permissions=permissions) if permissions else self.github.create_app()
        installation = self.github.install(app, "acme", [self.fleet])
        forge = await self.open(self.settings(app=AppKey(str(app.id), app.private_key)))
        return World(self.github, self.fleet, forge, app.bot, self.requests, app, installation)

    async def token(self) -> World:
        self.github.give_role(self.fleet, "delivery-bot", Role.WRITE)
        forge = await self.open(self.settings(token=self.github.token("delivery-bot")))
        return World(self.github, self.fleet, forge, self.github.user("delivery-bot"), self.requests)

    def settings(
        self, *, app: AppKey | None = None, token: str | None = None, timeout_s: float = 5.0
    ) -> GitHubSettings:
        return GitHubSettings("hub", app, token, self.github.api_url, self.github.url, timeout_s)

    async def open(self, settings: GitHubSettings) -> GitHubForge:
        return await self.stack.enter_async_context(open_github(settings))


@pytest.fixture
async def worlds(github: StandInGitHub) -> AsyncIterator[Worlds]:
    requests: list[str] = []

    def note(seen: Seen) -> None:
        if seen.phase == "before":
            requests.append(f"{seen.method} {seen.path.removeprefix('/api/v3')}")

    github.faults.on_request.append(note)
    fleet = await github.create_repo("acme/fleet", files=FILES)
    async with AsyncExitStack() as stack:
        yield Worlds(github, fleet, stack, requests)


@pytest.fixture
async def as_app(worlds: Worlds) -> World:
    return await worlds.app()


@pytest.fixture
async def with_token(worlds: Worlds) -> World:
    return await worlds.token()


@pytest.fixture(params=["app", "token"])
async def world(request: pytest.FixtureRequest, worlds: Worlds) -> World:
    make: Callable[[], Awaitable[World]] = getattr(worlds, request.param)
    return await make()
