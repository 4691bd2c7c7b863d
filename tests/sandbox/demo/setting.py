"""The demo's world: a GitHub, a repository on it, the bot as it runs in production, and two clusters to come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sandbox.demo.checkout import Checkout
from tests.sandbox.demo.clusters import NAMES, SHOP, Clusters
from tests.sandbox.demo.narrator import Narrator
from tests.sandbox.demo.programs import Build, building
from tests.sandbox.forge import Role, StandInGitHub
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import App
from tests.stories.bot import HOOK_SECRET, Bot, running_bot

REPOSITORY = "acme/fleet"
PERSON = "alice"


@dataclass(slots=True)
class Setting:
    """`plane` is the build of the clusters' programs: they are started when it is done."""

    narrator: Narrator
    directory: Path
    github: StandInGitHub
    repository: Repository
    checkout: Checkout
    bot: Bot
    clusters: Clusters
    plane: Build

    @property
    def push_url(self) -> str:
        """With a token in it, as a person would paste it."""
        host = self.github.clone_url(self.repository).removeprefix("http://")
        return f"http://{PERSON}:{self.github.token(PERSON)}@{host}"


@asynccontextmanager
async def opened(narrator: Narrator, directory: Path) -> AsyncIterator[Setting]:
    """Everything is started or being started; on the way out all of it ends, the last one first."""
    async with AsyncExitStack() as stack:
        narrator.chapter("Set the stage")
        kustomize = await stack.enter_async_context(building("kustomize", directory / "build-kustomize.log"))
        await kustomize.done(narrator)
        plane = await stack.enter_async_context(building("plane", directory / "build-plane.log"))
        clusters = Clusters(directory)
        stack.push_async_callback(clusters.stop)
        github = await stack.enter_async_context(StandInGitHub.running(directory / "github"))
        narrator.say(f"a stand-in GitHub with real git, API, Apps and webhooks: {github.url}")
        bot = Bot(directory / "bot")
        repository, app = await _registered(github, bot)
        config = configuration(github, app, clusters)
        await stack.enter_async_context(running_bot(bot, lambda _bot: config))
        narrator.say(f"Longshore as in production (web, worker, embedded Valkey): {bot.log.path}")

        checkout = Checkout(directory / "fleet", PERSON)
        yield Setting(narrator, directory, github, repository, checkout, bot, clusters, plane)


async def _registered(github: StandInGitHub, bot: Bot) -> tuple[Repository, App]:
    """A private repository, and the App installed on it with its webhook; what a GitHub user clicks together."""
    repository = await github.create_repo(REPOSITORY)
    github.give_role(repository, PERSON, Role.WRITE)
    app = github.create_app(hook_url=bot.hook_url, hook_secret=HOOK_SECRET)
    github.install(app, repository.owner.login, [repository])
    return repository, app


def configuration(github: StandInGitHub, app: App, clusters: Clusters) -> dict[str, Any]:
    """The operator's file, but for where the bot listens."""
    key = clusters.directory / "app.pem"
    key.touch(mode=0o600)
    key.write_text(app.private_key, encoding="utf-8")
    forge = {
        "apiUrl": github.api_url,
        "gitUrl": github.url,
        "app": {"id": app.id, "privateKey": f"${{file:{key}}}"},
        "webhookSecrets": ["${env:HOOK_SECRET}"],
    }
    return {
        "forges": {"hub": forge},
        "repositories": [{"forge": "hub", "repository": REPOSITORY, "branches": ["main"]}],
        "clusters": {name: _cluster(name, clusters.kubeconfig(name)) for name in NAMES},
    }


def _cluster(name: str, kubeconfig: Path) -> dict[str, Any]:
    allow = {
        "repository": REPOSITORY,
        "branches": ["main"],
        "paths": [f"clusters/{name}", f"apps/overlays/{name}"],
        "namespaces": [SHOP],
        "clusterScoped": True,
    }
    return {"kubeconfig": str(kubeconfig), "environment": name, "allow": [allow]}
