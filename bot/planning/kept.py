"""What was made before, for input of one trust: a pull request may read what a delivery made, never the other way round."""

import asyncio
from collections.abc import Mapping

from bot.diff.mask import Mask
from bot.git.tree import Tree
from bot.model.rendering import ContentKey, MaskedRendering, Trust
from bot.planning.expansion import Expansion, Finding
from bot.planning.memory import Memory
from bot.render.cache import CacheKey, RenderingCache


class Kept:
    """Renderings and expansions on disk. `made_by` tells what takes part in them beside the files."""

    def __init__(
        self, cache: RenderingCache, memory: Memory, mask: Mask, trust: Trust, made_by: Mapping[str, str]
    ) -> None:
        self._cache = cache
        self._memory = memory
        self._mask = mask
        self._trust = trust
        self._made_by = made_by

    async def rendering(self, key: ContentKey) -> MaskedRendering | None:
        return await asyncio.to_thread(self._rendering, key)

    def _rendering(self, key: ContentKey) -> MaskedRendering | None:
        return next(filter(None, (self._cache.get(self._place(key, t)) for t in self._readable)), None)

    def keep(self, key: ContentKey, masked: MaskedRendering) -> None:
        """A failure may be the machine's: it is tried again by the next piece of work."""
        if not masked.failed:
            self._cache.put(self._place(key, self._trust), masked)

    async def recall(self, tree: Tree, finding: Finding) -> Expansion | None:
        for trust in self._readable:
            found = await asyncio.to_thread(self._memory.recall, tree.id, finding, self._named(trust))
            if found is not None:
                return found
        return None

    async def remember(self, expansion: Expansion, finding: Finding) -> None:
        await asyncio.to_thread(self._memory.remember, expansion, finding, self._named(self._trust))

    @property
    def _readable(self) -> tuple[Trust, ...]:
        return tuple(dict.fromkeys((self._trust, Trust.TRUSTED)))

    def _place(self, key: ContentKey, trust: Trust) -> CacheKey:
        return CacheKey(key, trust, self._mask.key_id)

    def _named(self, trust: Trust) -> Mapping[str, str]:
        return {**self._made_by, "trust": trust.value}
