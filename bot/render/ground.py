"""The trees that one walk goes through: the repository itself, and what it builds on that lies elsewhere.

Each is a world of its own: no path and no link leads from one into another. In the trace, and before the renderer,
what lies elsewhere has a private directory at the repository's root, named by what it is.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.model.remote import RemoteRef
from bot.model.repo import TreeId
from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile

REMOTE_ROOT = ".longshore-remote"
FILE_NAME = "resource.yaml"
"""What one file that was fetched by its URL is called."""


@dataclass(frozen=True, slots=True)
class RemoteTree:
    """What a remote reference leads to.

    `identity` names the bytes: the repository with its commit, the URL with its digest. Without a `tree`, `problem`
    says why there is none, as a sentence's second half (`github.com is not among ...`).
    """

    tree: TreeReader | None = None
    identity: str = ""
    problem: str = ""


Remotes = Mapping[RemoteRef, RemoteTree]


def fetched_file(url: str, data: bytes) -> RemoteTree:
    """What the URL of a single file gave."""
    digest = hashlib.sha256(data).hexdigest()
    return RemoteTree(FileTree(data), f"{url}@sha256:{digest}")


def place_of(identity: str) -> str:
    """The directory of a remote tree, for the eye and for certain."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", identity.partition("://")[2] or identity).strip(".-")[:60]
    return f"{REMOTE_ROOT}/{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Ground:
    """One tree that is walked. `prefix` is its place in the trace, empty for the repository itself.

    `name` is what people call it, `file` and `line` where the repository itself says so; `depth` counts the remote
    trees that led here.
    """

    tree: TreeReader
    prefix: str = ""
    name: str = ""
    file: str | None = None
    line: int | None = None
    depth: int = 0

    def path(self, path: str) -> str:
        """A path of this tree, as the trace names it."""
        return f"{self.prefix}/{path}".rstrip("/") if self.prefix else path


@dataclass(frozen=True, slots=True)
class Site:
    """Where references stand: the file that says them, the directory they are relative to, and how we came there.

    Paths are of the ground's tree, those of the `chain` are the trace's. `plugins_for` is set below a directory of
    plugin configurations: the kustomization that uses them.
    """

    ground: Ground
    file: str
    base: str
    chain: tuple[str, ...]
    plugins_for: str | None = None


class FileTree:
    """A `TreeReader` of one file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        blob = b"blob %d\0" % len(data) + data
        self._entry = TreeEntry(
            "100644", EntryKind.BLOB, hashlib.sha1(blob, usedforsecurity=False).hexdigest()
        )

    @property
    def id(self) -> TreeId:
        return TreeId(self._entry.id)

    def entry(self, path: str) -> TreeEntry | None:
        if path == FILE_NAME:
            return self._entry
        return None if path else TreeEntry("040000", EntryKind.TREE, self._entry.id)

    def listing(self, path: str) -> tuple[tuple[str, TreeEntry], ...]:
        return () if path else ((FILE_NAME, self._entry),)

    def listing_id(self, path: str) -> str:
        return "" if path else self._entry.id

    def read(self, path: str) -> bytes:
        if path != FILE_NAME:
            raise UnreadableFile(f"{path} is not a file")
        return self._data

    def read_link(self, path: str) -> str:
        raise UnreadableFile(f"{path} is not a link")

    def prefetch(self, paths: Iterable[str]) -> None:
        """It is here already."""
