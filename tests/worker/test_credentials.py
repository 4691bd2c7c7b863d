"""Credentials that end on a day that nobody has in mind."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.forge.errors import ForgeUnavailable
from bot.worker.credentials import SOON, watch_credentials
from bot.worker.metrics import Metrics

NAME = "longshore_credentials_expire_timestamp_seconds"


def ending(at: datetime | None) -> Callable[[], Awaitable[datetime | None]]:
    async def ask() -> datetime | None:
        return at

    return ask


@pytest.mark.parametrize(("left", "is_said"), [(SOON, True), (timedelta(days=-1), True), (2 * SOON, False)])
async def test_what_ends_within_two_weeks_is_said_and_when_it_ends_is_always_told(
    left: timedelta, *, is_said: bool
) -> None:
    metrics, at = Metrics(), datetime.now(UTC) + left
    with capture_logs() as logs:
        await watch_credentials({"lab": ending(at)}, metrics).run()
    assert [(one["event"], one["forge"]) for one in logs] == [("credentials_expire", "lab")] * is_said
    assert metrics.registry.get_sample_value(NAME, {"forge": "lab"}) == at.timestamp()


async def test_what_does_not_end_any_more_has_no_time() -> None:
    metrics, at = Metrics(), datetime.now(UTC) + SOON
    await watch_credentials({"lab": ending(at)}, metrics).run()
    await watch_credentials({"lab": ending(None)}, metrics).run()
    assert metrics.registry.get_sample_value(NAME, {"forge": "lab"}) is None


async def test_a_forge_that_is_away_keeps_nobody_from_the_others() -> None:
    async def away() -> datetime | None:
        raise ForgeUnavailable("away")

    metrics, at = Metrics(), datetime.now(UTC) + SOON
    await watch_credentials({"hub": away, "lab": ending(at)}, metrics).run()
    assert metrics.registry.get_sample_value(NAME, {"forge": "lab"}) == at.timestamp()
