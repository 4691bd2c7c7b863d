"""Notes and threads on a strict GitLab, and the sticky ones above them."""

import asyncio

import pytest

from bot.forge.base import CommentId
from bot.forge.errors import ForgeForbidden, ForgeNotFound, ForgeUnavailable
from bot.forge.gitlab import notes
from bot.forge.marker import MarkerKind, Place, Seal
from bot.forge.sticky import StickyComments, StickyThreads
from bot.forge.text import NOTE
from bot.model.repo import Actor
from tests.forge.gitlab.conftest import FLEET, World
from tests.sandbox.forge.core.conversations import Comment as Remark
from tests.sandbox.forge.core.conversations import Pull

PLAN = MarkerKind.PLAN
SEAL = Seal([b"0123456789abcdef"])


def sticky(world: World) -> StickyComments:
    return StickyComments(world.forge, SEAL)


async def test_who_we_are_is_who_our_notes_are_by(world: World) -> None:
    pull = await world.opened()
    comment = await world.forge.create_comment(FLEET, pull.number, "Hello")
    us = await world.forge.identity()
    assert us == Actor(world.us.login, world.us.id, is_bot=True)
    assert comment.author.id == us.id
    assert comment.url.endswith(f"/acme/platform/fleet/-/merge_requests/{pull.number}#note_{comment.id}")


async def test_a_note_is_created_read_changed_and_deleted(world: World) -> None:
    pull = await world.opened()
    await world.gitlab.comment(pull, "Please have a look", "alice")
    world.gitlab.system_note(pull, "added 1 commit")
    created = await world.forge.create_comment(FLEET, pull.number, "One")
    changed = await world.forge.update_comment(FLEET, pull.number, created.id, "Two")
    assert (changed.id, changed.body) == (created.id, "Two")
    listed = await world.forge.comments(FLEET, pull.number)
    assert [(comment.author.login, comment.body) for comment in listed] == [
        ("alice", "Please have a look"),
        (world.us.login, "Two"),
    ]
    await world.forge.delete_comment(FLEET, pull.number, created.id)
    await world.forge.delete_comment(FLEET, pull.number, created.id)
    assert len(await world.forge.comments(FLEET, pull.number)) == 1


async def test_more_notes_than_a_page_are_all_read(world: World) -> None:
    pull = await world.opened()
    for number in range(230):
        await world.gitlab.comment(pull, str(number), "alice")
    listed = await world.forge.comments(FLEET, pull.number)
    assert [comment.body for comment in listed] == [str(number) for number in range(230)]


def talked_over(world: World, pull: Pull, count: int) -> None:
    """So many people have said something already."""
    alice, now = world.gitlab.user("alice"), world.gitlab.forge.now()
    pull.comments += [
        Remark(world.gitlab.forge.next_id(), pull, alice, str(number), now, now) for number in range(count)
    ]


async def test_a_sticky_note_is_found_behind_all_that_may_be_said_before_it(world: World) -> None:
    pull = await world.opened()
    talked_over(world, pull, notes.MAX_NOTES - 1)
    place = Place(FLEET, pull.number)
    first = await sticky(world).put(place, PLAN, "One", {"n": "1"})
    again = await sticky(world).put(place, PLAN, "Two", {"n": "2"})
    assert again.id == first.id
    assert len(pull.comments) == notes.MAX_NOTES


async def test_a_merge_request_that_takes_no_more_notes_says_what_to_do(world: World) -> None:
    pull = await world.opened()
    talked_over(world, pull, notes.MAX_NOTES)
    with pytest.raises(ForgeForbidden, match=r"takes no more comments on !1.*delete comments"):
        await sticky(world).put(Place(FLEET, pull.number), PLAN, "One", {})
    assert len(pull.comments) == notes.MAX_NOTES


async def test_where_not_all_notes_can_be_read_none_is_written(world: World) -> None:
    pull = await world.opened()
    talked_over(world, pull, notes.MAX_NOTES + 1)
    with pytest.raises(ForgeForbidden, match="more than 5,000 notes"):
        await sticky(world).put(Place(FLEET, pull.number), PLAN, "One", {})


async def test_a_note_that_was_deleted_cannot_be_changed(world: World) -> None:
    pull = await world.opened()
    with pytest.raises(ForgeNotFound):
        await world.forge.update_comment(FLEET, pull.number, CommentId(999_999), "x")


async def test_a_note_too_long_is_cut_and_says_so(world: World) -> None:
    pull = await world.opened()
    comment = await world.forge.create_comment(FLEET, pull.number, "a" * 300_000)
    assert len(comment.body) <= notes.LIMIT.code_points
    assert comment.body.endswith(NOTE.rstrip())


