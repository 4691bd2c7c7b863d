"""Addresses of the store, and what a bad one is answered with."""

import pytest

from bot.errors import UserError
from bot.store.connection import Store, StoreMisused, address


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
