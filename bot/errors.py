"""The root of every error Longshore raises on purpose.

Adapters wrap what their client library throws into a leaf of this tree, so that no caller above an adapter ever
catches a library's class. What a class derives from says what becomes of it: a `UserError` is shown to the person
who can act on it, a `Temporary` is tried again, anything else is a bug and is logged with the run id.
"""


class LongshoreError(Exception):
    """Something went wrong in a way we foresaw.

    `message` says what happened, `hint` what a person can do about it. Neither may hold a secret: both are logged
    and may be posted.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UserError(LongshoreError):
    """A person can mend this; `message` and `hint` are plain sentences for them."""


class Temporary(LongshoreError):
    """It may work later: the step is tried again, after `retry_after_s` seconds where the other side named them."""

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s
