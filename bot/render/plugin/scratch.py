"""The private copy of what a program may read: a whole tree, or one directory of it.

What it reads there nobody can tell, so all of it counts. Links that lead out of the copy are refused, as Argo CD refuses
a repository with one.
"""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.model.rendering import BY_PROGRAM, TraceEntry, TraceKind
from bot.model.tree import EntryKind, TreeReader, UnreadableFile
from bot.render.errors import Unrenderable
from bot.render.files import write_everything
from bot.render.notes import MAX_ENTRIES, whole_tree
from bot.render.paths import below

_MAX_DEPTH = 100
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Copied:
    """`left_out` are files and submodules that the copy lacks."""

    left_out: tuple[str, ...]

    @property
    def remark(self) -> str:
        """What to say of it; empty where there is nothing."""
        if not self.left_out:
            return ""
        more = len(self.left_out) - _MOST_NAMED
        named = ", ".join(self.left_out[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"a program rendered this without {named}: too large, or a submodule, which Longshore does not have"


def reads(tree: TreeReader, directory: str, *others: str, is_whole: bool) -> Iterator[TraceEntry]:
    """For a trace: everything that may be read in `directory` and the `others`, or anywhere, and each file of `directory`.

    Raises `Unrenderable`.
    """
    if is_whole:
        yield TraceEntry("", TraceKind.LISTING, BY_PROGRAM, whole_tree(tree).id)
    for place in dict.fromkeys((directory,) if is_whole else (directory, *others)):
        if not is_whole:
            yield TraceEntry(place, TraceKind.LISTING, BY_PROGRAM, "")
        yield from _below(tree, place)


def copy(tree: TreeReader, directory: str, root: Path, *others: str, is_whole: bool) -> Copied:
    """Write down below `root` what may be read, where it lies in the tree. Raises `Unrenderable`."""
    (root / directory).mkdir(parents=True, exist_ok=True)
    tops = ("",) if is_whole else tuple(dict.fromkeys((directory, *others)))
    wanted, left_out = dict[TraceEntry, None](), []
    for entry in (found for top in tops for found in _below(tree, top)):
        if entry.kind is TraceKind.LISTING:
            left_out.append(entry.path)
            continue
        if entry.kind is TraceKind.LINK:
            _check_link(tree, entry.path, tops)
        wanted[entry] = None
    left_out += write_everything(tree, wanted, root)
    return Copied(tuple(left_out))


def _below(tree: TreeReader, directory: str) -> Iterator[TraceEntry]:
    """Files and links; a submodule is a listing. Raises `Unrenderable`."""
    pending, count = [directory], 0
    while pending:
        here = pending.pop()
        if here.count("/") > _MAX_DEPTH:
            raise Unrenderable(f"directories nest more than {_MAX_DEPTH} deep", file=here)
        for name, entry in tree.listing(here):
            path = below(here, name)
            count += 1
            if count > MAX_ENTRIES:
                raise Unrenderable(
                    f"there are more than {MAX_ENTRIES:,} files for a program to read; the operator may give it less "
                    "by `reads: path`"
                )
            match entry.kind:
                case EntryKind.TREE:
                    pending.append(path)
                case EntryKind.BLOB:
                    yield TraceEntry(path, TraceKind.FILE, entry.mode, entry.id)
                case EntryKind.LINK:
                    yield TraceEntry(path, TraceKind.LINK, entry.mode, entry.id)
                case EntryKind.SUBMODULE:
                    yield TraceEntry(path, TraceKind.LISTING, entry.mode, entry.id)


def _check_link(tree: TreeReader, path: str, tops: Sequence[str]) -> None:
    """As the link itself says it: what it leads to may be a link again, which is looked at for itself."""
    try:
        target = tree.read_link(path)
    except UnreadableFile as error:
        raise Unrenderable(error.message, file=path) from None
    leads_to = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    is_inside = leads_to != ".." and not leads_to.startswith(("../", "/"))
    if "\0" in target or target.startswith("/") or not is_inside:
        raise Unrenderable("is a symbolic link that leaves the repository", file=path)
    if not any(top in ("", leads_to) or leads_to.startswith(f"{top}/") for top in tops):
        raise Unrenderable(
            "is a symbolic link out of the directory that a program renders, and the operator says that it reads only "
            "that one (`reads: path`)",
            file=path,
        )
