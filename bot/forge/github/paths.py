"""How names of ours become parts of GitHub's addresses.

The invariant: a name from a payload or a configuration stays one name; it never adds a step to a path.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from bot.forge.errors import ForgeNotFound
from bot.model.repo import RepoId

NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,100}")


def repo_variables(repo: RepoId) -> Mapping[str, str]:
    """`owner` and `repo` for a URI template."""
    owner, _, name = repo.path.partition("/")
    if not (NAME.fullmatch(owner) and NAME.fullmatch(name)):
        raise ForgeNotFound(f"{repo.path!r} cannot be a repository on GitHub", hint="it is OWNER/NAME there")
    return {"owner": owner, "repo": name}


def owner_name(owner: str) -> str:
    """The name of an organisation, as it is. Raises ForgeNotFound for what cannot be one."""
    if not NAME.fullmatch(owner):
        raise ForgeNotFound(
            f"{owner[:100]!r} cannot be an organisation on GitHub", hint="it is one name there"
        )
    return owner


def ref_path(ref: str) -> str:
    """A ref, or the path of a file, for an address; its slashes are the only characters that keep a meaning."""
    return quote(ref, safe="/")
