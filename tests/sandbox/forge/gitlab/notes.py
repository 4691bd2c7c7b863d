"""What GitLab keeps about a note: its discussion, whether GitLab itself said it, whether it can be resolved.

The invariant: every note is in exactly one discussion; one of a single note that nobody may answer is "individual".
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.sandbox.forge.core.conversations import Comment, Thread
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository


@dataclass(eq=False, slots=True)
class Discussion:
    id: str
    is_individual: bool

    @property
    def is_resolvable(self) -> bool:
        return not self.is_individual


@dataclass(eq=False, slots=True)
class Detail:
    discussion: Discussion
    is_system: bool = False
    is_internal: bool = False
    # DiffNote, DiscussionNote or None.
    kind: str | None = None
    position: dict[str, Any] | None = None
    resolved_by: User | None = None
    resolved_at: datetime | None = None

    @property
    def is_resolvable(self) -> bool:
        return self.discussion.is_resolvable and not self.is_system


@dataclass(eq=False, slots=True, kw_only=True)
class CommitThread(Thread):
    """What is said about a commit; it has no number."""

    sha: str


@dataclass(slots=True)
class Notes:
    _by_comment: dict[Comment, Detail] = field(default_factory=dict)
    _by_commit: dict[tuple[Repository, str], CommitThread] = field(default_factory=dict)

    def about(self, repository: Repository, sha: str, now: datetime) -> CommitThread:
        key = (repository, sha)
        if key not in self._by_commit:
            self._by_commit[key] = CommitThread(
                id=0,
                number=0,
                repository=repository,
                author=repository.owner,
                title=sha,
                body=None,
                created_at=now,
                updated_at=now,
                sha=sha,
            )
        return self._by_commit[key]

    def of(self, comment: Comment) -> Detail:
        """A note that came without any detail is a remark by itself."""
        if comment not in self._by_comment:
            self._by_comment[comment] = Detail(new_discussion(comment.id, is_individual=True))
        return self._by_comment[comment]

    def put(self, comment: Comment, detail: Detail) -> None:
        self._by_comment[comment] = detail

    def visible(self, comments: Iterable[Comment], *, with_internal: bool) -> list[Comment]:
        return [known for known in comments if with_internal or not self.of(known).is_internal]

    def discussions(self, comments: Iterable[Comment]) -> dict[Discussion, list[Comment]]:
        found: dict[Discussion, list[Comment]] = {}
        for comment in comments:
            found.setdefault(self.of(comment).discussion, []).append(comment)
        return found

    def are_resolved(self, comments: Iterable[Comment]) -> bool:
        return all(
            self.of(known).resolved_by is not None for known in comments if self.of(known).is_resolvable
        )


def new_discussion(number: int, *, is_individual: bool) -> Discussion:
    return Discussion(hashlib.sha1(f"discussion {number}".encode()).hexdigest(), is_individual)
