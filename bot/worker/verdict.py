"""How a run ended, as a function of what the step answered or raised. No clock, no store, no chance in here."""

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from bot.errors import Temporary, UserError
from bot.model.steps import Again, Blocked, Done, StepResult
from bot.store.queue import Outcome, Run, Verdict

FIRST_DELAY_S = 1.0
MAX_DELAY_S = 300.0
MAX_RETRY_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a step that fails is tried before it is parked.

    `temporary` is for what is somebody else's passing trouble: twenty tries with growing delays are over an hour.
    """

    temporary: int = 20
    unexpected: int = 5
    crashes: int = 3


def of_result(result: StepResult, now: datetime) -> Outcome:
    match result:
        case Done():
            return Outcome(Verdict.DONE)
        case Again():
            return Outcome(Verdict.AGAIN, result.reason, delay_s=max((result.at - now).total_seconds(), 0.0))
        case Blocked():
            return Outcome(Verdict.BLOCKED, result.reason)
        case _:
            assert_never(result)


def of_error(error: Exception, run: Run, patience: Patience) -> Outcome:
    """A person's matter is blocked, a passing one tried again for long, anything else a few times."""
    if isinstance(error, UserError):
        return Outcome(Verdict.BLOCKED, str(error))
    note = f"{type(error).__name__}: {error} [run {run.token}]"
    if isinstance(error, Temporary):
        if run.attempt >= patience.temporary:
            return Outcome(Verdict.PARKED, note)
        if error.retry_after_s is not None:
            return Outcome(
                Verdict.RETRY, note, delay_s=min(error.retry_after_s, MAX_RETRY_AFTER_S), hold=True
            )
        return Outcome(Verdict.RETRY, note, delay_s=delay_s(run))
    if run.attempt >= patience.unexpected:
        return Outcome(Verdict.PARKED, note)
    return Outcome(Verdict.RETRY, note, delay_s=delay_s(run))


def of_crashes(run: Run, patience: Patience) -> Outcome | None:
    """Parked where the key has taken its worker down too often to be run once more."""
    if run.crashes < patience.crashes:
        return None
    return Outcome(Verdict.PARKED, f"{run.last_error}, {run.crashes} times in a row")


def delay_s(run: Run) -> float:
    """Doubles with every attempt; spread by a quarter, so that what failed together does not come back together."""
    spread = 0.75 + 0.5 * (zlib.crc32(f"{run.step}/{run.attempt}".encode()) / 0xFFFFFFFF)
    return float(min(FIRST_DELAY_S * 2 ** min(run.attempt - 1, 20), MAX_DELAY_S) * spread)
