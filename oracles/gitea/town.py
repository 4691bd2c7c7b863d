"""What the rules are tried in: a real Gitea, a real control plane, and a bot between them that serves every `*/fleet`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oracles.gitea.server import Gitea, running
from tests.sandbox.cluster import ClusterAccess, ControlPlane
from tests.stories.bot import Bot, running_bot

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp

    from oracles.gitea.api import Api

OWNER = "olga"
BOT = "longshore"
SCOPES = ("write:repository", "write:issue", "read:user")
"""What the bot's token may do, as docs/forges.md says: nothing more."""


@dataclass(frozen=True, slots=True)
class Town:
    gitea: Gitea
    owner: Api
    bot_api: Api
    access: ClusterAccess
    cluster: aiohttp.ClientSession
    bot: Bot
    bot_name: str = BOT


@asynccontextmanager
async def founded(directory: Path) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        plane = await stack.enter_async_context(await ControlPlane.start())
        cluster = await stack.enter_async_context(plane.access.session())
        place = directory / "gitea"
        place.mkdir()
        gitea = await stack.enter_async_context(running(place))
        owner = await gitea.administrator.new_user(OWNER, "all")
        ours = await gitea.administrator.new_user(BOT, *SCOPES)
        bot = Bot(directory / "bot", {"GITEA_TOKEN": ours.token})
        town = Town(gitea, owner, ours, plane.access, cluster, bot)
        await stack.enter_async_context(running_bot(bot, lambda _: config(town)))
        yield town


def entry(town: Town) -> dict[str, Any]:
    """The forge, as an operator writes it."""
    secret = {"webhookSecrets": ["${env:HOOK_SECRET}"]}
    return {"kind": "gitea", "gitUrl": town.gitea.url, "token": "${env:GITEA_TOKEN}", **secret}


def config(town: Town) -> dict[str, Any]:
    allowed = {"branches": ["*"], "namespaces": ["*"], "kinds": ["*"], "clusterScoped": True}
    staging = {
        "kubeconfig": str(town.access.admin_kubeconfig),
        "environment": "staging",
        "namespace": "longshore-system",
        "allow": [{"repository": "*/fleet", **allowed}],
    }
    return {
        "forges": {"hub": entry(town)},
        "repositories": [{"forge": "hub", "repository": "*/fleet"}],
        "clusters": {"staging": staging},
    }
