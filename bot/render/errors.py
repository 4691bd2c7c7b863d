"""Why a target does not render."""

from bot.errors import UserError


class Unrenderable(UserError):
    """A sentence about the target, and the place a person has to look at where it is known. Holds no value."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line


class Unread(Unrenderable):
    """Somebody else could render it, from files that nobody here knows: they may be any of the tree."""
