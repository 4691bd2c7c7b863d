"""Documents by their address: asked for again only by what they were."""

import asyncio
from dataclasses import replace
from weakref import WeakValueDictionary

from bot.registry.address import document_key, shown
from bot.registry.cache import Cache, Stamp
from bot.registry.errors import Corrupt
from bot.registry.limits import Limits
from bot.registry.transport import Ask, Transport


class Documents:
    """Through one transport. One address is asked by one at a time: who comes second finds the answer."""

    def __init__(self, transport: Transport, cache: Cache, limits: Limits) -> None:
        self._transport = transport
        self._cache = cache
        self._limits = limits
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get(self, ask: Ask) -> tuple[int, bytes]:
        """The document as of now, or of less than `fresh_s` ago, after its status: 200, or 401, 403 and 404 without a body.

        Raises what asking raises.
        """
        async with self._locks.setdefault(
            key := document_key(ask.url, is_shown_to_us=bool(ask.authorization)), asyncio.Lock()
        ):
            known = await asyncio.to_thread(self._cache.document, key)
            if known is not None and known.age_s < self._limits.fresh_s:
                return 200, known.body
            conditions = _conditions(known.stamp) if known is not None else {}
            answer = await self._transport.get(replace(ask, headers={**ask.headers, **conditions}))
            if answer.status == 304:
                if known is None:
                    raise Corrupt(f"{shown(ask.url)} says that it is what it was, which nobody asked")
                await asyncio.to_thread(self._cache.renew_document, key)
                return 200, known.body
            if answer.status == 200:
                stamp = Stamp(answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))
                await asyncio.to_thread(self._cache.put_document, key, answer.body, stamp)
            return answer.status, answer.body


def _conditions(stamp: Stamp) -> dict[str, str]:
    if stamp.etag:
        return {"If-None-Match": stamp.etag}
    return {"If-Modified-Since": stamp.modified} if stamp.modified else {}
