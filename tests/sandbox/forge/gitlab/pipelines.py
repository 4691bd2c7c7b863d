"""Pipelines and the commit statuses in them.

The invariant: a status belongs to exactly one pipeline, and a pipeline's state follows from its newest statuses.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository

UNFINISHED = frozenset({"created", "pending", "running"})


@dataclass(eq=False, slots=True)
class CommitStatus:
    id: int
    pipeline: "Pipeline"
    name: str
    ref: str
    author: User
    created_at: datetime
    state: str = "created"
    description: str | None = None
    target_url: str | None = None
    coverage: float | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    allow_failure: bool = False
    # A newer one of the same name has taken its place.
    is_retried: bool = False


@dataclass(eq=False, slots=True)
class Pipeline:
    """`source` is external, push or merge_request_event; only the last of them has a `pull`.

    `head` is the head it speaks for: of a pipeline on a merged result, or of a merge train, another commit than `sha`.
    """

    id: int
    iid: int
    repository: Repository
    sha: str
    ref: str
    source: str
    author: User
    created_at: datetime
    updated_at: datetime
    pull: Pull | None = None
    head: str | None = None
    statuses: list[CommitStatus] = field(default_factory=list)
    # For a pipeline that runs jobs of its own, which statuses from outside only join.
    own_state: str | None = None

    @property
    def newest(self) -> list[CommitStatus]:
        return [status for status in self.statuses if not status.is_retried]

    @property
    def state(self) -> str:
        return combined(
            [*(status.state for status in self.newest), *([self.own_state] if self.own_state else [])]
        )

    @property
    def finished_at(self) -> datetime | None:
        if self.state in UNFINISHED:
            return None
        return max((s.finished_at for s in self.newest if s.finished_at), default=self.updated_at)


def combined(states: Iterable[str]) -> str:
    known = set(states)
    for state in ("running", "pending", "created", "failed", "canceled", "success"):
        if state in known:
            # What has both waiting and finished parts is under way.
            return "running" if state in {"pending", "created"} and len(known) > 1 else state
    return "skipped" if known else "created"


@dataclass(slots=True)
class Pipelines:
    all: list[Pipeline] = field(default_factory=list)

    def of(self, repository: Repository) -> list[Pipeline]:
        """The newest first."""
        return [known for known in reversed(self.all) if known.repository is repository]

    def statuses(self, repository: Repository, sha: str) -> list[CommitStatus]:
        """The oldest first."""
        return [s for known in self.of(repository)[::-1] if known.sha == sha for s in known.statuses]

    def head_of(self, pull: Pull) -> Pipeline | None:
        """The newest that ran for the merge request at its head, else for its source branch there."""
        own = [p for p in self.of(pull.repository) if p.pull is pull and pull.head_sha in (p.head, p.sha)]
        if own or pull.head_repository is None:
            return own[0] if own else None
        source = (p for p in self.of(pull.head_repository) if p.pull is None)
        return next((p for p in source if (p.ref, p.sha) == (pull.head, pull.head_sha)), None)
