"""The worker's tests use the store's fixtures: a real Valkey each."""

from tests.store.conftest import queue, server, shared, store

__all__ = ["queue", "server", "shared", "store"]
