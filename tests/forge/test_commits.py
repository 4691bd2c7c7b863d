"""Commits made by a strict forge: all of a commit's files or none, on the branch that was meant or not at all."""

import pytest

from bot.forge.commits import FileChange, NewCommit
from bot.forge.errors import ForgeConflict
from bot.model.repo import Sha
from tests.forge.conftest import Desk

CHANGES = (
    FileChange("apps/web.yaml", b"kind: Secret\n"),
    FileChange("apps/\u00fc b.yaml", bytes(range(256)), is_new=True),
    FileChange("run.sh", b"#!/bin/sh\n", is_new=True, is_executable=True),
)


async def commit(desk: Desk, branch: str, parent: Sha, expected: Sha | None, *changes: FileChange) -> Sha:
    return await desk.forge.commit(
        desk.at, NewCommit(branch, parent, "Change\n\nAll", changes or CHANGES, expected)
    )


async def test_one_commit_holds_every_change_on_a_new_branch(desk: Desk) -> None:
    parent = await desk.head()
    made = await commit(desk, "bot/x", parent, None)
    assert made == await desk.head("bot/x")
    store = desk.fleet.store
    listed = await store.run("ls-tree", "-z", made, "apps/web.yaml", "apps/\u00fc b.yaml", "run.sh")
    entries = [line.split() for line in listed.split("\0") if line]
    assert [entry[0] for entry in entries] == ["100644", "100644", "100755"]
    assert [await store.read(entry[2]) for entry in entries] == [change.content for change in CHANGES]
    assert (await store.run("rev-parse", f"{made}^")).strip() == parent


async def test_a_commit_goes_on_top_of_the_branch(desk: Desk) -> None:
    parent = await desk.head()
    made = await commit(desk, "main", parent, parent)
    gone = await commit(desk, "main", made, made, FileChange("run.sh", None))
    assert await desk.head() == gone


async def test_a_branch_of_ours_is_begun_anew(desk: Desk) -> None:
    first = await commit(desk, "bot/x", await desk.head(), None)
    await desk.stand_in.push(desk.fleet, "main", {"c.yaml": b""})
    made = await commit(desk, "bot/x", await desk.head(), first)
    assert (await desk.fleet.store.run("rev-parse", f"{made}^")).strip() == await desk.head()


async def test_a_branch_that_is_elsewhere_is_left_alone(desk: Desk) -> None:
    base = await desk.head()
    await desk.stand_in.push(desk.fleet, "main", {"c.yaml": b""})
    moved = await desk.head()
    with pytest.raises(ForgeConflict, match="by now"):
        await commit(desk, "main", base, base)
    with pytest.raises(ForgeConflict, match="by now"):
        await commit(desk, "main", moved, None)
    assert await desk.head() == moved
