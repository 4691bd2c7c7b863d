"""Which commit a `targetRevision` leads to, as far as its text tells."""

import re

from bot.model.release import GitRef
from bot.model.semver import BadRange, BadVersion, parse_range, parse_version

_COMMIT = re.compile(r"[0-9A-Fa-f]{40}")
_SHORT_COMMIT = re.compile(r"[0-9A-Fa-f]{7,40}")
_HEAD = "HEAD"


def git_ref(revision: str) -> GitRef:
    """A whole commit by its id, a range of versions among the tags, anything else, and a range of no tag, by its name."""
    if _COMMIT.fullmatch(revision):
        return GitRef(commit=revision.lower())
    if is_range(revision):
        return GitRef(semver=revision, revision=revision)
    return GitRef(revision=revision or _HEAD)


def spelled(revision: str, default: str) -> str:
    """`HEAD`, and nothing at all, are the default branch: by its name, where that is known."""
    return f"refs/heads/{default}" if default and revision in ("", _HEAD) else revision


def is_followed(revision: str, branch: str) -> bool:
    """Whether what is merged into `branch` of the repository reaches what follows this revision.

    Without a branch every name is taken for the one that is merged into, unless it looks like something that does not
    move: a version, a tag, a commit.
    """
    if revision in ("", _HEAD):
        return True
    name = revision.removeprefix("refs/heads/")
    if branch or name != revision:
        return branch in ("", name)
    return not (
        _SHORT_COMMIT.fullmatch(name) or name.startswith("refs/") or is_version(name) or is_range(name)
    )


def is_version(revision: str) -> bool:
    """Whether it is one version, as Argo CD reads it: parts may be missing."""
    try:
        parse_version(revision)
    except BadVersion:
        return False
    return True


def is_range(revision: str) -> bool:
    """Whether it is a range of versions and no version."""
    if is_version(revision):
        return False
    try:
        parse_range(revision)
    except BadRange:
        return False
    return True
