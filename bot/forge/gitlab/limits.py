"""GitLab's ways of saying "not so fast", read off an answer.

The invariant: no header, however wrong, makes us wait longer than an hour or not at all where we were refused.
"""

import time
from collections.abc import Mapping
from typing import Final

DEFAULT_WAIT_S: Final = 60.0
MIN_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 3600.0


def wait_after(status: int, headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """How many seconds to leave this GitLab in peace after an answer; None where it did not ask for any.

    `headers` has lower-case names, `now` is seconds since the epoch. Limits of single endpoints (notes, for one) answer
    429 without any header. An answer that is good may say that it was the last one before the limit resets.
    """
    is_refused = status == 429
    if is_refused and (named := _number(headers.get("retry-after"))) is not None:
        return _bounded(named)
    if is_refused or _number(headers.get("ratelimit-remaining")) == 0:
        reset = _number(headers.get("ratelimit-reset"))
        if reset is not None:
            return _bounded(reset - (time.time() if now is None else now))
    return DEFAULT_WAIT_S if is_refused else None


def _bounded(wait_s: float) -> float:
    return min(max(wait_s, MIN_WAIT_S), MAX_WAIT_S)


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.strip().isdecimal() else None
