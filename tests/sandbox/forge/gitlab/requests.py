"""What GitLab keeps about a merge request beside what every forge does.

The invariant: its versions are append-only; the newest one is what is reviewed, and approvals count for it.
"""

from dataclasses import dataclass, field
from datetime import datetime

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.gitlab.projects import ApprovalRule


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the diff: what the head was, where it left the target, and where the target was then."""

    id: int
    head: str
    base: str
    start: str
    created_at: datetime


@dataclass(eq=False, slots=True)
class Request:
    versions: list[Version] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    approved_by: dict[User, datetime] = field(default_factory=dict)
    # Made anew for every version, from the CODEOWNERS of the target branch.
    owner_rules: list[ApprovalRule] = field(default_factory=list)
    changes_requested_by: set[User] = field(default_factory=set)
    # External status checks by the check's id, for the newest head: passed, failed or pending.
    check_states: dict[int, str] = field(default_factory=dict)
    squash: bool = False
    removes_source: bool | None = None
    # What the author asked for when the merge request was made.
    force_removes_source: bool | None = None
    merge_error: str | None = None
    closed_by: User | None = None
    squash_sha: str | None = None
    merge_commit: str | None = None
    auto_merge_by: User | None = None
    auto_merge_strategy: str | None = None
    train_car: object = None
    # Between two looks of somebody: whether the background check has been asked for.
    is_checking: bool = False
    # True until the worker that runs after creation has done so.
    is_preparing: bool = True
    prepared_at: datetime | None = None

    @property
    def newest(self) -> Version | None:
        """None while the source branch is not there."""
        return self.versions[-1] if self.versions else None


@dataclass(slots=True)
class Requests:
    _by_pull: dict[Pull, Request] = field(default_factory=dict)

    def of(self, pull: Pull) -> Request:
        return self._by_pull.setdefault(pull, Request())
