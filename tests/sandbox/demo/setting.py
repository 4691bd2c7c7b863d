"""The demo's world: a forge, a repository on it, the bot as it runs in production, and two clusters to come."""

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
from tests.sandbox.forge import Level, Role, StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.repositories import Repository
from tests.stories.bot import HOOK_SECRET, Bot, running_bot
from tests.stories.sight import GitHubSight, GitLabSight, Sight

REPOSITORY = "acme/fleet"
PERSON = "alice"
# How often Longshore looks by itself where nobody can press a button.
SWEEP = "10s"

Forge = StandInGitHub | StandInGitLab


@dataclass(slots=True)
class Setting:
    """`plane` is the build of the clusters' programs: they are started when it is done."""

    narrator: Narrator
    directory: Path
    forge: Forge
    repository: Repository
    checkout: Checkout
    bot: Bot
    clusters: Clusters
    plane: Build

    @property
    def push_url(self) -> str:
        """With a token in it, as a person would paste it."""
        host = self.forge.clone_url(self.repository).removeprefix("http://")
        return f"http://{PERSON}:{self.forge.token(PERSON)}@{host}"

    @property
    def sight(self) -> Sight:
        if isinstance(self.forge, StandInGitLab):
            return GitLabSight(self.forge)
        return GitHubSight(self.forge, is_app=True)


@asynccontextmanager
async def opened(narrator: Narrator, directory: Path, kind: str) -> AsyncIterator[Setting]:
    """Everything is started or being started; on the way out all of it ends, the last one first."""
    async with AsyncExitStack() as stack:
        narrator.chapter("Set the stage")
        kustomize = await stack.enter_async_context(building("kustomize", directory / "build-kustomize.log"))
        await kustomize.done(narrator)
        plane = await stack.enter_async_context(building("plane", directory / "build-plane.log"))
        clusters = Clusters(directory)
        stack.push_async_callback(clusters.stop)
        bot = Bot(directory / "bot")
        forge: Forge
        if kind == "gitlab":
            forge = await stack.enter_async_context(StandInGitLab.running(directory / "gitlab"))
            narrator.say(f"a stand-in GitLab with real git, API, tokens and webhooks: {forge.url}")
            repository, entry = await _registered_on_gitlab(forge, bot, clusters.directory)
        else:
            forge = await stack.enter_async_context(StandInGitHub.running(directory / "github"))
            narrator.say(f"a stand-in GitHub with real git, API, Apps and webhooks: {forge.url}")
            repository, entry = await _registered_on_github(forge, bot, clusters.directory)
        config = configuration({"apiUrl": forge.api_url, "gitUrl": forge.url, **entry}, clusters)
        if kind == "gitlab":
            config["schedules"] = {"sweep": SWEEP}
        await stack.enter_async_context(running_bot(bot, lambda _bot: config))
        narrator.say(f"Longshore as in production (web, worker, embedded Valkey): {bot.log.path}")

        checkout = Checkout(directory / "fleet", PERSON)
        yield Setting(narrator, directory, forge, repository, checkout, bot, clusters, plane)


Registered = tuple[Repository, dict[str, Any]]


async def _registered_on_github(github: StandInGitHub, bot: Bot, directory: Path) -> Registered:
    """A private repository, and the App installed on it with its webhook; what a GitHub user clicks together."""
    repository = await github.create_repo(REPOSITORY)
    github.give_role(repository, PERSON, Role.WRITE)
    app = github.create_app(hook_url=bot.hook_url, hook_secret=HOOK_SECRET)
    github.install(app, repository.owner.login, [repository])
    key = _kept(directory / "app.pem", app.private_key)
    return repository, {"app": {"id": app.id, "privateKey": key}}


async def _registered_on_gitlab(gitlab: StandInGitLab, bot: Bot, directory: Path) -> Registered:
    """A private project, an access token of it and a webhook; what a GitLab user clicks together."""
    repository = await gitlab.create_repo(REPOSITORY)
    gitlab.give_level(repository, PERSON, Level.MAINTAINER)
    token = gitlab.project_token(repository)
    gitlab.add_hook(repository, bot.hook_url, HOOK_SECRET)
    return repository, {"kind": "gitlab", "token": _kept(directory / "token", token.bearer.text)}


def _kept(path: Path, secret: str) -> str:
    """How the configuration names it."""
    path.touch(mode=0o600)
    path.write_text(secret, encoding="utf-8")
    return f"${{file:{path}}}"


def configuration(forge: dict[str, Any], clusters: Clusters) -> dict[str, Any]:
    """The operator's file, but for where the bot listens."""
    return {
        "forges": {"hub": {**forge, "webhookSecrets": ["${env:HOOK_SECRET}"]}},
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
