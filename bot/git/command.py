"""One run of the `git` program against one git directory, with git's words turned into our errors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.git.errors import GitFailed, GitTimeout, GitTooOld, MissingObject
from bot.proc import programs
from bot.proc.confine import Confinement
from bot.proc.errors import ProgramFailed, ProgramOutputTooLarge, ProgramTimeout
from bot.proc.run import Command, Completed, run

MINIMUM_VERSION = (2, 38)

_MISSING = re.compile(
    r"bad object|bad tree|not a tree object|not a valid object|not point to a valid object|is corrupt|cannot be accessed"
    r"|missing (blob|tree|commit|object)|unable to (read|find) ([0-9a-f]{40}|tree|sha1)|failed to read object"
    r"|could not (read [0-9a-f]{40}|parse|get object)|lazy fetch",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Git:
    """`git_dir` None lets git look for the repository at or above `directory`."""

    git_dir: Path | None
    environment: Mapping[str, str] = field(repr=False)
    directory: Path | None = None
    timeout_s: float = 120.0
    confinement: Confinement | None = None

    async def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What git prints. Raises `MissingObject`, `GitFailed`."""
        return (await self._run(arguments, frozenset({0}), stdin)).stdout

    async def watched(self, *arguments: str) -> tuple[bytes, str]:
        """As `run`, with the first thing that git passed over and ended well all the same, such as `a/b: Permission denied`."""
        completed = await self._run(arguments, frozenset({0}), b"")
        lines = completed.stderr.decode("utf-8", "surrogateescape").splitlines()
        passed_over = next(
            (line for line in lines if line and not line.startswith(("warning:", "hint:"))), ""
        )
        return completed.stdout, passed_over[:200]

    async def attempt(self, *arguments: str, accept: tuple[int, ...]) -> tuple[int, bytes]:
        """As `run`, for commands that answer by exit code too."""
        completed = await self._run(arguments, frozenset(accept), b"")
        return completed.exit_code, completed.stdout

    async def ask(self, *arguments: str) -> str:
        """One line, empty where git ends with 1, its way to say that there is nothing of the kind."""
        _, output = await self.attempt(*arguments, accept=(0, 1))
        return output.decode("utf-8", "surrogateescape").strip("\n")

    def argv(self, *arguments: str) -> list[str | Path]:
        where = [] if self.git_dir is None else [f"--git-dir={self.git_dir}"]
        return [programs.find("git"), *where, *arguments]

    async def _run(self, arguments: tuple[str, ...], accept: frozenset[int], stdin: bytes) -> Completed:
        command = Command(
            self.argv(*arguments),
            cwd=self.directory or self.git_dir,
            env=self.environment,
            stdin=stdin,
            timeout_s=self.timeout_s,
            accept=accept,
            confinement=self.confinement,
        )
        try:
            return await run(command)
        except ProgramFailed as error:
            raise _meaning(arguments[0], error) from None
        except ProgramTimeout:
            raise GitTimeout(f"git {arguments[0]} took longer than {self.timeout_s:g} s") from None
        except ProgramOutputTooLarge as error:
            raise GitFailed(
                f"git {arguments[0]}: {error.message}", hint="this repository is too large"
            ) from None


async def require_version() -> None:
    """Raises `GitTooOld`."""
    found = await programs.version("git")
    numbers = tuple(int(number) for number in re.findall(r"\d+", found)[:2])
    if numbers < MINIMUM_VERSION:
        raise GitTooOld(
            f"git {found} is too old", hint="Longshore needs git 2.38 or newer, or LONGSHORE_GIT naming one"
        )


def _meaning(subcommand: str, error: ProgramFailed) -> GitFailed | MissingObject:
    """The error behind git's complaint: its last `fatal:` or `error:` line, bounded."""
    lines = [line.strip() for line in error.stderr.splitlines() if line.strip()]
    telling = next(
        (line for line in reversed(lines) if line.startswith(("fatal:", "error:"))), (lines or [""])[-1]
    )
    telling = telling.partition(": ")[2] or telling
    if _MISSING.search(error.stderr):
        return MissingObject(
            f"an object of the repository is missing or damaged: {telling[:200]}",
            hint="a partial clone needs its objects first (`git fetch --refetch --no-filter`); else run `git fsck`",
        )
    killed = error.exit_code < 0
    return GitFailed(f"git {subcommand} failed: {telling[:200]}", stderr=error.stderr, killed=killed)
