"""Where change comes from: repositories, revisions, pull requests and the people who act on them.

Identities are types: a `Sha` is a full commit id, never an abbreviation or a branch name.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Sha = NewType("Sha", str)
"""A full commit id, lower-case hex."""

TreeId = NewType("TreeId", str)
BlobId = NewType("BlobId", str)


@dataclass(frozen=True, slots=True, order=True)
class RepoId:
    """One repository: the forge as the operator named it in `config.yaml`, and the path there (`acme/fleet`).

    Forges take a path in any case and write it in one; here it is lower-case, so that one repository is one identity.
    """

    forge: str
    path: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path.lower())

    def __str__(self) -> str:
        return f"{self.forge}:{self.path}"

    @classmethod
    def parse(cls, text: str) -> "RepoId":
        """Read `forge:path`, the form `str()` writes. Raises ValueError."""
        forge, separator, path = text.partition(":")
        if not (forge and separator and "/" in path):
            raise ValueError(f"{text!r} is not of the form FORGE:OWNER/NAME")
        return cls(forge, path)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something on a forge. `id` is the forge's own number, which survives a rename."""

    login: str
    id: int
    is_bot: bool = False


class PullState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull (or merge) request as the forge tells it now.

    `head_repo` is None when the fork it came from is gone. `merge_sha` is the commit that the merge made on the base
    branch. A pull request whose head lies in another repository `is_fork`, and is untrusted even more than the rest.
    """

    repo: RepoId
    number: int
    title: str
    state: PullState
    draft: bool
    author: Actor
    base_ref: str
    base_sha: Sha
    head_ref: str
    head_sha: Sha
    head_repo: str | None
    url: str
    merge_sha: Sha | None = None

    @property
    def is_fork(self) -> bool:
        return self.head_repo is None or self.head_repo.lower() != self.repo.path

    @property
    def is_open(self) -> bool:
        return self.state is PullState.OPEN
