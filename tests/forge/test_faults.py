"""Faults of a forge that means well: what is asked again, what is waited for, and what is handed on."""

import re
import time
from typing import Literal

import pytest

from bot.errors import Temporary
from bot.forge.errors import ForgeRateLimited, ForgeUnavailable
from tests.forge.conftest import Desk


async def _known(desk: Desk) -> Desk:
    """Whatever a forge is asked once only has been asked."""
    assert await desk.forge.default_branch(desk.at) == "main"
    desk.requests.clear()
    return desk


async def test_a_read_that_fails_once_is_repeated(desk: Desk) -> None:
    await _known(desk)
    desk.stand_in.faults.answer("GET", desk.repository, 502, times=2)
    assert await desk.forge.default_branch(desk.at) == "main"
    assert len(desk.requests) == 3


async def test_a_read_that_goes_on_failing_is_temporary(desk: Desk) -> None:
    await _known(desk)
    desk.stand_in.faults.answer("GET", desk.repository, 503, times=9)
    with pytest.raises(ForgeUnavailable, match="503") as caught:
        await desk.forge.default_branch(desk.at)
    assert isinstance(caught.value, Temporary)
    assert len(desk.requests) == 3


async def test_a_reset_connection_is_repeated_for_a_read(desk: Desk) -> None:
    await _known(desk)
    desk.stand_in.faults.reset("GET", desk.repository)
    assert await desk.forge.default_branch(desk.at) == "main"


@pytest.mark.parametrize("phase", ["before", "after"])
async def test_a_post_that_may_have_taken_effect_is_not_repeated(
    desk: Desk, phase: Literal["before", "after"]
) -> None:
    pull = await desk.opened()
    await _known(desk)
    desk.stand_in.faults.reset("POST", desk.comments, phase=phase)
    with pytest.raises(ForgeUnavailable):
        await desk.forge.create_comment(desk.at, pull.number, "once")
    assert len([line for line in desk.requests if re.search(f"^POST .*{desk.comments}", line)]) == 1
    assert len(desk.stand_in.remarks(pull)) == (phase == "after")


async def test_a_slow_answer_is_given_up(desk: Desk) -> None:
    forge = await desk.impatient()
    desk.stand_in.faults.slow("GET", desk.repository, 2.0, times=3)
    start = time.monotonic()
    with pytest.raises(ForgeUnavailable, match="in time"):
        await forge.default_branch(desk.at)
    assert time.monotonic() - start < 5


async def test_a_short_wait_is_waited_for_also_by_a_post(desk: Desk) -> None:
    pull = await desk.opened()
    desk.stand_in.faults.rate_limit("POST", desk.comments, retry_after_s=1)
    start = time.monotonic()
    await desk.forge.create_comment(desk.at, pull.number, "once")
    assert time.monotonic() - start >= 1
    assert len(desk.stand_in.remarks(pull)) == 1


async def test_a_long_wait_is_handed_on_and_nothing_is_asked_meanwhile(desk: Desk) -> None:
    await _known(desk)
    desk.stand_in.faults.rate_limit("GET", desk.repository, status=429, retry_after_s=90)
    with pytest.raises(ForgeRateLimited) as caught:
        await desk.forge.default_branch(desk.at)
    assert 85 < (caught.value.retry_after_s or 0) <= 90
    desk.requests.clear()
    with pytest.raises(ForgeRateLimited) as caught:
        await desk.forge.pull(desk.at, 1)
    assert 85 < (caught.value.retry_after_s or 0) <= 90
    assert desk.requests == []
