"""Everything a story happens in: a GitHub, a control plane, and a bot between them that serves every `*/fleet`.

Invariant: stories in one town share nothing but the processes. Each has an account, a repository and a namespace of
its own, and an installation with its own rate limits.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.sandbox.cluster import ClusterAccess
from tests.sandbox.forge import Role, Seen, StandInGitHub
from tests.sandbox.forge.contract import Contract
from tests.sandbox.forge.github.apps import App
from tests.stories.bot import HOOK_SECRET, Bot, running_bot
from tests.stories.manifests import Files
from tests.stories.story import Story

TOKEN_USER = "longshore-machine"


@dataclass(slots=True)
class Plan:
    """How a town is to be: a token in place of an App, clusters beside the two, other settings of the bot."""

    is_app: bool = True
    clusters: Callable[["Town"], Mapping[str, Any]] = lambda _: {}
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Town:
    github: StandInGitHub
    access: ClusterAccess
    cluster: aiohttp.ClientSession
    bot: Bot
    app: App | None
    state_namespace: str
    writes: list[Seen] = field(default_factory=list)

    @property
    def author(self) -> str:
        """Who the bot is on GitHub."""
        return self.app.bot.login if self.app else TOKEN_USER

    async def story(self, slug: str, files: Files | None = None, *, default_branch: str = "main") -> Story:
        """A new account with a repository `fleet`, installed and, where files are given, delivered from the start."""
        name = f"{slug}-{secrets.token_hex(3)}"
        repo = await self.github.create_repo(f"{name}/fleet", default_branch=default_branch)
        if self.app is not None:
            self.github.install(self.app, name, [repo])
        else:
            self.github.give_role(repo, TOKEN_USER, Role.WRITE)
            self.github.add_hook(repo, self.bot.hook_url, HOOK_SECRET)
        story = Story(self, repo, name)
        await story.make_namespace(name)
        if files is not None:
            await story.push(files)
        return story

    def forget_stories(self) -> None:
        """Uninstall the App everywhere, so that no sweep comes by what is over."""
        for installation in list(self.github.state.apps.installations.values()):
            self.github.uninstall(installation)

    def note(self, seen: Seen) -> None:
        if seen.is_write and seen.phase == "before":
            self.writes.append(seen)


@asynccontextmanager
async def founded(
    directory: Path, contract: Contract | None, access: ClusterAccess, plan: Plan | None = None
) -> AsyncIterator[Town]:
    plan = plan or Plan()
    async with AsyncExitStack() as stack:
        github = await stack.enter_async_context(
            StandInGitHub.running(directory / "github", contract=contract)
        )
        cluster = await stack.enter_async_context(access.session())
        environment = {} if plan.is_app else {"GITHUB_TOKEN": github.token(TOKEN_USER)}
        bot = Bot(directory / "bot", environment)
        app = github.create_app(hook_url=bot.hook_url, hook_secret=HOOK_SECRET) if plan.is_app else None
        town = Town(github, access, cluster, bot, app, f"longshore-{secrets.token_hex(4)}")
        github.faults.on_request.append(town.note)
        await stack.enter_async_context(running_bot(bot, lambda _: config_of(town, plan)))
        yield town


def config_of(town: Town, plan: Plan) -> Mapping[str, Any]:
    """The bot's configuration, but for where it listens and keeps its data."""
    forge: dict[str, Any] = {
        "apiUrl": town.github.api_url,
        "gitUrl": town.github.url,
        "webhookSecrets": ["${env:HOOK_SECRET}"],
    }
    if town.app is not None:
        key = town.bot.directory / "app.pem"
        key.write_text(town.app.private_key, encoding="utf-8")
        forge["app"] = {"id": town.app.id, "privateKey": f"${{file:{key}}}"}
    else:
        forge["token"] = "${env:GITHUB_TOKEN}"
    clusters = {"staging": cluster(town, "staging"), "production": cluster(town, "production")}
    return {
        "forges": {"hub": forge},
        "repositories": [{"forge": "hub", "repository": "*/fleet"}],
        "clusters": {**clusters, **plan.clusters(town)},
        **plan.settings,
    }


def cluster(town: Town, environment: str, kubeconfig: Path | None = None, **allow: Any) -> dict[str, Any]:
    """A cluster of the bot's configuration; without narrower words its `allow` lets every story do everything."""
    entry = {
        "repository": "*/fleet",
        "branches": ["*"],
        "namespaces": ["*"],
        "kinds": ["*"],
        "clusterScoped": True,
    }
    return {
        "kubeconfig": str(kubeconfig or town.access.admin_kubeconfig),
        "environment": environment,
        "namespace": town.state_namespace,
        "allow": [{**entry, **allow}],
    }
