"""Remote entries of a kustomization, read as kustomize reads them: the grammar of its `repospec.go`.

Told by the text alone, so that nobody has to be asked what an entry means: an address that ends like a file of
manifests is one, every other is a Git repository. kustomize asks the address first, and so would take manifests from
one that does not look like a file; such an entry is unknown here, as no repository is found there.
"""

import re
from pathlib import PurePosixPath
from urllib.parse import parse_qs, urlsplit

from bot.model.remote import RemoteKind, RemoteRef
from bot.render.errors import Unrenderable
from bot.render.fields import Use
from bot.render.ground import FILE_NAME
from bot.render.paths import is_remote

_SCHEMES = ("ssh://", "https://", "http://", "file://")
_USER = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*@")
_FILE_SUFFIXES = (".yaml", ".yml", ".json")
_OWNER_AND_NAME = 2
_BAD_QUERY = re.compile(r";|%(?![0-9A-Fa-f]{2})")
_MAX_CHARS = 2_048


def remote_entry(text: str, use: Use) -> tuple[RemoteRef, str] | None:
    """What the entry refers to, and the path in it; None for a path of the tree at hand. Raises `Unrenderable`."""
    if not is_remote(text) or len(text) > _MAX_CHARS or not text.isprintable():
        return None
    if use is Use.RESOURCE and _is_file(text):
        return RemoteRef(RemoteKind.FILE, _without_user(text)), FILE_NAME
    if use not in {Use.RESOURCE, Use.COMPONENT}:
        return None
    address, _, query = text.partition("?")
    split = _host(_without(address, "git::"))
    if split is None:
        return None
    host, rest = split
    repository, path = _paths(rest)
    if not repository:
        return None
    return RemoteRef(RemoteKind.REPOSITORY, _without_user(host + repository), _revision(query)), _cleaned(
        path
    )


def _is_file(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and parts.path.endswith(_FILE_SUFFIXES)


def _host(address: str) -> tuple[str, str] | None:
    """The address up to and with what ends the host, and the rest; None where kustomize sees no address."""
    scheme = next((s for s in _SCHEMES if address.lower().startswith(s)), "")
    if scheme == "file://":
        return None
    rest = address[len(scheme) :]
    match = _USER.match(rest)
    user = match[0] if match else ""
    rest = rest[len(user) :]
    is_shorthand = rest.lower().startswith(("github.com/", "github.com:"))
    may_be_scp = not scheme and (bool(user) or is_shorthand)
    if not scheme and not may_be_scp:
        return None
    end = rest.find("/")
    colon = rest.find(":")
    if may_be_scp and (end < 0 or 0 < colon < end):
        end = colon
    if end < 0 or not rest[:end]:
        return None
    if is_shorthand:
        by_ssh = scheme == "ssh://" or user
        return (f"{user}github.com:" if by_ssh else "https://github.com/"), rest[end + 1 :]
    return f"{scheme}{user}{rest[: end + 1]}", rest[end + 1 :]


def _paths(rest: str) -> tuple[str, str]:
    """The repository's path on its host, empty where there is none, and the path in the repository."""
    before, mark, after = rest.partition("_git/")
    if mark:
        name, _, path = after.partition("/")
        return before + mark + name, path
    before, mark, after = rest.partition("//")
    if mark:
        return before, after
    before, mark, after = rest.partition(".git")
    if mark:
        return before + mark, after
    names = rest.split("/")
    if len(names) < _OWNER_AND_NAME:
        return "", ""
    return "/".join(names[:_OWNER_AND_NAME]), "/".join(names[_OWNER_AND_NAME:])


def _revision(query: str) -> str:
    """A query that Go cannot read says nothing at all."""
    if _BAD_QUERY.search(query):
        return ""
    try:
        values = parse_qs(query, keep_blank_values=True, errors="strict")
    except ValueError:
        return ""
    first = {name: found[0] for name, found in values.items()}
    return first.get("ref") or first.get("version") or ""


def _cleaned(path: str) -> str:
    """Raises `Unrenderable`."""
    names: list[str] = []
    for name in PurePosixPath(path.strip("/")).parts:
        if name != "..":
            names.append(name)
        elif names:
            names.pop()
        else:
            raise Unrenderable("leads out of the repository that it names")
    return "/".join(names)


def _without(text: str, prefix: str) -> str:
    return text[len(prefix) :] if text.lower().startswith(prefix) else text


def _without_user(url: str) -> str:
    """Nobody logs in with what stands in a kustomization; what it holds is shown nowhere."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{authority.rpartition('@')[2]}{slash}{path}"
