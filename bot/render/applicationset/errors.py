"""Why an ApplicationSet generates nothing that can be known."""

from bot.errors import UserError


class Ungenerated(UserError):
    """`message` is a sentence about `field`, which it does not repeat. It quotes no value of a parameter."""

    def __init__(self, message: str, field: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class NothingGenerated(Ungenerated):
    """Every generator was asked and answered, and none of them has anything."""


class NotKnown(UserError):
    """What a generator asks for cannot be told from Git; `message` is a sentence with the reason."""
