"""Which steps asked a forge about the pull requests of a repository, so that an event of those wakes these.

Only what makes plans fresh sooner is here, and all of it may vanish: the next sweep asks again whatever was asked.
"""

from bot.model.repo import RepoId
from bot.model.steps import StepKey
from bot.store.shared import Shared

NAMESPACE = "asking-steps"
TTL_S = 2 * 24 * 3600.0
MOST = 20
"""Of each loop's steps that asked about one repository the newest: strangers' plans drive out no delivery."""


class Askers:
    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def remember(self, asker: StepKey, asked: RepoId) -> None:
        """Two that are remembered at the same moment may cost one of them, until it asks again."""
        kept: list[StepKey] = []
        for each in (asker, *(known for known in await self.of(asked) if known != asker)):
            if sum(newer.loop == each.loop for newer in kept) < MOST:
                kept.append(each)
        await self._shared.cache_put(NAMESPACE, str(asked), "\n".join(map(str, kept)).encode(), ttl_s=TTL_S)

    async def of(self, asked: RepoId) -> tuple[StepKey, ...]:
        """The newest first."""
        found = await self._shared.cache_get(NAMESPACE, str(asked))
        return tuple(map(StepKey.parse, found.decode().split("\n"))) if found else ()
