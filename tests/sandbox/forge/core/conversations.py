"""Issues, pull requests and what people say on them.

The invariant: a pull request *is* an issue with branches; comments and labels do not care which of the two they are on.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from tests.sandbox.forge.core.people import User

if TYPE_CHECKING:
    from tests.sandbox.forge.core.repositories import Repository


@dataclass(eq=False, slots=True)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    id: int
    user: User
    content: str
    created_at: datetime


@dataclass(eq=False, slots=True)
class Comment:
    id: int
    thread: "Thread"
    author: User
    body: str
    created_at: datetime
    updated_at: datetime
    via: object = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(eq=False, slots=True, kw_only=True)
class Thread:
    id: int
    number: int
    repository: "Repository"
    author: User
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    is_open: bool = True
    via: object = None
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)


class Mergeability(Enum):
    """Forges compute this in the background: it is unknown until somebody has asked and some time has passed."""

    UNKNOWN = None
    CLEAN = True
    CONFLICTING = False


@dataclass(eq=False, slots=True, kw_only=True)
class Pull(Thread):
    base: str
    base_sha: str
    head: str
    head_sha: str
    # None once the fork is deleted: the pull request outlives it.
    head_repository: "Repository | None"
    # Where the base repository keeps it: `refs/pull/7` on GitHub.
    refs: str
    is_draft: bool = False
    mergeability: Mergeability = Mergeability.UNKNOWN
    merge_sha: str | None = None
    merged_at: datetime | None = None
    merged_by: User | None = None

    @property
    def is_merged(self) -> bool:
        return self.merged_at is not None

    @property
    def is_from_fork(self) -> bool:
        return self.head_repository is not self.repository

    @property
    def head_ref(self) -> str:
        return f"{self.refs}/head"

    @property
    def merge_ref(self) -> str:
        return f"{self.refs}/merge"
