"""From an operator's settings to a forge that is connected."""

from contextlib import AbstractAsyncContextManager

from bot.forge.base import Forge
from bot.forge.github.settings import GitHubSettings

ForgeSettings = GitHubSettings


def open_forge(settings: ForgeSettings) -> AbstractAsyncContextManager[Forge]:
    """The connection lives as long as the context. The vendor's client library is loaded here and not before."""
    from bot.forge.github.forge import open_github  # noqa: PLC0415 - the reason for this function

    return open_github(settings)
