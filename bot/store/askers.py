"""Which repositories asked a forge about the pull requests of which, so that an event of those wakes these.

Only what makes plans fresh sooner is here, and all of it may vanish: the next sweep asks again whatever was asked.
"""

from bot.model.repo import RepoId
from bot.store.shared import Shared

NAMESPACE = "askers"
TTL_S = 2 * 24 * 3600.0
MOST = 50
"""Of those that asked about one repository the newest."""


class Askers:
    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def remember(self, asker: RepoId, asked: RepoId) -> None:
        """Two that are remembered at the same moment may cost one of them, until it asks again."""
        paths = [asker.path, *(known.path for known in await self.of(asked) if known != asker)]
        await self._shared.cache_put(NAMESPACE, str(asked), "\n".join(paths[:MOST]).encode(), ttl_s=TTL_S)

    async def of(self, asked: RepoId) -> tuple[RepoId, ...]:
        """Those on the same forge, the newest first."""
        found = await self._shared.cache_get(NAMESPACE, str(asked))
        return tuple(RepoId(asked.forge, path) for path in found.decode().split("\n")) if found else ()
