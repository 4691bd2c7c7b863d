"""One repository on each forge, and our side of it, for rules that hold on all of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

import pytest

from bot.forge.base import Forge
from bot.forge.github.forge import open_github
from bot.forge.github.settings import AppKey, GitHubSettings
from bot.forge.gitlab.forge import open_gitlab
from bot.forge.gitlab.settings import GitLabSettings, Tier
from bot.model.repo import RepoId, Sha
from tests.sandbox.forge import Level, Role, StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.faults import Seen
from tests.sandbox.forge.core.repositories import Repository

LITTLE_S = 0.3
FILES = {"apps/web.yaml": b"kind: ConfigMap\n"}


@dataclass(frozen=True)
class Desk:
    """`fleet` is what the stand-in calls the repository that is `at` for us. `repository` and `comments` are regular
    expressions for where it and what is said there are asked for; `requests` is what was asked, in the order it came;
    `impatient` gives the same forge once more, with little time for each request.
    """

    stand_in: StandInGitHub | StandInGitLab
    fleet: Repository
    forge: Forge
    at: RepoId
    repository: str
    comments: str
    impatient: Callable[[], Awaitable[Forge]]
    requests: list[str] = field(default_factory=list)

    async def opened(self, branch: str = "x") -> Pull:
        await self.stand_in.push(self.fleet, branch, {f"apps/{branch}.yaml": b"kind: Secret\n"})
        return await self.stand_in.open_pull(self.fleet, branch)

    async def head(self, branch: str = "main") -> Sha:
        return Sha(await self.stand_in.head(self.fleet, branch))


@pytest.fixture(params=["app", "token", "gitlab"])
def _stand_in(request: pytest.FixtureRequest) -> tuple[StandInGitHub | StandInGitLab, bool]:
    """And whether we are an App there. NB: not async, as an async one cannot ask for another by its name."""
    name = "gitlab" if request.param == "gitlab" else "github"
    return request.getfixturevalue(name), request.param == "app"


@pytest.fixture
async def desk(_stand_in: tuple[StandInGitHub | StandInGitLab, bool]) -> AsyncIterator[Desk]:
    """As a GitHub App, with a token of GitHub, and on GitLab."""
    stand_in, is_app = _stand_in
    async with AsyncExitStack() as stack:
        if isinstance(stand_in, StandInGitLab):
            desk = await _on_gitlab(stack, stand_in)
        else:
            desk = await _on_github(stack, stand_in, is_app=is_app)

        def note(seen: Seen) -> None:
            if seen.phase == "before":
                desk.requests.append(f"{seen.method} {seen.path}")

        stand_in.faults.on_request.append(note)
        yield desk


async def _on_github(stack: AsyncExitStack, github: StandInGitHub, *, is_app: bool) -> Desk:
    fleet = await github.create_repo("acme/fleet", files=FILES)
    app = token = None
    if is_app:
        made = github.create_app()
        github.install(made, "acme", [fleet])
        app = AppKey(str(made.id), made.private_key)
    else:
        github.give_role(fleet, "delivery-bot", Role.WRITE)
        token = github.token("delivery-bot")
    settings = GitHubSettings("hub", app, token, github.api_url, github.url)
    forge = await stack.enter_async_context(open_github(settings))
    hurried = replace(settings, timeout_s=LITTLE_S)

    async def impatient() -> Forge:
        return await stack.enter_async_context(open_github(hurried))

    return Desk(
        *(github, fleet, forge, RepoId("hub", "acme/fleet")),
        *(r"/repos/acme/fleet$", r"/issues/\d+/comments$", impatient),
    )


async def _on_gitlab(stack: AsyncExitStack, gitlab: StandInGitLab) -> Desk:
    fleet = await gitlab.create_repo("acme/platform/fleet", files=FILES)
    token = gitlab.project_token(fleet, level=Level.MAINTAINER)
    settings = GitLabSettings("lab", lambda: token.bearer.text, gitlab.api_url, gitlab.url, Tier.FREE)
    forge = await stack.enter_async_context(open_gitlab(settings))
    hurried = replace(settings, timeout_s=LITTLE_S)

    async def impatient() -> Forge:
        return await stack.enter_async_context(open_gitlab(hurried))

    return Desk(
        *(gitlab, fleet, forge, RepoId("lab", "acme/platform/fleet")),
        *(r"/projects/(\d+|acme/platform/fleet)$", r"/notes$", impatient),
    )
