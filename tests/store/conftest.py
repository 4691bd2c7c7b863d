"""A real Valkey per test: 40 ms, and no test sees another's keys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.queue import Queue
from bot.store.shared import Shared


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedStore]:
    embedded = EmbeddedStore(tmp_path)
    await embedded.start()
    yield embedded
    await embedded.stop()


@pytest.fixture
async def store(server: EmbeddedStore) -> AsyncIterator[Store]:
    opened = Store.open(server.url)
    yield opened
    await opened.close()


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store)


@pytest.fixture
def shared(store: Store) -> Shared:
    return Shared(store)
