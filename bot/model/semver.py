"""Versions and ranges of versions as Flux and Helm read them, which is how Masterminds/semver reads them.

It is not npm's grammar and not strictly SemVer's: a version may lack parts (`1.2`), start with `v` and have leading
zeros; a range knows `=`, `!=`, `<`, `>`, `<=`, `>=`, `~`, `^`, `x`, `1 - 2`, AND by a space or comma, OR by `||`. A
prerelease is admitted only by a group of the range that names one.

The text of a range comes from people who may mean harm: nothing here takes longer than in proportion to its square,
and both are capped.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")
_Key = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]

_MOST_CHARS = 512
_LARGEST = 2**64 - 1
_IDENTIFIERS = r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*"
_VERSION = re.compile(
    rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?"
)
_WILD = (
    rf"v?([0-9|xX*]+)(?:\.([0-9|xX*]+))?(?:\.([0-9|xX*]+))?(?:-({_IDENTIFIERS}))?(?:\+(?:{_IDENTIFIERS}))?"
)
_SPACE = r"[\t\n\f\r ]"
_TERM = re.compile(rf"{_SPACE}*(!=|>=|=>|<=|=<|~>|[=><~^]|){_SPACE}*({_WILD})(?={_SPACE}|,|\Z)")
_BETWEEN = re.compile(rf"{_SPACE}*,|{_SPACE}+")
_SPAN = re.compile(rf"{_SPACE}*({_WILD}){_SPACE}+-{_SPACE}+({_WILD}){_SPACE}*")
_SPAN_TO = 6
_ANY = {"x", "X", "*"}


class BadVersion(ValueError):
    """The text is no version; the message is a sentence."""


class BadRange(ValueError):
    """The text is no range of versions; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Version:
    """Compared by `key`, which leaves `metadata` out; `original` is the text it was read from."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    metadata: str = ""
    original: str = field(default="", compare=False)

    @property
    def key(self) -> _Key:
        """What versions are ordered by."""
        parts = tuple(map(_part, self.prerelease.split("."))) if self.prerelease else ()
        return self.major, self.minor, self.patch, not self.prerelease, parts

    def __str__(self) -> str:
        tail = f"-{self.prerelease}" if self.prerelease else ""
        return f"{self.major}.{self.minor}.{self.patch}{tail}{f'+{self.metadata}' if self.metadata else ''}"


@lru_cache(maxsize=8192)
def parse_version(text: str) -> Version:
    """Read a version as Helm does: parts may be missing. Raises `BadVersion`."""
    match = _VERSION.fullmatch(text) if len(text) <= _MOST_CHARS else None
    if match is None:
        raise BadVersion(f"{text[:80]!r} is no version")
    major, minor, patch = (int(part or 0) for part in match.groups()[:3])
    prerelease = match[4] or ""
    if max(major, minor, patch) > _LARGEST or any(
        len(part) > 1 and part[0] == "0" and part.isdigit() for part in prerelease.split(".")
    ):
        raise BadVersion(f"{text[:80]!r} is no version")
    return Version(major, minor, patch, prerelease, match[5] or "", text)


def parse_full_version(text: str) -> Version:
    """Read a version as Flux does wherever it looks for versions: with all of its three parts. Raises `BadVersion`."""
    if text.count(".") < 2:
        raise BadVersion(f"{text[:80]!r} is no version of three parts")
    return parse_version(text)


def parse_strict_version(text: str) -> Version:
    """Read a version as the standard has it: no `v`, no leading zeros. Raises `BadVersion`."""
    version = parse_full_version(text)
    if str(version) != text:
        raise BadVersion(f"{text[:80]!r} is no strict semantic version")
    return version


@dataclass(frozen=True, slots=True)
class _Bound:
    """One term. `given` counts the parts before the first that is missing or a wildcard: 0 to 3; the rest are 0."""

    operator: str
    version: Version
    given: int

    def admits(self, version: Version) -> bool:
        return _OPERATORS[self.operator](version, self)


@dataclass(frozen=True, slots=True)
class Range:
    """`groups` are the alternatives; of one, all terms must hold."""

    text: str
    groups: tuple[tuple[_Bound, ...], ...]

    def admits(self, version: Version) -> bool:
        for group in self.groups:
            takes_prereleases = any(bound.version.prerelease for bound in group)
            if version.prerelease and not takes_prereleases:
                continue
            if all(bound.admits(version) for bound in group):
                return True
        return False


@lru_cache(maxsize=1024)
def parse_range(text: str) -> Range:
    """Read a range. An empty one is a mistake, as it is upstream. Raises `BadRange`."""
    if len(text) > _MOST_CHARS:
        raise BadRange(f"a range of versions has at most {_MOST_CHARS} characters")
    return Range(text, tuple(_group(part, text) for part in _spans_spelled_out(text).split("||")))


def newest(
    items: Iterable[T], of: Callable[[T], str], within: Range, *, read: Callable[[str], Version]
) -> T | None:
    """The item with the greatest version in the range, the first of equals; what `read` refuses is passed over."""
    best: tuple[_Key, T] | None = None
    for item in items:
        try:
            version = read(of(item))
        except BadVersion:
            continue
        if within.admits(version) and (best is None or version.key > best[0]):
            best = version.key, item
    return best[1] if best is not None else None


def _part(text: str) -> tuple[bool, int, str]:
    number = int(text) if text.isdigit() and len(text) <= 20 else _LARGEST + 1
    return (False, number, "") if number <= _LARGEST else (True, 0, text)


def _spans_spelled_out(text: str) -> str:
    """`1.2 - 1.4` as `>= 1.2, <= 1.4`."""
    out = text
    for match in _SPAN.finditer(text):
        out = out.replace(match[0], f">= {match[1]}, <= {match[_SPAN_TO]} ", 1)
    return out


def _group(text: str, whole: str) -> tuple[_Bound, ...]:
    bounds: list[_Bound] = []
    at = 0
    while (match := _TERM.match(text, at)) is not None:
        bounds.append(_bound(match, whole))
        at = match.end()
        if not text[at:].strip("\t\n\f\r "):
            return tuple(bounds)
        between = _BETWEEN.match(text, at)
        assert between is not None  # a term ends before a space, a comma or the end
        at = between.end()
    raise BadRange(f"{whole!r} is no range of versions")


def _bound(match: re.Match[str], whole: str) -> _Bound:
    operator, _, *parts, prerelease = match.groups()
    given = next((count for count, part in enumerate(parts) if part is None or part in _ANY), 3)
    numbers = [*parts[:given], "0", "0", "0"][:3]
    try:
        version = parse_version(".".join(numbers) + (f"-{prerelease}" if prerelease else ""))
    except BadVersion:
        raise BadRange(f"{whole!r} is no range of versions") from None
    return _Bound(operator, version, given)


def _equal(version: Version, bound: _Bound) -> bool:
    return _tilde(version, bound) if bound.given < 3 else version.key == bound.version.key


def _not_equal(version: Version, bound: _Bound) -> bool:
    wanted = bound.version
    if bound.given == 1:
        return version.major != wanted.major
    if bound.given == 2:
        same = (version.major, version.minor) == (wanted.major, wanted.minor)
        return not same or version.prerelease != wanted.prerelease
    return version.key != wanted.key


def _greater(version: Version, bound: _Bound) -> bool:
    wanted = bound.version
    if bound.given == 1:
        return version.major > wanted.major
    if bound.given == 2:
        return (version.major, version.minor) > (wanted.major, wanted.minor)
    return version.key > wanted.key


def _at_most(version: Version, bound: _Bound) -> bool:
    wanted = bound.version
    if bound.given == 3:
        return version.key <= wanted.key
    if bound.given == 1:
        return version.major <= wanted.major
    return (version.major, version.minor) <= (wanted.major, wanted.minor)


def _tilde(version: Version, bound: _Bound) -> bool:
    wanted = bound.version
    if version.key < wanted.key:
        return False
    # NB: `~0.0.0` and `*` admit everything; `~0` and `~0.0` do not.
    if bound.given in {0, 3} and (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0):
        return True
    return version.major == wanted.major and (bound.given == 1 or version.minor == wanted.minor)


def _caret(version: Version, bound: _Bound) -> bool:
    wanted = bound.version
    if version.key < wanted.key:
        return False
    if wanted.major > 0 or bound.given == 1:
        return version.major == wanted.major
    if version.major > 0:
        return False
    if wanted.minor > 0 or bound.given == 2:
        return version.minor == wanted.minor
    return version.minor == 0 and version.patch == wanted.patch


_OPERATORS: dict[str, Callable[[Version, _Bound], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": lambda version, bound: version.key < bound.version.key,
    ">=": lambda version, bound: version.key >= bound.version.key,
    "=>": lambda version, bound: version.key >= bound.version.key,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
