"""Commits as `git log` tells them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.model.repo import Sha

LOG_FORMAT = "--format=tformat:%H%x00%P%x00%an%x00%ct%x00%s"
"""Under `-z` every field ends in NUL, which no commit can hold."""

_FIELDS = 5
_LATEST_S = int(datetime.max.replace(tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Commit:
    """`subject` and `author` are what the author wrote: untrusted text, undecodable bytes replaced."""

    sha: Sha
    parents: tuple[Sha, ...]
    author: str
    committed_at: datetime
    subject: str


def parse_log(output: bytes) -> tuple[Commit, ...]:
    """Read what `git log -z` with `LOG_FORMAT` prints, in its order."""
    fields = output.decode("utf-8", "replace").split("\0")[:-1]
    records = zip(*(fields[start::_FIELDS] for start in range(_FIELDS)), strict=True)
    return tuple(
        Commit(
            Sha(sha),
            tuple(Sha(parent) for parent in parents.split()),
            author,
            datetime.fromtimestamp(min(int(committed_at), _LATEST_S), UTC),
            subject,
        )
        for sha, parents, author, committed_at, subject in records
    )
