"""One tree of a repository, as the renderer reads it: the seam between Git and everything that walks files.

A reader is frozen content: the same path gives the same answer for ever, and an id names the same bytes everywhere.
It never follows a symbolic link, so that whoever walks decides, and sees, where a link leads.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.errors import UserError
from bot.model.repo import TreeId


class EntryKind(StrEnum):
    BLOB = "blob"
    TREE = "tree"
    LINK = "link"
    SUBMODULE = "submodule"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """`mode` is Git's, six octal digits (`100644`); `id` the blob, tree or commit id."""

    mode: str
    kind: EntryKind
    id: str


class UnreadableFile(UserError):
    """A file of the tree that cannot be given out: larger than the reader's cap, or not a file at all."""


class TreeReader(Protocol):
    """Paths are relative to the root, with `/` between names, no leading, trailing or doubled slash and no `.` or
    `..`; the root itself is the empty string. Names that are no UTF-8 carry surrogate escapes.

    Safe to use from several threads.
    """

    @property
    def id(self) -> TreeId: ...

    def entry(self, path: str) -> TreeEntry | None:
        """What lies at `path`, or None; also None where a parent is a link, a file or a submodule."""

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        """Names and entries directly below the directory `path`, sorted by name; empty where there is none."""

    def listing_id(self, path: str) -> str:
        """An id that changes when the listing of `path` does (a tree id will do); empty where there is none."""

    def read(self, path: str) -> bytes:
        """The bytes of the file `path`. Raises `UnreadableFile`."""

    def read_link(self, path: str) -> str:
        """The target of the symbolic link `path`, exactly as stored. Raises `UnreadableFile`."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Files that will be read soon. What is no readable file is passed over."""
