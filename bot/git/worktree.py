"""The user's working tree as a tree object, with nothing changed in their repository.

What counts: tracked files as they are on disk, and untracked files that are not ignored. Ignored files do not.
Submodules count by their recorded commit. Skip-worktree and assume-unchanged files count as recorded. A file with a
clean filter counts as that filter would store it where we can tell without running it, which is so for Git LFS (a
pointer); with any other filter it counts as recorded, and the snapshot says so.
"""

import asyncio
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.git.command import Git
from bot.git.errors import GitFailed, NotARepository, WorkingTreeUnreadable
from bot.git.repository import Repository
from bot.git.workbench import read_settings, workbench
from bot.model.rendering import Diagnostic, Severity
from bot.model.repo import TreeId

MIB = 1024 * 1024
MAX_FILE_BYTES = 64 * MIB
MAX_TOTAL_BYTES = 1024 * MIB
MAX_FILES = 50_000

_LFS_VERSION = b"version https://git-lfs.github.com/spec/v1\n"
_LFS_POINTER_MAX_BYTES = 1024
_SUBMODULE = "160000"
_READABLE = "make it readable, or add it to .gitignore where it is not tracked"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`remarks` name files that the tree does not hold as they are on disk."""

    tree: TreeId
    remarks: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class _Intake:
    """What is to be done with the paths in which index and disk differ."""

    as_on_disk: list[str] = field(default_factory=list)
    as_pointer: list[str] = field(default_factory=list)
    remarks: list[Diagnostic] = field(default_factory=list)

    def leave_out(self, path: str, why: str) -> None:
        self.remarks.append(Diagnostic(Severity.WARNING, f"taken as recorded in Git: {why}", path))


async def snapshot(repository: Repository) -> Snapshot:
    """Write the working tree; the repository's context can read it, and forgets it when it ends.

    Raises `NotARepository` for a bare repository, `WorkingTreeUnreadable`.
    """
    worktree = repository.location.worktree
    if worktree is None:
        raise NotARepository(
            f"{repository.location.git_dir} has no working tree",
            hint="name the revision to look at instead (--head, of `longshore plan`)",
        )
    settings = await read_settings(repository.location)
    with workbench(repository.location, worktree, repository.scratch_dir, settings) as git:
        (gone, changed), untracked = await asyncio.gather(_tracked(git), _untracked(git))
        paths = [*changed, *untracked]
        if len(paths) > MAX_FILES:
            raise WorkingTreeUnreadable(
                f"{len(paths)} files are new or changed, more than the {MAX_FILES} that are taken in",
                hint="add what is generated or downloaded to .gitignore",
            )
        attributes = await _filter_attributes(git, paths)
        filters = {path: name for path, name in attributes.items() if name in settings.filters}
        intake = await asyncio.to_thread(_judge, worktree, paths, filters)
        await _update(git, worktree, gone, intake)
        tree = await git.run("write-tree", "--missing-ok")
    return Snapshot(TreeId(tree.decode().strip()), tuple(intake.remarks))


async def _tracked(git: Git) -> tuple[list[str], list[str]]:
    """Tracked paths that are gone from disk, and those that may have changed (git's stat data decides)."""
    output, passed_over = await git.watched(
        "diff-files", "--raw", "-z", "--no-renames", "--ignore-submodules=all"
    )
    if passed_over:  # git takes what it cannot look at for unchanged
        raise WorkingTreeUnreadable(f"the working tree cannot be read: {passed_over}", hint=_READABLE)
    fields = _split(output)
    gone: dict[str, None] = {}
    changed: dict[str, None] = {}
    for info, path in zip(fields[::2], fields[1::2], strict=True):
        old_mode, new_mode, _, _, status = info[1:].split(" ")
        if _SUBMODULE not in {old_mode, new_mode}:
            (gone if status == "D" else changed)[path] = None
    return list(gone), list(changed)


async def _untracked(git: Git) -> list[str]:
    """A repository inside the repository ends in a slash: what it holds is its own."""
    paths = _split(await git.run("ls-files", "--others", "--exclude-standard", "-z"))
    return [path for path in paths if not path.endswith("/")]


async def _filter_attributes(git: Git, paths: list[str]) -> dict[str, str]:
    if not paths:
        return {}
    fields = _split(await git.run("check-attr", "-z", "--stdin", "filter", stdin=_join(paths)))
    return dict(zip(fields[::3], fields[2::3], strict=True))


def _judge(worktree: Path, paths: Iterable[str], filters: Mapping[str, str]) -> _Intake:
    intake = _Intake()
    total_bytes = 0
    for path in paths:
        try:
            found = (worktree / path).lstat()
        except OSError:
            found = None  # gone meanwhile: git removes it
        is_file = found is not None and stat.S_ISREG(found.st_mode)
        size_bytes = found.st_size if found is not None and is_file else 0
        name = filters.get(path) if is_file else None
        if name == "lfs":
            intake.as_pointer.append(path)
        elif name is not None:
            intake.leave_out(path, f"its filter {name!r} is a program, and none is run")
        elif size_bytes > MAX_FILE_BYTES:
            intake.leave_out(path, f"{size_bytes} bytes are more than the {MAX_FILE_BYTES} that are taken in")
        else:
            intake.as_on_disk.append(path)
            total_bytes += size_bytes
    if total_bytes > MAX_TOTAL_BYTES:
        raise WorkingTreeUnreadable(
            f"new and changed files have {total_bytes} bytes, more than the {MAX_TOTAL_BYTES} that are taken in",
            hint="add what is generated or downloaded to .gitignore",
        )
    return intake


async def _update(git: Git, worktree: Path, gone: list[str], intake: _Intake) -> None:
    """Bring the private index to what is on disk. What is gone goes first: a file may stand where a directory was."""
    rows = await _pointer_rows(git, worktree, intake.as_pointer)
    steps = (
        (("--force-remove", "--stdin"), gone),
        (("--add", "--replace", "--index-info"), rows),
        (("--add", "--remove", "--replace", "--stdin"), intake.as_on_disk),
    )
    for options, items in steps:
        if not items:
            continue
        try:
            await git.run("update-index", "-z", *options, stdin=_join(items))
        except GitFailed as error:
            raise WorkingTreeUnreadable(
                f"the working tree cannot be read: {error.message}",
                hint=_READABLE,
            ) from error


async def _pointer_rows(git: Git, worktree: Path, paths: list[str]) -> list[str]:
    """Index rows for files under Git LFS, each holding the pointer that `git lfs clean` would write."""
    if not paths:
        return []
    assert git.git_dir is not None
    with TemporaryDirectory(dir=git.git_dir) as directory:
        modes, files = await asyncio.to_thread(_write_pointers, worktree, paths, Path(directory))
        answer = await git.run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=files)
    blobs = answer.decode().split()
    return [f"{mode} {blob}\t{path}" for mode, blob, path in zip(modes, blobs, paths, strict=True)]


