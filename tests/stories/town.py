"""Everything a story happens in: a forge, a control plane, and a bot between them that serves every `*/fleet`.

Invariant: stories in one town share nothing but the processes. Each has an account, a repository and a namespace of
its own, and on GitHub an installation with its own rate limits.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.sandbox.cluster import ClusterAccess
from tests.sandbox.forge import Role, Seen, StandInGitHub, StandInGitLab
from tests.sandbox.forge.contract import Contract
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import App
from tests.sandbox.forge.gitlab.contract import Contract as GitLabContract
from tests.sandbox.forge.gitlab.tokens import AccessToken
from tests.stories.bot import HOOK_SECRET, Bot, running_bot
from tests.stories.manifests import Files
from tests.stories.sight import GitHubSight, GitLabSight, Sight
from tests.stories.story import Story

TOKEN_USER = "longshore-machine"
# The group above all stories' projects on GitLab, which the bot's token is of.
TOP_GROUP = "stories"

Forge = StandInGitHub | StandInGitLab
Identity = App | AccessToken


@dataclass(slots=True)
class Plan:
    """How a town is to be: its forge, a token in place of an App, clusters beside the two, other settings of the bot."""

    is_gitlab: bool = False
    is_app: bool = True
    clusters: Callable[["Town"], Mapping[str, Any]] = lambda _: {}
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Town:
    """`identity` is as whom the bot acts: a GitHub App, a GitLab token, or (None) a person's token on GitHub."""

    forge: Forge
    access: ClusterAccess
    cluster: aiohttp.ClientSession
    bot: Bot
    identity: Identity | None
    state_namespace: str
    # Without a web process nobody takes webhooks.
    has_web: bool = True
    writes: list[Seen] = field(default_factory=list)

    @property
    def github(self) -> StandInGitHub:
        """For stories that are told on GitHub only."""
        assert isinstance(self.forge, StandInGitHub)
        return self.forge

    @property
    def gitlab(self) -> StandInGitLab:
        """For those that are told on GitLab only."""
        assert isinstance(self.forge, StandInGitLab)
        return self.forge

    @property
    def app(self) -> App | None:
        return self.identity if isinstance(self.identity, App) else None

    @property
    def sight(self) -> Sight:
        if isinstance(self.forge, StandInGitLab):
            return GitLabSight(self.forge)
        return GitHubSight(self.forge, is_app=self.app is not None)

    @property
    def author(self) -> str:
        """Who the bot is on the forge."""
        return self._us.login

    @property
    def _us(self) -> User:
        match self.identity:
            case App():
                return self.identity.bot
            case AccessToken():
                return self.identity.user
            case None:
                return self.forge.user(TOKEN_USER)

    async def story(self, slug: str, files: Files | None = None, *, default_branch: str = "main") -> Story:
        """A new account with a repository `fleet`, open to the bot and, where files are given, delivered from the start."""
        name = f"{slug}-{secrets.token_hex(3)}"
        repo = await self.forge.create_repo(self.path(name), default_branch=default_branch)
        self._open_to_the_bot(repo)
        story = Story(self, repo, name)
        await story.make_namespace(name)
        if files is not None:
            await story.push(files)
        return story

    def path(self, name: str) -> str:
        """Of the repository of the story of that name."""
        return f"{TOP_GROUP}/{name}/fleet" if isinstance(self.forge, StandInGitLab) else f"{name}/fleet"

    def _open_to_the_bot(self, repo: Repository) -> None:
        if isinstance(self.forge, StandInGitHub) and self.app is not None:
            self.forge.install(self.app, repo.owner.login, [repo])
            return
        if isinstance(self.forge, StandInGitHub):
            self.forge.give_role(repo, TOKEN_USER, Role.WRITE)
        if self.has_web:
            self.forge.add_hook(repo, self.bot.hook_url, HOOK_SECRET)

    def forget_stories(self) -> None:
        """Uninstall the App everywhere, or archive the projects, so that no sweep comes by what is over."""
        if isinstance(self.forge, StandInGitLab):
            for repo in self.forge.forge.repositories:
                repo.is_archived = True
                repo.hooks.clear()
            return
        for installation in list(self.forge.state.apps.installations.values()):
            self.forge.uninstall(installation)

    def note(self, seen: Seen) -> None:
        if seen.is_write and seen.phase == "before":
            self.writes.append(seen)


@asynccontextmanager
async def founded(
    directory: Path, contract: Contract | None, access: ClusterAccess, plan: Plan | None = None
) -> AsyncIterator[Town]:
    plan = plan or Plan()
    async with AsyncExitStack() as stack:
        forge = await stack.enter_async_context(_forge(directory, contract, plan))
        cluster = await stack.enter_async_context(access.session())
        bot = Bot(directory / "bot")
        identity = _identity(forge, plan, bot)
        town = Town(forge, access, cluster, bot, identity, f"longshore-{secrets.token_hex(4)}")
        forge.faults.on_request.append(town.note)
        await stack.enter_async_context(running_bot(bot, lambda _: config_of(town, plan)))
        yield town


@asynccontextmanager
async def _forge(directory: Path, contract: Contract | None, plan: Plan) -> AsyncIterator[Forge]:
    """GitLab brings its own description, where GitHub is held to one at all."""
    if plan.is_gitlab:
        judge = GitLabContract.load() if contract is not None else None
        async with StandInGitLab.running(directory / "gitlab", contract=judge) as gitlab:
            yield gitlab
    else:
        async with StandInGitHub.running(directory / "github", contract=contract) as github:
            yield github


def _identity(forge: Forge, plan: Plan, bot: Bot) -> Identity | None:
    return identity_on(forge, bot.hook_url) if plan.is_gitlab or plan.is_app else None


def identity_on(forge: Forge, hook_url: str | None = None) -> Identity:
    """An App on GitHub, told of events where an address is given; on GitLab a token of the group above all projects."""
    if isinstance(forge, StandInGitLab):
        return forge.group_token(TOP_GROUP)
    return forge.create_app(hook_url=hook_url, hook_secret=HOOK_SECRET)


def config_of(town: Town, plan: Plan) -> Mapping[str, Any]:
    """The bot's configuration, but for where it listens and keeps its data."""
    forge: dict[str, Any] = {
        "apiUrl": town.forge.api_url,
        "gitUrl": town.forge.url,
        "webhookSecrets": ["${env:HOOK_SECRET}"],
        **_credentials(town),
    }
    clusters = {"staging": cluster(town, "staging"), "production": cluster(town, "production")}
    return {
        "forges": {"hub": forge},
        "repositories": [{"forge": "hub", "repository": "*/fleet"}],
        "clusters": {**clusters, **plan.clusters(town)},
        **plan.settings,
    }


def _credentials(town: Town) -> dict[str, Any]:
    key = town.bot.directory / "credential"
    match town.identity:
        case App():
            key.write_text(town.identity.private_key, encoding="utf-8")
            return {"app": {"id": town.identity.id, "privateKey": f"${{file:{key}}}"}}
        case AccessToken():
            key.write_text(town.identity.bearer.text, encoding="utf-8")
            return {"kind": "gitlab", "tier": "premium", "token": f"${{file:{key}}}"}
        case None:
            key.write_text(town.github.token(TOKEN_USER), encoding="utf-8")
            return {"token": f"${{file:{key}}}"}


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