@pytest.mark.parametrize(
    "text",
    [
        "/merge",
        "Fine\n/approve",
        "```\n/close\n```",
        "x\n  /label ~a",
        "\r\n/merge",
        "<b>\n/merge\n</b>",
        "\n\n/merge",
    ],
)
async def test_nothing_we_write_is_a_command(world: World, text: str) -> None:
    pull = await world.opened()
    comment = await world.forge.create_comment(FLEET, pull.number, text)
    assert comment.body == world.forge.as_kept(text)
    assert not any(line.startswith("/") for line in comment.body.splitlines())
    assert (await world.forge.pull(FLEET, pull.number)).is_open
    again = await world.forge.update_comment(FLEET, pull.number, comment.id, text + "\n/close")
    assert again.body == world.forge.as_kept(text + "\n/close")
    assert (await world.forge.pull(FLEET, pull.number)).is_open


async def test_a_sticky_note_is_edited_in_place(world: World) -> None:
    pull = await world.opened()
    place = Place(FLEET, pull.number)
    first = await sticky(world).put(place, PLAN, "One change\n/merge  \n\n", {"head": "a"})
    second = await sticky(world).put(place, PLAN, "Two changes", {"head": "b"})
    assert first.id == second.id
    found = await sticky(world).find(place, PLAN)
    assert found is not None
    assert found.payload == {"head": "b"}
    assert len(world.gitlab.remarks(pull)) == 1


async def test_a_sticky_note_that_says_it_already_is_left_alone(world: World) -> None:
    pull = await world.opened()
    place = Place(FLEET, pull.number)
    body = "Line\n/merge\r\nEnd \n"
    await sticky(world).put(place, PLAN, body, {"head": "a"})
    world.requests.clear()
    await sticky(world).put(place, PLAN, body, {"head": "a"})
    assert world.writes == []


async def test_many_writers_leave_one_note(world: World) -> None:
    pull = await world.opened()
    place = Place(FLEET, pull.number)
    await asyncio.gather(*(sticky(world).put(place, PLAN, f"Plan {n}", {"n": str(n)}) for n in range(6)))
    assert len(world.gitlab.remarks(pull)) == 1


async def test_a_copy_of_our_note_by_somebody_else_is_not_ours(world: World) -> None:
    pull = await world.opened()
    place = Place(FLEET, pull.number)
    ours = await sticky(world).put(place, PLAN, "Plan", {"head": "a"})
    await world.gitlab.comment(pull, ours.body, "alice")
    world.gitlab.system_note(pull, ours.body)
    found = await sticky(world).find(place, PLAN)
    assert found is not None
    assert found.comment.id == ours.id


async def test_a_note_that_may_have_been_written_is_not_written_twice(world: World) -> None:
    pull = await world.opened()
    world.gitlab.faults.reset("POST", r"/notes$", phase="after")
    with pytest.raises(ForgeUnavailable):
        await world.forge.create_comment(FLEET, pull.number, "once")
    assert len(world.gitlab.remarks(pull)) == 1


async def test_a_thread_waits_until_somebody_resolves_it(world: World) -> None:
    forge = await world.open(world.settings(threads=True))
    assert forge.threads is not None
    assert world.forge.threads is None
    pull = await world.opened()
    place, on = Place(FLEET, pull.number), StickyThreads(forge, forge.threads, SEAL)
    await on.settle(place)
    await on.put(place, "Two errors", {"findings": "2"})
    (thread,) = await forge.threads.threads(FLEET, pull.number)
    assert not thread.is_resolved
    await forge.threads.update_thread(FLEET, pull.number, thread, body=thread.comment.body, resolved=True)
    # They are meant, somebody said: the same words do not open it again, others do.
    await on.put(place, "Two errors", {"findings": "2"})
    assert [one.is_resolved for one in await forge.threads.threads(FLEET, pull.number)] == [True]
    await on.put(place, "Three errors", {"findings": "3"})
    (again,) = await forge.threads.threads(FLEET, pull.number)
    assert (again.id, again.is_resolved) == (thread.id, False)
    assert "Three errors" in again.comment.body
    await on.settle(place)
    assert [one.is_resolved for one in await forge.threads.threads(FLEET, pull.number)] == [True]
    world.requests.clear()
    await on.settle(place)
    assert world.writes == []


def test_a_line_is_no_command_for_want_of_what_is_no_text() -> None:
    assert not notes.kept("\x00/merge").startswith("/")
