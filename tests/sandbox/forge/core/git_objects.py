"""What git is asked for and what it answers, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

ABSENT = "0" * 40
COMMIT_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00%x1e"

COUNTED = ("--raw", "--numstat", "--abbrev=40")


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who wrote a commit, and when (ISO 8601 with offset)."""

    name: str
    email: str
    date: str


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Stamp
    committer: Stamp
    message: str


@dataclass(frozen=True, slots=True)
class FileChange:
    status: str
    path: str
    previous_path: str | None
    blob: str
    additions: int
    deletions: int


@dataclass(frozen=True, slots=True)
class Patch:
    """`hunks` is empty for what is no text or was only moved; a mode of what is not there is `0`."""

    change: FileChange
    hunks: str
    old_mode: str
    new_mode: str


@dataclass(frozen=True, slots=True)
class File:
    """A file to commit; mode 100755 is executable, 120000 a symlink whose content is its target."""

    content: bytes
    mode: str = "100644"


Files = Mapping[str, "str | bytes | File | None"]


def parsed_commit(entry: str) -> Commit:
    sha, tree, parents, *people, message = entry.split("\0", 9)
    author, committer = Stamp(*people[:3]), Stamp(*people[3:])
    return Commit(sha, tree, tuple(parents.split()), author, committer, message.removesuffix("\n"))


def parsed_changes(listing: str) -> list[FileChange]:
    """`--raw --numstat -z` prints every raw record first, then every count, in the same order."""
    fields = iter(listing.split("\0"))
    raw: list[tuple[str, str, str | None, str]] = []
    for field in fields:
        if not field.startswith(":"):
            break
        _, _, _, blob, status = field.split(" ")
        previous = next(fields) if status[0] in "RC" else None
        raw.append((status[0], next(fields), previous, blob))
    else:
        return []
    counts = [field, *fields]
    found: list[FileChange] = []
    position = 0
    for status, path, previous, blob in raw:
        added, deleted, _ = counts[position].split("\t")
        position += 3 if previous else 1
        lines = (0 if count == "-" else int(count) for count in (added, deleted))
        found.append(FileChange(STATUSES[status], path, previous, blob, *lines))
    return found


STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


def parsed_modes(listing: str) -> dict[str, tuple[str, str]]:
    """Old and new mode of each path in `--raw -z`, by the newer path."""
    fields = iter(listing.split("\0"))
    found: dict[str, tuple[str, str]] = {}
    for field in fields:
        if field.startswith(":"):
            old, new, _, _, status = field[1:].split(" ")
            path = next(fields)
            if status[0] in "RC":
                path = next(fields)
            found[path] = (old.lstrip("0") or "0", new.lstrip("0") or "0")
    return found
