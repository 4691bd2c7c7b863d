"""Comments on a strict GitHub, and the sticky ones above them."""

import asyncio

import pytest

from bot.forge.base import CommentId
from bot.forge.errors import ForgeForbidden, ForgeNotFound, ForgeUnavailable
from bot.forge.marker import MarkerKind, Place, Seal
from bot.forge.sticky import StickyComments
from bot.forge.text import NOTE
from bot.model.repo import Actor
from tests.forge.github.conftest import FLEET, World, Worlds
from tests.sandbox.forge.core.conversations import Pull

PLAN = MarkerKind.PLAN
SEAL = Seal([b"0123456789abcdef"])


async def opened(world: World) -> Pull:
    await world.github.push(world.fleet, "x", {"apps/new.yaml": b"kind: Secret\n"})
    return await world.github.open_pull(world.fleet, "x")


def sticky(world: World) -> StickyComments:
    return StickyComments(world.forge, SEAL)


async def test_who_we_are_is_who_our_comments_are_by(world: World) -> None:
    pull = await opened(world)
    comment = await world.forge.create_comment(FLEET, pull.number, "Hello")
    us = await world.forge.identity()
    assert comment.author == us == Actor(world.us.login, world.us.id, is_bot=world.app is not None)


async def test_a_comment_is_created_read_changed_and_deleted(world: World) -> None:
    pull = await opened(world)
    await world.github.comment(pull, "Please have a look", "bob")
    created = await world.forge.create_comment(FLEET, pull.number, "One")
    changed = await world.forge.update_comment(FLEET, pull.number, created.id, "Two")
    assert (changed.id, changed.body, changed.url) == (created.id, "Two", created.url)
    listed = await world.forge.comments(FLEET, pull.number)
    assert [(comment.author.login, comment.body) for comment in listed] == [
        ("bob", "Please have a look"),
        (world.us.login, "Two"),
    ]
    await world.forge.delete_comment(FLEET, pull.number, created.id)
    await world.forge.delete_comment(FLEET, pull.number, created.id)
    assert len(await world.forge.comments(FLEET, pull.number)) == 1


async def test_more_comments_than_a_page_are_all_read(world: World) -> None:
    pull = await opened(world)
    for number in range(230):
        await world.github.comment(pull, str(number), "bob")
    listed = await world.forge.comments(FLEET, pull.number)
    assert [comment.body for comment in listed] == [str(number) for number in range(230)]


async def test_a_comment_that_was_deleted_cannot_be_changed(world: World) -> None:
    with pytest.raises(ForgeNotFound):
        await world.forge.update_comment(FLEET, 1, CommentId(999_999), "x")


@pytest.mark.parametrize("letter", ["a", "🚢"])
async def test_a_comment_too_long_by_either_count_is_cut_and_says_so(as_app: World, letter: str) -> None:
    pull = await opened(as_app)
    comment = await as_app.forge.create_comment(FLEET, pull.number, letter * 70_000)
    assert len(comment.body) <= 65_536
    assert len(comment.body.encode()) <= 262_144
    assert comment.body.endswith(NOTE)


async def test_a_sticky_comment_is_edited_in_place(world: World) -> None:
    pull = await opened(world)
    place = Place(FLEET, pull.number)
    first = await sticky(world).put(place, PLAN, "One change", {"head": "a"})
    second = await sticky(world).put(place, PLAN, "Two changes", {"head": "b"})
    assert first.id == second.id
    found = await sticky(world).find(place, PLAN)
    assert found is not None
    assert found.payload == {"head": "b"}
    assert found.comment.body.endswith("Two changes")
    assert len(pull.comments) == 1


async def test_a_sticky_comment_that_says_so_already_is_not_written(world: World) -> None:
    place = Place(FLEET, (await opened(world)).number)
    await sticky(world).put(place, PLAN, "One change", {"head": "a"})
    world.requests.clear()
    await sticky(world).put(place, PLAN, "One change", {"head": "a"})
    assert world.writes == []


async def test_each_kind_has_its_own_comment(world: World) -> None:
    pull = await opened(world)
    place = Place(FLEET, pull.number)
    for kind in MarkerKind:
        await sticky(world).put(place, kind, f"The {kind}", {})
    assert len(pull.comments) == len(MarkerKind)


async def test_our_marker_copied_by_somebody_else_is_not_ours(world: World) -> None:
    pull = await opened(world)
    place = Place(FLEET, pull.number)
    await world.github.comment(pull, SEAL.stamp(place, PLAN, {"head": "evil"}, "Nothing changes."), "mallory")
    assert await sticky(world).find(place, PLAN) is None
    await sticky(world).put(place, PLAN, "One change", {"head": "a"})
    assert [comment.author.login for comment in pull.comments] == ["mallory", world.us.login]


async def test_our_comment_from_another_pull_request_is_not_this_ones(world: World) -> None:
    pull = await opened(world)
    elsewhere = SEAL.stamp(Place(FLEET, pull.number + 1), PLAN, {"head": "other"}, "")
    await world.forge.create_comment(FLEET, pull.number, elsewhere)
    assert await sticky(world).find(Place(FLEET, pull.number), PLAN) is None


async def test_a_comment_that_a_person_edited_is_put_right(world: World) -> None:
    pull = await opened(world)
    place = Place(FLEET, pull.number)
    await sticky(world).put(place, PLAN, "Deletes the database", {"head": "a"})
    ours = pull.comments[0]
    await world.github.edit_comment(ours, ours.body.replace("Deletes the database", "Fine"), "mallory")
    await sticky(world).put(place, PLAN, "Deletes the database", {"head": "a"})
    assert "Deletes the database" in pull.comments[0].body
    assert len(pull.comments) == 1


async def test_two_who_write_at_once_leave_one_comment(world: World) -> None:
    pull = await opened(world)
    place = Place(FLEET, pull.number)
    bodies = [f"Writer {number}" for number in range(4)]
    await asyncio.gather(*(sticky(world).put(place, PLAN, body, {}) for body in bodies))
    assert len(pull.comments) == 1
    assert pull.comments[0].body.partition("\n")[2] in bodies


async def test_doubles_that_were_left_behind_are_cleared_away(world: World) -> None:
    pull = await opened(world)
    place = Place(FLEET, pull.number)
    for number in range(3):
        await world.forge.create_comment(FLEET, pull.number, SEAL.stamp(place, PLAN, {}, str(number)))
    kept = await sticky(world).put(place, PLAN, "All of it", {})
    assert [comment.id for comment in pull.comments] == [kept.id]
    assert pull.comments[0].body.endswith("All of it")


async def test_a_comment_whose_answer_was_lost_is_not_made_twice(world: World) -> None:
    pull = await opened(world)
    place = Place(FLEET, pull.number)
    await world.forge.identity()
    world.github.faults.reset("POST", r"/comments$", phase="after")
    with pytest.raises(ForgeUnavailable):
        await sticky(world).put(place, PLAN, "One change", {})
    await sticky(world).put(place, PLAN, "One change", {})
    assert len(pull.comments) == 1


async def test_without_the_permission_it_says_which(worlds: Worlds) -> None:
    world = await worlds.app(metadata="read", contents="read", pull_requests="read")
    pull = await opened(world)
    with pytest.raises(ForgeForbidden, match="not accessible by integration"):
        await world.forge.create_comment(FLEET, pull.number, "x")
