"""The vocabulary of loops: what a step is called with and what it answers.

A loop is a function `step(context, key)` that looks at the current state, closes the distance and returns. It never
waits: what has to be looked at later is answered with `Again`. The queue promises that one key never runs twice at
the same time and that a wake during a run leads to another run.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

MAX_KEY_LENGTH = 2048


@dataclass(frozen=True, slots=True, order=True)
class StepKey:
    """What to look at: the loop's name and the loop's own key, any text on one line (`gh:acme/fleet#7`)."""

    loop: str
    key: str

    def __post_init__(self) -> None:
        if not (self.loop and self.loop.isascii() and self.loop.replace("-", "").isalnum()):
            raise ValueError(f"{self.loop!r} is no name of a loop: letters, digits and dashes only")
        is_one_line = not any(character < " " or character == "\x7f" for character in self.key)
        if not self.key or len(self.key) > MAX_KEY_LENGTH or not is_one_line:
            raise ValueError(
                f"a key of loop {self.loop} is empty, not one line or over {MAX_KEY_LENGTH} characters"
            )
        self.key.encode()  # a UnicodeEncodeError is a ValueError

    def __str__(self) -> str:
        return f"{self.loop}:{self.key}"

    @classmethod
    def parse(cls, text: str) -> "StepKey":
        """Read `loop:key`, the form `str()` writes. Raises ValueError."""
        loop, _, key = text.partition(":")
        return cls(loop, key)


@dataclass(frozen=True, slots=True)
class Wake:
    """One key to look at, and why.

    `supersedes` tells a run of the key that is under way that its work has been overtaken; whether it stops early is
    the step's own choice. `background` puts it behind everything a person waits for.
    """

    step: StepKey
    reason: str
    delay_s: float = 0.0
    supersedes: bool = False
    background: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do until the next wake."""


@dataclass(frozen=True, slots=True)
class Again:
    """Look again at `at` (aware) or at the next wake, whichever is earlier."""

    at: datetime
    reason: str = ""

    @classmethod
    def after(cls, delay_s: float, now: datetime, reason: str = "") -> "Again":
        return cls(now + timedelta(seconds=delay_s), reason)


@dataclass(frozen=True, slots=True)
class Blocked:
    """Only a person or an outside event can help; the step has told them. Ends the run like `Done`."""

    reason: str


StepResult = Done | Again | Blocked


class WakeStep(Protocol):
    """Wakes other keys. What a step wakes before it fails stays woken: waking is always safe."""

    async def __call__(self, *wakes: Wake) -> None: ...


@dataclass(frozen=True, slots=True)
class StepContext:
    """One run of one key.

    `run_id` is bound to every log line and may be shown to people. `attempt` is 1 unless earlier runs failed.
    `reasons` and `event_ids` (deliveries of webhooks) are the newest that led here, oldest first, bounded in number:
    for logs and reports, since a step decides by what it reads; `RECHECK` is the one reason that no state shows.
    """

    step: StepKey
    run_id: str
    attempt: int
    reasons: tuple[str, ...]
    event_ids: tuple[str, ...]
    wake: WakeStep
    is_superseded: Callable[[], Awaitable[bool]]


StepFunction = Callable[[StepContext, str], Awaitable[StepResult]]
"""Called with the context and the loop's own key, `context.step.key`.

A `Temporary` is retried with growing delays, a `UserError` counts as `Blocked` with its message (the loop has told the
person already), anything else is retried a few times and then parked with its reason for the operator to see.
"""
