"""What can go wrong with a program that we start.

`git`, `kustomize` and the rest fail in their own words; the room that knows the program turns these into what they
mean there. None of them quotes the arguments or the environment, which may hold a token.
"""

from bot.errors import LongshoreError, UserError


class ProgramError(LongshoreError):
    """Any failure of a program; `program` is its bare name."""

    def __init__(self, program: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.program = program


class ProgramMissing(ProgramError, UserError):
    """It is not installed, or cannot be executed."""


class ProgramTimeout(ProgramError):
    """It was killed, with everything it started, because its time was over."""


class ProgramOutputTooLarge(ProgramError):
    """It was killed because it wrote more than it may."""


class ProgramTooGreedy(ProgramError):
    """It was killed, with everything it started, because together they were too many, or took too much memory."""


class ProgramFailed(ProgramError):
    """It ended with a status that the caller does not accept. `stderr` is the capped tail, and not for the eyes of a
    person until the caller has made sure that it names nothing private.
    """

    def __init__(self, program: str, exit_code: int, stderr: str) -> None:
        ending = f"exit code {exit_code}" if exit_code >= 0 else f"signal {-exit_code}"
        super().__init__(program, f"{program} ended with {ending}")
        self.exit_code = exit_code
        self.stderr = stderr
