"""What an AppProject allows, in the words of its spec.

Each rule is Argo CD's own, with its turns: in a list of repositories or destinations any entry that begins with `!` and
fits refuses, whatever the others say; a list of kinds that is left out and one that is empty mean different things.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import product
from typing import Any

from bot.discover.argocd.urls import normal_git_url
from bot.discover.fields import text
from bot.model.gobwas import BadGlob, Glob
from bot.model.gomatch import BadGlob as BadName
from bot.model.gomatch import Glob as NamePattern
from bot.model.objects import Manifest, ObjectId

_LONGEST = 512
"""What is longer is nothing that anybody names, and is not judged: what a pattern takes is the product of both lengths."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where objects go. `server` or `name` is None where it is not known; a rule that hangs on it forbids nothing."""

    server: str | None
    name: str | None
    namespace: str


def permits_repository(spec: Manifest, url: str) -> bool:
    if len(url) > _LONGEST:
        return True
    wanted, is_permitted = normal_git_url(url), False
    for entry in spec.get("sourceRepos", ()):
        pattern = entry.removeprefix("!")
        normal = f"{'!' if pattern != entry else ''}{normal_git_url(pattern)}"
        if _is_allowed_by(normal, wanted, separators="/"):
            is_permitted = True
        elif normal.startswith("!"):
            return False
    return is_permitted


def may_permit_place(spec: Manifest, place: Place) -> bool:
    """Whether the objects may go there, for all that is known."""
    if any(len(each or "") > _LONGEST for each in (place.server, place.name, place.namespace)):
        return True
    is_permitted = False
    for entry in spec.get("destinations", ()):
        verdicts = set(_verdicts(entry, place))
        if _Verdict.ALLOWS in verdicts:
            is_permitted = True
        elif verdicts == {_Verdict.REFUSES}:
            return False
    return is_permitted


def permits_namespace_of_application(patterns: Sequence[str], namespace: str) -> bool:
    """`/.../` is a regular expression, anything else a pattern."""
    return any(_is_regular_match(each, namespace) or _matches(each, namespace) for each in patterns)


def forbidding_kinds(spec: Manifest, identity: ObjectId) -> str:
    """The list of kinds that forbids an object, as a path in the project; empty where none does.

    `identity` has the namespace that it will really have.
    """
    scope = "namespace" if identity.namespace else "cluster"
    allowed, refused = f"{scope}ResourceWhitelist", f"{scope}ResourceBlacklist"
    is_open = scope == "namespace" and allowed not in spec
    if not is_open and not _is_listed(spec.get(allowed, ()), identity):
        return f"spec.{allowed}"
    return f"spec.{refused}" if _is_listed(spec.get(refused, ()), identity) else ""


class _Verdict(Enum):
    ALLOWS = auto()
    REFUSES = auto()
    IS_ELSEWHERE = auto()


def _verdicts(entry: Manifest, place: Place) -> Iterator[_Verdict]:
    """What the entry says of the place, for each way in which what is not known may turn out."""
    name, server, namespace = (text(entry, field) for field in ("name", "server", "namespace"))
    in_namespace = _is_allowed_by(namespace, place.namespace)
    for by_name, by_server in product(_outcomes(name, place.name), _outcomes(server, place.server)):
        if (by_server or by_name) and in_namespace:
            yield _Verdict.ALLOWS
        elif (
            (not by_name and name.startswith("!"))
            or (not by_server and server.startswith("!") and in_namespace)
            or (not in_namespace and namespace.startswith("!") and by_server)
        ):
            yield _Verdict.REFUSES
        else:
            yield _Verdict.IS_ELSEWHERE


def _outcomes(pattern: str, value: str | None) -> tuple[bool, ...]:
    if value is not None:
        return (bool(value) and _is_allowed_by(pattern, value),)
    return (bool(pattern),) if pattern in ("", "*") else (True, False)


def fits(pattern: str, value: str, separators: str = "") -> bool:
    return pattern == "*" or _matches(pattern, value, separators)


def _is_allowed_by(pattern: str, value: str, separators: str = "") -> bool:
    if pattern.startswith("!"):
        return not _matches(pattern[1:], value, separators)
    return fits(pattern, value, separators)


def _matches(pattern: str, value: str, separators: str = "") -> bool:
    found = _glob(pattern, separators)
    return found is not None and found.matches(value)


@lru_cache(maxsize=1024)
def _glob(pattern: str, separators: str) -> Glob | None:
    """None for one that has no meaning, which matches nothing."""
    try:
        return Glob.parse(pattern, separators)
    except BadGlob:
        return None


def _is_regular_match(pattern: str, value: str) -> bool:
    if len(pattern) < 2 or not (pattern.startswith("/") and pattern.endswith("/")):
        return False
    import re2  # noqa: PLC0415 - seldom needed, and slow to load

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern[1:-1], options=options).search(value) is not None
    except re2.error:
        return False


def _is_listed(kinds: Sequence[Mapping[str, Any]], identity: ObjectId) -> bool:
    return any(
        _is_kind(dict(each), identity)
        and (not each.get("name") or bool(identity.namespace) or _names(each["name"], identity.name))
        for each in kinds
    )


def _is_kind(entry: Manifest, identity: ObjectId) -> bool:
    return _names(text(entry, "kind"), identity.kind) and _names(text(entry, "group"), identity.group)


def _names(pattern: str, value: str) -> bool:
    found = _name_pattern(pattern)
    return found is not None and found.matches(value)


@lru_cache(maxsize=1024)
def _name_pattern(pattern: str) -> NamePattern | None:
    try:
        return NamePattern.parse(pattern)
    except BadName:
        return None
