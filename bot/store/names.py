"""Which repository a path is, by the forge's own number of it, and under which path a number is served.

A repository that was renamed sends its events under a path that nobody configured; its number is the same as before.
Another one that takes the path has another number. Only what workers found out is here, and all of it may vanish: paths
are found again by the next sweep, and for numbers see `bot.loops.identity`.
"""

from bot.model.repo import RepoId
from bot.store.shared import Shared

PATHS = "names"
NUMBERS = "numbers"
TTL_S = 30 * 24 * 3600.0


class KnownNames:
    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def remember(self, repo: RepoId, number: int) -> None:
        path, digits = repo.path.encode(), str(number).encode()
        await self._shared.cache_put(PATHS, f"{repo.forge}/{number}", path, ttl_s=TTL_S)
        await self._shared.cache_put(NUMBERS, str(repo), digits, ttl_s=TTL_S)

    async def path_of(self, forge: str, number: int) -> str | None:
        found = await self._shared.cache_get(PATHS, f"{forge}/{number}")
        return found.decode() if found is not None else None

    async def number_of(self, repo: RepoId) -> int | None:
        """The number that was last taken for this path."""
        found = await self._shared.cache_get(NUMBERS, str(repo))
        return int(found) if found is not None and found.isdigit() else None
