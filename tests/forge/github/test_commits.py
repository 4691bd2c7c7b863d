"""Commits on GitHub, beyond what holds on every forge (`tests/forge/test_commits.py`)."""

import pytest

from bot.forge.commits import FileChange, NewCommit
from bot.forge.errors import ForgeForbidden
from tests.forge.github.conftest import FLEET, Worlds


async def test_an_app_that_may_not_write_contents_makes_no_commit(worlds: Worlds) -> None:
    world = await worlds.app(contents="read", metadata="read")
    parent = await world.head()
    change = FileChange("apps/web.yaml", b"kind: Secret\n")
    with pytest.raises(ForgeForbidden):
        await world.forge.commit(FLEET, NewCommit("main", parent, "Change", (change,), parent))
    assert await world.head() == parent
