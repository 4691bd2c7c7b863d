"""The generated Flux repository with its changes: 250 Kustomizations and 170 releases, the same from the same seed."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.flux.files import KUSTOMIZATIONS, RELEASES, SETTINGS, files
from bench.repos import commit, git, start

URL = "https://git.example.test/acme/estate.git"
"""What the cluster calls the repository; nobody ever asks for it."""

_OVERLAY = "apps/overlays/production/app-008/patch.yaml"
_PARENTS = 3
"""Kustomizations that hold nothing but other ones and use no variable."""


class Change(StrEnum):
    """What a commit changes; the value is how the table calls it."""

    SCOPED = "one overlay with its release"
    EVERYTHING = "a setting that everything uses"
    NOTHING = "nothing that is delivered"

    @property
    def kustomizations(self) -> int:
        """How many of them a plan has to find changed."""
        return {Change.SCOPED: 1, Change.EVERYTHING: KUSTOMIZATIONS - _PARENTS, Change.NOTHING: 0}[self]

    @property
    def releases(self) -> int:
        return {Change.SCOPED: 1, Change.EVERYTHING: RELEASES, Change.NOTHING: 0}[self]


@dataclass(frozen=True, slots=True)
class Estate:
    """`base` is the tip of `main`; every head is a commit of its own on top of it."""

    repo: Path
    base: str

    @classmethod
    def generate(cls, repo: Path) -> "Estate":
        for path, text in files().items():
            file = repo / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        start(repo)
        git(repo, "remote", "add", "origin", URL)
        base = commit(repo, "the estate")
        git(repo, "gc", "--quiet")
        return cls(repo, base)

    def head(self, change: Change, number: int) -> str:
        """A commit that nobody has seen before; the working tree is back at `main` afterwards."""
        path, text = edited(change, number)
        (self.repo / path).write_text(text, encoding="utf-8")
        made = commit(self.repo, f"{change.value} {number}")
        git(self.repo, "reset", "--quiet", "--hard", self.base)
        return made


def edited(change: Change, number: int) -> tuple[str, str]:
    """The one file that the change touches, and what it holds then; another number is another edition of it."""
    path, old, new = {
        Change.SCOPED: (_OVERLAY, "replicas: 4", "replicas: {}"),
        Change.EVERYTHING: (SETTINGS, "edition-1.", "edition-{}."),
        Change.NOTHING: ("README.md", "# Estate", "# Estate, edition {}"),
    }[change]
    before = files()[path]
    after = before.replace(old, new.format(number + 10), 1)
    assert after != before
    return path, after
