"""What is planned: two commits of a repository, also as plain directories for those who read no Git."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.repos import git


@dataclass(frozen=True, slots=True)
class Pair:
    """`start` is the directory that Flux begins with, relative to the repository's root."""

    repo: Path
    base: str
    head: str
    before: Path
    after: Path
    start: str


@dataclass(frozen=True, slots=True)
class Checkouts:
    """Work trees of one repository, below a directory of their own."""

    repo: Path
    directory: Path
    start: str

    @contextmanager
    def pair(self, base: str, head: str) -> Iterator[Pair]:
        """The base's work tree stays for the next pair."""
        before, after = self.directory / base, self.directory / head
        for path, revision in ((before, base), (after, head)):
            if not path.is_dir():
                git(self.repo, "worktree", "add", "--quiet", "--detach", str(path), revision)
        try:
            yield Pair(self.repo, base, head, before, after, self.start)
        finally:
            if after != before:
                git(self.repo, "worktree", "remove", "--force", str(after))
