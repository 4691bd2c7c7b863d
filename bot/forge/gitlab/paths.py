"""How names of ours become parts of GitLab's addresses.

The invariant: a name from a payload or a configuration stays one part of a path, slashes and all.
"""

import re
from urllib.parse import quote

from bot.forge.errors import ForgeNotFound
from bot.model.repo import RepoId

PATH = re.compile(r"(?:(?!\.{1,2}/)[A-Za-z0-9_.-]{1,255}/){1,21}(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,255}", re.ASCII)


GROUP = re.compile(
    r"(?:(?!\.{1,2}/)[A-Za-z0-9_.-]{1,255}/){0,20}(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,255}", re.ASCII
)


def project_path(repo: RepoId) -> str:
    """The path of a project below its groups, as it is. Raises ForgeNotFound for what cannot be one."""
    if not PATH.fullmatch(repo.path):
        raise ForgeNotFound(
            f"{repo.path!r} cannot be a project on GitLab",
            hint="it is GROUP/NAME there, or GROUP/SUBGROUP/NAME",
        )
    return repo.path


def group_path(group: str) -> str:
    """The path of a group below those above it, as it is. Raises ForgeNotFound for what cannot be one."""
    if not GROUP.fullmatch(group):
        raise ForgeNotFound(
            f"{group[:100]!r} cannot be a group on GitLab", hint="it is GROUP there, or GROUP/SUBGROUP"
        )
    return group


def part(name: str) -> str:
    """One part of an address: a project's path, a branch, an environment, a file."""
    return quote(name, safe="")
