"""Addresses of the store, and what a bad one is answered with."""

import asyncio

import pytest

from bot.errors import UserError
from bot.model.steps import StepKey, Wake
from bot.store import connection
from bot.store.connection import Store, StoreMisused, StoreUnavailable, address
from bot.store.embedded import EmbeddedStore
from bot.store.queue import Queue


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://db:7000/2", {"host": "db", "port": 7000, "db": 2}),
        ("redis://:hunter2@db", {"host": "db", "password": "hunter2"}),
        ("rediss://user:pw@db:6380", {"host": "db", "port": 6380, "username": "user"}),
        ("unix:///run/valkey.sock", {"path": "/run/valkey.sock"}),
        ("unix:///run/valkey.sock?db=3", {"path": "/run/valkey.sock", "db": 3}),
    ],
)
def test_every_kind_of_address_is_understood(url: str, expected: dict[str, object]) -> None:
    assert expected.items() <= address(url).items()


@pytest.mark.parametrize(
    "url", ["http://:hunter2@db", "redis://", "unix://", "redis://db:hunter2/0", "hunter2"]
)
def test_an_unusable_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(UserError, match="unix:///PATH") as caught:
        address(url)
    assert "hunter2" not in str(caught.value)


async def test_a_wrong_call_is_a_bug_not_an_outage(store: Store) -> None:
    with pytest.raises(StoreMisused):
        await store.script("wake", {})


async def test_a_burst_waits_for_its_turn_instead_of_failing(queue: Queue) -> None:
    wakes = (queue.wake(Wake(StepKey("plan", str(number)), "opened")) for number in range(500))
    assert len(await asyncio.gather(*wakes)) == 500


async def test_a_turn_that_does_not_come_is_said(
    server: EmbeddedStore, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TURN_TIMEOUT_S", 0.05)
    for _ in range(connection.MAX_CONNECTIONS):
        await store._turns.acquire()
    with pytest.raises(StoreUnavailable, match="too many calls"):
        await store.ping()
    store._turns.release()
    await store.ping()


async def test_a_cancellation_that_the_client_swallows_still_ends_the_call(store: Store) -> None:
    begun = asyncio.Event()

    async def succeeds_when_cancelled() -> bytes:
        """What `asyncio.wait_for` does before Python 3.12, when both come at once."""
        begun.set()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return b"an answer"
        return b"too late"

    task = asyncio.create_task(store.call(succeeds_when_cancelled))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
