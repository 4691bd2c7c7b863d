"""GitHub's ways of saying "not so fast", read off an answer.

The invariant: a refusal that is about rate is never taken for one that is about permission, nor the other way round.
"""

from collections.abc import Mapping
from typing import Final

DEFAULT_WAIT_S: Final = 60.0
MIN_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 3600.0
SECONDARY_LIMIT_WORDS: Final = ("secondary rate limit", "abuse detection")


def wait_after(status: int, headers: Mapping[str, str], message: str, *, now: float) -> float | None:
    """How many seconds a refused caller has to wait, or None where the refusal is not about rate.

    `headers` has lower-case names, `now` is seconds since the epoch. GitHub uses 403 and 429 alike, with `retry-after`
    for secondary limits, with `x-ratelimit-reset` for the hourly one, and now and then with a message only.
    """
    if status not in {403, 429}:
        return None
    if (named := _number(headers.get("retry-after"))) is not None:
        return _bounded(named)
    if _number(headers.get("x-ratelimit-remaining")) == 0:
        reset = _number(headers.get("x-ratelimit-reset"))
        return DEFAULT_WAIT_S if reset is None else _bounded(reset - now)
    if status == 429 or any(words in message.lower() for words in SECONDARY_LIMIT_WORDS):
        return DEFAULT_WAIT_S
    return None


def _bounded(wait_s: float) -> float:
    return min(max(wait_s, MIN_WAIT_S), MAX_WAIT_S)


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.strip().isdecimal() else None