def _write_pointers(worktree: Path, paths: list[str], directory: Path) -> tuple[list[str], bytes]:
    modes, files = [], b""
    for number, path in enumerate(paths):
        mode, content = _pointer(worktree / path)
        file = directory / str(number)
        file.write_bytes(content)
        modes.append(mode)
        files += os.fsencode(file) + b"\n"
    return modes, files


def _pointer(file: Path) -> tuple[str, bytes]:
    try:
        with file.open("rb") as stream:
            info = os.fstat(stream.fileno())
            start = stream.read(_LFS_POINTER_MAX_BYTES)
            if not start or (info.st_size <= _LFS_POINTER_MAX_BYTES and start.startswith(_LFS_VERSION)):
                content = start
            else:
                stream.seek(0)
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                content = _LFS_VERSION + f"oid sha256:{digest}\nsize {info.st_size}\n".encode()
    except OSError as error:
        raise WorkingTreeUnreadable(f"{file} cannot be read: {error.strerror}") from error
    return "100755" if info.st_mode & stat.S_IXUSR else "100644", content


def _split(output: bytes) -> list[str]:
    return output.decode("utf-8", "surrogateescape").split("\0")[:-1]


def _join(items: list[str]) -> bytes:
    return "".join(f"{item}\0" for item in items).encode("utf-8", "surrogateescape")
