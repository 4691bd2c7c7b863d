"""What can go wrong between us and a forge, by what becomes of it rather than by status code.

No client library's exception leaves `bot.forge`: every call raises one of these. None of them holds a token.
"""

from bot.errors import LongshoreError, Temporary, UserError


class ForgeError(LongshoreError):
    """A forge would not or could not do what it was asked."""


class ForgeUnauthorized(ForgeError, UserError):
    """The forge does not know our credentials."""


class ForgeForbidden(ForgeError, UserError):
    """The forge knows us and says no: a permission is missing."""


class ForgeNotFound(ForgeError):
    """It is not there, or not for us: forges do not tell these apart."""


class ForgeConflict(ForgeError):
    """What we wanted to change is not in the state we thought."""


class ForgeInvalid(ForgeError):
    """The forge understood the request and found it wrong; `errors` holds its reasons, one sentence each."""

    def __init__(self, message: str, *, hint: str = "", errors: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.errors = errors


class ForgeMisbehaved(ForgeError):
    """The answer breaks the rules: too large, not what was asked for, or a way to another host."""


class ForgeRateLimited(ForgeError, Temporary):
    """The budget is used up; `retry_after_s` says when there is a new one."""


class ForgeUnavailable(ForgeError, Temporary):
    """No answer, or one that says it is the forge's own fault.

    A write may have taken effect all the same: whoever tries again looks first.
    """
