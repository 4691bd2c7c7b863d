"""A strict GitLab with one project below two groups, and our side of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from bot.forge.gitlab.client import GitLabClient
from bot.forge.gitlab.forge import GitLabForge, open_gitlab
from bot.forge.gitlab.settings import GitLabSettings, Tier
from bot.forge.gitlab.tokens import Tokens
from bot.model.repo import Sha
from tests.forge.gitlab.office import FLEET, Office, opened_office
from tests.sandbox.forge import Level, StandInGitLab
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.faults import Seen
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.tokens import AccessToken

__all__ = ["FLEET", "PATH", "World"]

PATH = FLEET.path
FILES = {"apps/web.yaml": b"kind: ConfigMap\n"}


@dataclass
class World:
    """`us` is whose notes ours are. `requests` is what was asked, in the order it came."""

    gitlab: StandInGitLab
    fleet: Repository
    token: AccessToken
    requests: list[str]
    stack: AsyncExitStack
    forge: GitLabForge = field(init=False)

    @property
    def us(self) -> User:
        return self.token.user

    @property
    def writes(self) -> list[str]:
        """What was asked of the API to be changed; git posts to read."""
        return [
            line
            for line in self.requests
            if line.split()[0] not in {"GET", "HEAD"} and not line.endswith("/git-upload-pack")
        ]

    def settings(
        self,
        *,
        read: Callable[[], str] | None = None,
        tier: Tier = Tier.FREE,
        threads: bool = False,
        timeout_s: float = 5.0,
    ) -> GitLabSettings:
        text = self.token.bearer.text
        return GitLabSettings(
            "lab",
            read or (lambda: text),
            self.gitlab.api_url,
            self.gitlab.url,
            tier,
            wants_threads=threads,
            timeout_s=timeout_s,
        )

    async def open(self, settings: GitLabSettings) -> GitLabForge:
        return await self.stack.enter_async_context(open_gitlab(settings))

    @asynccontextmanager
    async def gitlab_client(self) -> AsyncIterator[GitLabClient]:
        """As a maintainer, for what has no hand in the stand-in."""
        text = self.gitlab.token("alice")
        async with aiohttp.ClientSession() as session:
            yield GitLabClient(session, self.gitlab.api_url, Tokens(lambda: text), timeout_s=5.0)

    async def head(self, branch: str | None = None) -> Sha:
        return Sha(await self.gitlab.head(self.fleet, branch))

    async def opened(self, branch: str = "x") -> Pull:
        await self.gitlab.push(self.fleet, branch, {f"apps/{branch}.yaml": b"kind: Secret\n"})
        return await self.gitlab.open_pull(self.fleet, branch)


@pytest.fixture
async def world(gitlab: StandInGitLab) -> AsyncIterator[World]:
    requests: list[str] = []

    def note(seen: Seen) -> None:
        if seen.phase == "before":
            requests.append(f"{seen.method} {seen.path.removeprefix('/api/v4')}")

    gitlab.faults.on_request.append(note)
    fleet = await gitlab.create_repo(PATH, files=FILES)
    gitlab.give_level(fleet, "alice", Level.MAINTAINER)
    token = gitlab.project_token(fleet, level=Level.MAINTAINER)
    async with AsyncExitStack() as stack:
        world = World(gitlab, fleet, token, requests, stack)
        world.forge = await world.open(world.settings())
        yield world


@pytest.fixture
async def office(world: World, tmp_path: Path) -> AsyncIterator[Office]:
    async with opened_office(world, tmp_path) as office:
        yield office
