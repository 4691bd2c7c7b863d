"""Where a path that somebody wrote leads inside a tree: every link followed, and never outside.

The answer is what the operating system would give for the same tree checked out: the text is cleaned first, as Go's
`filepath.Join` does, and links are then followed name by name.
"""

import re
from collections import deque
from dataclasses import dataclass

from bot.model.tree import EntryKind, TreeEntry, TreeReader, UnreadableFile
from bot.render.errors import Unrenderable

_MAX_LINKS = 40
_REMOTE = re.compile(
    r"(git::|https?:|ssh:|file:|oci:|s3:|github\.com[/:]|[a-z][a-z0-9-]*@)|.*://", re.IGNORECASE
)


class Outside(Unrenderable):
    """The path is refused: it is remote, absolute, leaves the tree or leads into what is not part of it."""


class Above(Outside):
    """The path leads above the root, as it is written: nothing is there, whatever the tree holds."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path ended. `entry` is None when `path` does not exist; `links` are the links on the way."""

    path: str
    entry: TreeEntry | None
    links: tuple[tuple[str, TreeEntry], ...] = ()


def is_remote(text: str) -> bool:
    """Whether a text cannot be a path: it reads like an address, whatever becomes of it."""
    return _REMOTE.match(text) is not None


def join(base: str, text: str) -> str:
    """Clean `text`, written in the directory `base`. Raises `Outside`, `Above` among it."""
    if not text or "\0" in text:
        raise Outside("names nothing")
    if is_remote(text):
        raise Outside("is a remote address; only files of the repository are rendered")
    if text.startswith("/"):
        raise Outside("is an absolute path; only files of the repository are rendered")
    names = base.split("/") if base else []
    for name in text.split("/"):
        if name == "..":
            if not names:
                raise Above("leaves the repository")
            names.pop()
        elif name not in ("", "."):
            names.append(name)
    return "/".join(names)


def below(directory: str, name: str) -> str:
    """A name in a directory of the tree."""
    return f"{directory}/{name}" if directory else name


def follow(tree: TreeReader, path: str) -> Place:
    """Resolve every link in the clean `path`. Raises `Outside`."""
    entry = tree.entry(path)
    if entry is not None and entry.kind in {EntryKind.BLOB, EntryKind.TREE}:
        return Place(path, entry)
    parent = tree.entry(path.rpartition("/")[0])
    if entry is None and parent is not None and parent.kind is EntryKind.TREE:
        return Place(path, None)  # the common miss: no link can be on the way
    done: list[str] = []
    rest = deque(path.split("/") if path else ())
    links: list[tuple[str, TreeEntry]] = []
    while rest:
        name = rest.popleft()
        if name in ("", "."):
            continue
        if name == "..":
            if not done:
                raise Outside("leaves the repository through a symbolic link")
            done.pop()
            continue
        here = "/".join([*done, name])
        entry = tree.entry(here)
        if entry is None or (entry.kind is EntryKind.BLOB and any(n not in ("", ".") for n in rest)):
            return Place(here, None, tuple(links))
        if entry.kind is EntryKind.SUBMODULE:
            raise Outside("lies in a Git submodule, which is not part of the repository")
        if entry.kind is EntryKind.LINK:
            links.append((here, entry))
            rest.extendleft(reversed(_target(tree, here, len(links)).split("/")))
        else:
            done.append(name)
    final = "/".join(done)
    return Place(final, tree.entry(final), tuple(links))


def _target(tree: TreeReader, path: str, count: int) -> str:
    if count > _MAX_LINKS:
        raise Outside("is a circle of symbolic links")
    try:
        target = tree.read_link(path)
    except UnreadableFile as error:
        raise Outside(error.message) from None
    if target.startswith("/") or not target or len(target) > 4096:
        raise Outside("leaves the repository through a symbolic link")
    return target
