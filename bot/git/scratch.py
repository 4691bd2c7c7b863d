"""A throw-away git directory that borrows another repository's objects.

Commands that compare, merge or write objects run in here, so two things hold by construction: nothing is ever
written to the repository itself, and its configuration, which may name programs to run, is never even read.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.proc.private import private_directory


@contextmanager
def borrowing(objects: Path, *, object_format: str, shallow: bytes) -> Iterator[Path]:
    """Yield a bare git directory that sees everything in `objects`; it is gone afterwards.

    `shallow` is the content of the repository's `shallow` file: without it a cut history would look damaged.
    """
    with private_directory() as git_dir:
        write_bare_skeleton(git_dir, object_format)
        # A link of ours keeps a path with odd characters out of the alternates file, which has its own quoting.
        borrowed = git_dir / "borrowed"
        borrowed.symlink_to(objects, target_is_directory=True)
        (git_dir / "objects/info/alternates").write_bytes(os.fsencode(borrowed) + b"\n")
        if shallow:
            (git_dir / "shallow").write_bytes(shallow)
        yield git_dir


def write_bare_skeleton(git_dir: Path, object_format: str = "sha1") -> None:
    """What `git init --bare` would make of an empty directory, without templates, hooks or a process."""
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (git_dir / name).mkdir(parents=True)
    (git_dir / "HEAD").write_text("ref: refs/heads/unborn\n")
    version = "0" if object_format == "sha1" else "1"
    extensions = "" if object_format == "sha1" else f"[extensions]\n\tobjectFormat = {object_format}\n"
    (git_dir / "config").write_text(
        f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{extensions}"
    )
