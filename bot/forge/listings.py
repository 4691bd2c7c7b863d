"""What a forge lists of an owner: its repositories, their branches, and whether a commit has a path.

Repositories are listed as whoever we are there is shown them, archived ones with the others. A list that is longer than
its `limit` ends there: whoever must not take a part for the whole asks for one more than that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.forge.base import Located
from bot.model.repo import Sha


@dataclass(frozen=True, slots=True)
class OwnedBy:
    """Whose repositories. What a forge does not tell apart it does not look at: `with_below` are those of groups below
    the owner, `with_shared` those that others share with it; `topic` is one they must have, empty for any.
    """

    owner: str
    with_below: bool = False
    with_shared: bool = False
    topic: str = ""
    archived_only: bool = False


@dataclass(frozen=True, slots=True)
class ListedRepository:
    """`owner` and `name` as the forge writes them; `default_branch` need not exist and may be empty."""

    at: Located
    owner: str
    name: str
    ssh_url: str
    https_url: str
    default_branch: str
    labels: tuple[str, ...] = ()
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class ListedBranch:
    name: str
    sha: Sha


class Listings(Protocol):
    """Each raises `ForgeError`; what is not there, or not for us, is a ForgeNotFound and never an empty answer."""

    async def repositories(self, wanted: OwnedBy, *, limit: int) -> Sequence[ListedRepository]: ...

    async def branches(self, repository: Located, *, limit: int) -> Sequence[ListedBranch]:
        """Empty for a repository without any commit."""

    async def branch(self, repository: Located, name: str) -> ListedBranch | None:
        """None where there is no such branch."""

    async def has_path(self, repository: Located, sha: Sha, path: str) -> bool:
        """Whether a commit that was just listed has a file or a directory there. `path` is relative and without dots."""
