"""What a kustomization builds on that lies outside its repository, named by a URL."""

from dataclasses import dataclass
from enum import StrEnum


class RemoteKind(StrEnum):
    REPOSITORY = "repository"
    """A Git repository, of which a directory is built on."""
    FILE = "file"
    """One file of manifests over HTTP."""


@dataclass(frozen=True, slots=True, order=True)
class RemoteRef:
    """A repository or file, as the text of an entry names it: equal texts lead to the same bytes while nothing moves.

    `url` is what Git clones, or the file's URL; it holds no password. `revision` is a tag, branch or whole commit id;
    empty for the newest commit of the default branch, and for files.
    """

    kind: RemoteKind
    url: str
    revision: str = ""

    def __str__(self) -> str:
        return f"{self.url}@{self.revision}" if self.revision else self.url


@dataclass(frozen=True, slots=True, order=True)
class RemoteUse:
    """One entry of a kustomization that names something remote.

    `file` is the kustomization file, as the path a renderer opens; `text` the entry as it stands there. `place` is the
    path below which the trace names what was read of it, and `to` the entry's path from there; both are empty where
    it is not at hand. Two uses with equal `identity` had equal bytes.
    """

    file: str
    text: str
    ref: RemoteRef
    identity: str = ""
    place: str = ""
    to: str = ""
