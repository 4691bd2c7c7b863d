"""From an operator's configuration to a forge that is connected: the one place that knows which kinds there are."""

from contextlib import AbstractAsyncContextManager

from bot.config.forges import Forge as ForgeConfig
from bot.forge.base import Forge


def open_forge(name: str, entry: ForgeConfig) -> AbstractAsyncContextManager[Forge]:
    """The connection lives as long as the context. The vendor's client is loaded here and not before.

    Reads the credentials. Raises `SecretUnreadable`, UserError for credentials of no use.
    """
    match entry.kind:
        case "github" | "gitea":
            return _github(name, entry)
        case "gitlab":
            return _gitlab(name, entry)


def _github(name: str, entry: ForgeConfig) -> AbstractAsyncContextManager[Forge]:
    from bot.forge.github.forge import open_github  # noqa: PLC0415 - loads the client
    from bot.forge.github.settings import AppKey, Face, GitHubSettings  # noqa: PLC0415 - as above

    app = AppKey(str(entry.app.id), entry.app.private_key.read()) if entry.app else None
    token = entry.token.read() if entry.token else None
    face = Face(entry.kind)
    return open_github(GitHubSettings(name, app, token, entry.api_root, entry.git_root, face=face))


def _gitlab(name: str, entry: ForgeConfig) -> AbstractAsyncContextManager[Forge]:
    from bot.forge.gitlab.forge import open_gitlab  # noqa: PLC0415 - loads the client
    from bot.forge.gitlab.settings import GitLabSettings, Tier  # noqa: PLC0415 - as above

    assert entry.token is not None
    entry.token.read()
    return open_gitlab(
        GitLabSettings(
            name,
            entry.token.read,
            entry.api_root,
            entry.git_root,
            Tier[entry.tier.upper()],
            wants_threads=entry.findings == "thread",
        )
    )
