"""Commits on GitLab, beyond what holds on every forge (`tests/forge/test_commits.py`)."""

import pytest

from bot.forge.commits import FileChange, NewCommit
from bot.forge.errors import ForgeInvalid
from tests.forge.gitlab.conftest import FLEET, World


async def test_where_one_file_cannot_be_changed_none_is(world: World) -> None:
    parent = await world.head()
    changes = (FileChange("apps/web.yaml", b"kind: Secret\n"), FileChange("none.yaml", b"x"))
    with pytest.raises(ForgeInvalid):
        await world.forge.commit(FLEET, NewCommit("main", parent, "Change", changes, parent))
    assert await world.head() == parent
