"""Regular expressions as Go reads them, from people who may mean harm.

RE2 is the engine behind Go's: the same syntax, no backtracking, and so no pattern that takes longer than its text is
long. The invariant: a pattern either compiles within bounds here, or is a `BadPattern` that says why.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.errors import UserError

MAX_PATTERN_CHARS = 2000
_MAX_PROGRAM_BYTES = 1024 * 1024


class BadPattern(UserError):
    """The pattern does not compile; `message` is a fragment such as `missing ): (a`."""


@dataclass(frozen=True, slots=True)
class GoRegex:
    pattern: str
    _compiled: Any = field(repr=False, compare=False)

    def matches(self, text: str) -> bool:
        """Whether the pattern is found anywhere in the text, as Go's `MatchString` has it."""
        # A path that is no UTF-8 carries surrogates, which RE2 does not take.
        return self._compiled.search(text.encode("utf-8", "replace").decode()) is not None


@lru_cache(maxsize=512)
def go_regex(pattern: str) -> GoRegex:
    """Compile. Raises `BadPattern`."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise BadPattern(f"is longer than {MAX_PATTERN_CHARS} characters")
    import re2  # noqa: PLC0415 - most plans meet no pattern

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_PROGRAM_BYTES
    try:
        return GoRegex(pattern, re2.compile(pattern, options))
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else "is not a regular expression"
        raise BadPattern(
            reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        ) from None
