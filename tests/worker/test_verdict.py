"""How runs end: a table."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import LongshoreError, Temporary, UserError
from bot.model.steps import Again, Blocked, Done, StepKey, StepResult
from bot.store.queue import Outcome, Run, Verdict
from bot.worker import verdict
from bot.worker.verdict import Patience

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = Patience(temporary=20, unexpected=5, crashes=3)


def make_run(attempt: int = 1, crashes: int = 0) -> Run:
    return Run(StepKey("plan", "k"), "job", "r1", 1, attempt, crashes, "the worker died while it ran", (), ())


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (Done(), Outcome(Verdict.DONE)),
        (Blocked("ask"), Outcome(Verdict.BLOCKED, "ask")),
        (Again(NOW + timedelta(seconds=5), "soak"), Outcome(Verdict.AGAIN, "soak", delay_s=5.0)),
        (Again(NOW - timedelta(seconds=5)), Outcome(Verdict.AGAIN, delay_s=0.0)),
    ],
)
def test_what_a_step_answers_is_done(result: StepResult, outcome: Outcome) -> None:
    assert verdict.of_result(result, NOW) == outcome


@pytest.mark.parametrize(
    ("error", "attempt", "expected"),
    [
        (UserError("fix it"), 1, Verdict.BLOCKED),
        (Temporary("503"), 1, Verdict.RETRY),
        (Temporary("503"), 19, Verdict.RETRY),
        (Temporary("503"), 20, Verdict.PARKED),
        (Temporary("429", retry_after_s=9), 20, Verdict.PARKED),
        (ValueError("bug"), 4, Verdict.RETRY),
        (ValueError("bug"), 5, Verdict.PARKED),
        (LongshoreError("odd"), 5, Verdict.PARKED),
        (KeyError("x"), 1, Verdict.RETRY),
    ],
)
def test_an_error_is_tried_again_as_often_as_its_kind_deserves(
    error: Exception, attempt: int, expected: Verdict
) -> None:
    outcome = verdict.of_error(error, make_run(attempt), PATIENCE)
    assert outcome.verdict is expected
    assert str(error) in outcome.note


def test_the_reason_of_a_failure_names_the_run() -> None:
    assert verdict.of_error(ValueError("bug"), make_run(), PATIENCE).note == "ValueError: bug [run r1]"


def test_the_wait_that_the_other_side_names_is_kept_but_not_for_ever() -> None:
    outcome = verdict.of_error(Temporary("429", retry_after_s=42), make_run(), PATIENCE)
    assert (outcome.delay_s, outcome.hold) == (42, True)
    outcome = verdict.of_error(Temporary("429", retry_after_s=1e9), make_run(), PATIENCE)
    assert outcome.delay_s == verdict.MAX_RETRY_AFTER_S


def test_delays_grow_and_stay_bounded() -> None:
    delays = [verdict.delay_s(make_run(attempt)) for attempt in range(1, 40)]
    assert 0.75 <= delays[0] <= 1.25
    assert delays[4] > delays[2] > delays[0]
    assert max(delays) <= verdict.MAX_DELAY_S * 1.25
    assert 3600 < sum(delays[: PATIENCE.temporary]) < 3 * 3600


def test_a_key_that_kills_its_workers_is_given_up() -> None:
    assert verdict.of_crashes(make_run(attempt=9, crashes=2), PATIENCE) is None
    given_up = verdict.of_crashes(make_run(attempt=4, crashes=3), PATIENCE)
    assert given_up == Outcome(Verdict.PARKED, "the worker died while it ran, 3 times in a row")
