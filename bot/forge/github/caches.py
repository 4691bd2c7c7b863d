"""Small bounded memories: tokens and installations for a time, answers by ETag until they are pushed out.

The invariant: nothing here grows without bound, and of many callers who miss the same entry one fetches it.
"""

import asyncio
import json
import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator, MutableMapping
from typing import Any, Generic, TypeVar
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


Answer = tuple[str | None, str | None, Any, str | None]


class AnswerCache(MutableMapping[str, Answer]):
    """The last answers by URL, as gidgethub keeps them; the longest unused goes first.

    One belongs to one installation: two of them sharing one would mix tenants. They are kept packed, since decoded
    they take many times the room.
    """

    def __init__(self, max_size_bytes: int = 1024 * 1024) -> None:
        self._max_size_bytes = max_size_bytes
        self._size_bytes = 0
        self._packed: OrderedDict[str, bytes] = OrderedDict()

    def __getitem__(self, url: str) -> Answer:
        packed = self._packed[url]
        self._packed.move_to_end(url)
        etag, last_modified, data, more = json.loads(zlib.decompress(packed))
        return etag, last_modified, data, more

    def __setitem__(self, url: str, answer: Answer) -> None:
        self.pop(url, None)
        self._packed[url] = zlib.compress(json.dumps(answer).encode(), level=1)
        self._size_bytes += len(self._packed[url])
        while self._size_bytes > self._max_size_bytes:
            del self[next(iter(self._packed))]

    def __delitem__(self, url: str) -> None:
        self._size_bytes -= len(self._packed.pop(url))

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
