"""Commits made by a strict GitHub: all of a commit's files or none, on the branch that was meant or not at all."""

import pytest

from bot.forge.commits import FileChange, NewCommit
from bot.forge.errors import ForgeConflict, ForgeForbidden
from bot.model.repo import Sha
from tests.forge.github.conftest import FLEET, World, Worlds

CHANGES = (
    FileChange("apps/web.yaml", b"kind: Secret\n"),
    FileChange("apps/\u00fc b.yaml", bytes(range(256)), is_new=True),
    FileChange("run.sh", b"#!/bin/sh\n", is_new=True, is_executable=True),
)


async def commit(world: World, branch: str, parent: Sha, expected: Sha | None, *changes: FileChange) -> Sha:
    return await world.forge.commit(FLEET, NewCommit(branch, parent, "Change", changes or CHANGES, expected))


async def test_one_commit_holds_every_change_on_a_new_branch(world: World) -> None:
    parent = await world.head()
    made = await commit(world, "bot/x", parent, None)
    assert made == await world.github.head(world.fleet, "bot/x")
    store = world.fleet.store
    listed = await store.run("ls-tree", "-z", made, "apps/web.yaml", "apps/\u00fc b.yaml", "run.sh")
    entries = [line.split() for line in listed.split("\0") if line]
    assert [entry[0] for entry in entries] == ["100644", "100644", "100755"]
    assert [await store.read(entry[2]) for entry in entries] == [change.content for change in CHANGES]
    assert (await store.run("rev-parse", f"{made}^")).strip() == parent


async def test_a_commit_goes_on_top_of_the_branch(world: World) -> None:
    parent = await world.head()
    made = await commit(world, "main", parent, parent)
    gone = await commit(world, "main", made, made, FileChange("run.sh", None))
    assert await world.head() == gone


async def test_a_branch_of_ours_is_begun_anew(world: World) -> None:
    base = await world.head()
    first = await commit(world, "bot/x", base, None)
    await world.github.push(world.fleet, "main", {"c.yaml": b""})
    made = await commit(world, "bot/x", await world.head(), first)
    assert (await world.fleet.store.run("rev-parse", f"{made}^")).strip() == await world.head()


async def test_a_branch_that_is_elsewhere_is_left_alone(world: World) -> None:
    base = await world.head()
    await world.github.push(world.fleet, "main", {"c.yaml": b""})
    moved = await world.head()
    with pytest.raises(ForgeConflict, match="by now"):
        await commit(world, "main", base, base)
    with pytest.raises(ForgeConflict, match="by now"):
        await commit(world, "main", moved, None)
    assert await world.head() == moved


async def test_an_app_that_may_not_write_contents_makes_no_commit(worlds: Worlds) -> None:
    world = await worlds.app(contents="read", metadata="read")
    parent = await world.head()
    with pytest.raises(ForgeForbidden):
        await commit(world, "main", parent, parent)
    assert await world.head() == parent
