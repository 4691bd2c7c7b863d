"""The hooks of a project that lead to us, and whether GitLab still calls them: it stops where it was refused too often."""

from collections.abc import Sequence
from datetime import UTC
from typing import Final

from yarl import URL

from bot.forge.errors import ForgeForbidden, ForgeNotFound
from bot.forge.gitlab.projects import Projects
from bot.forge.gitlab.shapes import Hook
from bot.model.repo import RepoId

MAX_HOOKS: Final = 100
CALLED: Final = "executable"


async def not_called(projects: Projects, repo: RepoId) -> Sequence[str]:
    """One sentence for each that GitLab has disabled. Empty where we may not see them: that takes a maintainer."""
    try:
        found = await projects.list(repo, "/hooks", Hook, limit=MAX_HOOKS)
    except (ForgeForbidden, ForgeNotFound):
        return ()
    return [_told(hook) for hook in found if hook.alert_status != CALLED and _leads_to(hook.url, repo.forge)]


def _leads_to(url: str, name: str) -> bool:
    """Whether it is one of Longshore's addresses for this forge, whatever comes before."""
    try:
        return URL(url).path.endswith(f"/hooks/{name}")
    except ValueError:
        return False


def _told(hook: Hook) -> str:
    rests_until = hook.disabled_until
    until = f" until {rests_until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if rests_until else ""
    return (
        f"GitLab has disabled the webhook {hook.id}{until}, since it was refused too often: mend what its recent events "
        "show, then test it under Settings, Webhooks; one that is answered well is called again"
    )
