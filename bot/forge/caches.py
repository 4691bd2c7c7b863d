"""Small bounded memories with a time: tokens, installations, names.

The invariant: nothing here grows without bound, and of many callers who miss the same entry one fetches it.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ExpiringCache(Generic[K, V]):
    def __init__(
        self, *, lifetime_s: float, max_entries: int = 1024, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lifetime_s = lifetime_s
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._fetching: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    async def get(self, key: K, fetch: Callable[[], Awaitable[V]]) -> V:
        """The remembered value, or what `fetch` gives. A failure is not remembered."""
        lock = self._fetching.setdefault(key, asyncio.Lock())
        async with lock:
            entry = self._entries.get(key)
            if entry is not None and self._clock() < entry[0]:
                return entry[1]
            # Its lifetime counts from when it was asked for, not from when the answer came.
            expires_at = self._clock() + self._lifetime_s
            value = await fetch()
            self._entries[key] = (expires_at, value)
            self._entries.move_to_end(key)
            while len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
            return value

    def forget(self, key: K, value: V | None = None) -> bool:
        """Drop the entry; given a value, only while that is the one remembered. Whether there was one to drop."""
        entry = self._entries.get(key)
        if entry is None or (value is not None and entry[1] != value):
            return False
        del self._entries[key]
        return True
