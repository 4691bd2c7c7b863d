"""Things are made once however many want them, and no sooner than somebody does."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.planning.elsewhere import Elsewhere
from bot.planning.once import Late, Once


async def test_many_who_want_it_get_the_one_answer() -> None:
    once: Once[str, object] = Once()
    made = 0

    async def make() -> object:
        nonlocal made
        made += 1
        await asyncio.sleep(0.01)
        return object()

    answers = await asyncio.gather(*(once.get("key", make) for _ in range(50)))
    assert (len(set(answers)), made, len(once)) == (1, 1, 1)
    assert await once.get("other", make) not in answers
    assert "other" in once


async def test_a_failure_is_everybodys_and_is_not_tried_again() -> None:
    once: Once[str, object] = Once()
    tried = 0

    async def fail() -> object:
        nonlocal tried
        tried += 1
        raise UserError("gone")

    lost = await asyncio.gather(*(once.get("key", fail) for _ in range(5)), return_exceptions=True)
    assert [str(error) for error in lost] == ["gone"] * 5
    with pytest.raises(UserError, match="gone"):
        await once.get("key", fail)
    assert tried == 1


async def test_who_stops_waiting_stops_nobody_else() -> None:
    once: Once[str, str] = Once()
    go = asyncio.Event()

    async def make() -> str:
        await go.wait()
        return "made"

    impatient = asyncio.create_task(once.get("key", make))
    patient = asyncio.create_task(once.get("key", make))
    await asyncio.sleep(0)
    impatient.cancel()
    go.set()
    assert await patient == "made"
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_at_the_end_nothing_goes_on() -> None:
    once: Once[str, None] = Once()
    ended = asyncio.Event()

    async def make() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    waiting = asyncio.create_task(once.get("key", make))
    await asyncio.sleep(0.01)
    await once.end()
    assert ended.is_set()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_nobody_wants_is_not_opened_and_needs_no_closing() -> None:
    opened: list[Path] = []

    def never() -> object:
        opened.append(Path())
        raise AssertionError

    elsewhere = Elsewhere(Late(never), Late(never))  # type: ignore[arg-type]
    async with elsewhere.visit() as errand:
        assert await errand.remotes([]) == {}
    await elsewhere.close()
    assert opened == []


def test_what_is_opened_late_is_opened_once() -> None:
    late = Late(object)
    assert late.opened is None
    assert late() is late() is late.opened
