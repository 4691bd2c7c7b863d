"""Under which path a repository is served, by the forge's own number of it.

A repository that was renamed sends its events under a path that nobody configured; its number is the same as before.
Only what workers found out is here, and all of it may vanish: the next sweep finds it again.
"""

from bot.store.shared import Shared

NAMESPACE = "names"
TTL_S = 30 * 24 * 3600.0


class KnownNames:
    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def remember(self, forge: str, number: int, path: str) -> None:
        await self._shared.cache_put(NAMESPACE, f"{forge}/{number}", path.encode(), ttl_s=TTL_S)

    async def path_of(self, forge: str, number: int) -> str | None:
        found = await self._shared.cache_get(NAMESPACE, f"{forge}/{number}")
        return found.decode() if found is not None else None
