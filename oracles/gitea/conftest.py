"""The town of the rules, and the bot's own eyes and ears on its Gitea."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.config.forges import Forge as ForgeConfig
from bot.forge.base import Forge
from bot.forge.opening import open_forge
from oracles.gitea.town import Town, entry, founded
from tests.sandbox.receiver import Receiver, receiving
from tests.stories.bot import HOOK_SECRET


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with founded(tmp_path_factory.mktemp("tea")) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def forge(town: Town, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Forge]:
    """The adapter as the bot has it, with the bot's own token."""
    monkeypatch.setenv("GITEA_TOKEN", town.bot_api.token)
    monkeypatch.setenv("HOOK_SECRET", HOOK_SECRET)
    async with open_forge("hub", ForgeConfig.model_validate(entry(town))) as forge:
        yield forge


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    """Where a hook may point to, to be read."""
    async with receiving() as receiver:
        yield receiver
