"""Things that are made once however many want them, and no sooner than somebody does."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from bot.aio import cancel_all

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Late(Generic[T]):
    """What is opened when it is first asked for; `opened` is None until then."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.opened: T | None = None

    def __call__(self) -> T:
        if self.opened is None:
            self.opened = self._make()
        return self.opened


class Once(Generic[K, T]):
    """The first answer for a key, or its failure, is everybody's. Who stops waiting stops nobody else."""

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[T]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, key: K) -> bool:
        return key in self._tasks

    async def get(self, key: K, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Raises what `make` raises."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(make())
        return await asyncio.shield(task)

    async def end(self) -> None:
        """Nobody asks any more, and nothing goes on."""
        await cancel_all(self._tasks.values())
