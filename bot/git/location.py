"""Where a repository keeps what: found once by git itself, so linked work trees, `.git` files and bare ones are one."""

import os
from dataclasses import dataclass
from pathlib import Path

from bot.git.command import Git
from bot.git.environment import offline
from bot.git.errors import GitFailed, NotARepository

_QUESTIONS = (
    *(
        "--path-format=absolute",
        "--git-dir",
        "--git-common-dir",
        "--git-path",
        "objects",
        "--git-path",
        "shallow",
    ),
    *("--show-object-format", "--is-inside-work-tree", "--show-cdup"),
)
_ANSWERS = 7


@dataclass(frozen=True, slots=True)
class Location:
    """`git_dir` is the work tree's own, `common_dir` what linked work trees share; `worktree` is None when bare.

    `shallow` is the content of the `shallow` file, empty for a whole history.
    """

    git_dir: Path
    common_dir: Path
    objects: Path
    object_format: str
    worktree: Path | None
    shallow: bytes


async def locate(path: Path) -> Location:
    """Find the repository at or above `path`. Raises `NotARepository`."""
    _require_directory(path)
    try:
        answer = await Git(None, offline(), directory=path).run("rev-parse", *_QUESTIONS)
    except GitFailed as error:
        raise NotARepository(
            f"{path} is no git repository: {error.message}",
            hint="name a clone, or a directory in one; if it is one, make `.git` in it readable",
        ) from error
    return _parse(path, answer)


def _parse(path: Path, answer: bytes) -> Location:
    lines = answer.decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
    if len(lines) == _ANSWERS - 1 and lines[-1] == "false":
        lines.append("")  # a bare repository has no way up to tell
    if len(lines) != _ANSWERS:
        raise NotARepository(f"{path}: a repository whose path holds a line break cannot be read")
    git_dir, common_dir, objects, shallow, object_format, is_work_tree, up = lines
    worktree = Path(os.path.normpath(path.resolve() / up)) if is_work_tree == "true" else None
    cut = Path(shallow)
    return Location(
        Path(git_dir),
        Path(common_dir),
        Path(objects),
        object_format,
        worktree,
        cut.read_bytes() if cut.exists() else b"",
    )


def _require_directory(path: Path) -> None:
    if not path.is_dir():
        raise NotARepository(f"{path} is no directory", hint="name a clone, or a directory in one")
