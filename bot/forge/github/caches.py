"""GitHub's last answers, by ETag, until they are pushed out.

The invariant: nothing here grows without bound.
"""

import json
import zlib
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from typing import Any

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
