"""A commit that the forge makes for us: signed and attributed, all of its files or none."""

from dataclasses import dataclass

from bot.model.repo import Sha

MAX_CHANGES = 1000


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's new content, or with None its deletion. `is_new`: the parent has no such file."""

    path: str
    content: bytes | None
    is_new: bool = False
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit on top of `parent`, for `branch` to point to.

    `expected` is where the branch is now, None where there is none yet. Where that is not the parent, the branch is
    moved away from what it had, which only a branch of our own should be.
    """

    branch: str
    parent: Sha
    message: str
    changes: tuple[FileChange, ...]
    expected: Sha | None

    def __post_init__(self) -> None:
        if not 0 < len(self.changes) <= MAX_CHANGES:
            raise ValueError(f"a commit changes 1 to {MAX_CHANGES} files, not {len(self.changes)}")
        if len({change.path for change in self.changes}) < len(self.changes):
            raise ValueError("a commit changes a file once")
