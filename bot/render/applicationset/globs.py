"""The two ways in which a git generator's paths match: Go's `path.Match` for directories, Git's pathspecs for files.

The time of a match is at most the product of both lengths, whatever the pattern.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

_MAX_PROGRAM_BYTES = 1024 * 1024
_POSIX = frozenset(
    "alnum alpha blank cntrl digit graph lower print punct space upper xdigit".split()  # noqa: SIM905 - a table
)
_WILD = frozenset("*?[\\")


class BadPattern(ValueError):
    """The message is a sentence without a subject."""


@dataclass(frozen=True, slots=True)
class _Class:
    ranges: tuple[tuple[str, str], ...]
    is_negated: bool = False

    def holds(self, letter: str) -> bool:
        return any(low <= letter <= high for low, high in self.ranges) is not self.is_negated


_ANY = _Class((("/", "/"),), is_negated=True)


@dataclass(frozen=True, slots=True)
class GoPattern:
    """As `path.Match` reads it: what it matches lies in or below `directory`, or is that.

    `chunks` are what stands between stars, and whether a star comes before each. Go takes the first place where a chunk matches and never comes back, which differs from any place only for classes
    that hold a slash.
    """

    text: str
    chunks: tuple[tuple[bool, tuple[str | _Class, ...]], ...]

    @property
    def directory(self) -> str:
        return _directory(self.text)

    def matches(self, path: str) -> bool:
        for index, (has_star, letters) in enumerate(self.chunks):
            if has_star and not letters:
                return "/" not in path
            is_last = index == len(self.chunks) - 1
            rest = next((each for each in _rests(has_star, letters, path) if not (is_last and each)), None)
            if rest is None:
                return False
            path = rest
        return not path


def _rests(has_star: bool, letters: tuple[str | _Class, ...], path: str) -> Iterator[str]:  # noqa: FBT001 - as it is kept
    """What is left of the path behind the chunk, for each place where it may stand."""
    end = path.find("/") if has_star else 0
    for at in range((len(path) if end < 0 else end) + 1):
        below = path[at : at + len(letters)]
        if len(below) == len(letters) and all(map(_is_letter, letters, below)):
            yield path[at + len(letters) :]


def _is_letter(wanted: str | _Class, letter: str) -> bool:
    return wanted == letter if isinstance(wanted, str) else wanted.holds(letter)


@dataclass(frozen=True, slots=True)
class Pathspec:
    """As `git ls-files` reads it. `literal` is the text itself: also a path with stars in it may be meant by its name."""

    literal: str
    directory: str
    _compiled: Any

    def matches(self, path: str) -> bool:
        if _is_at_or_below(path, self.literal):
            return True
        return self._compiled is not None and self._compiled.fullmatch(_bytes(path)) is not None

    @property
    def names_file(self) -> str:
        """The path where the pattern has no wildcard."""
        return self.literal.rstrip("/") if self._compiled is None else ""


@lru_cache(maxsize=2048)
def go_pattern(text: str) -> GoPattern | None:
    """As `path.Match` reads it; None for one that it refuses, which matches nothing."""
    chunks: list[tuple[bool, tuple[str | _Class, ...]]] = []
    has_star, letters, at = False, list[str | _Class](), 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "*":
            if letters:
                chunks.append((has_star, tuple(letters)))
                letters = []
            has_star = True
            continue
        if letter == "[":
            found = _go_class(text, at)
            if found is None:
                return None
            letters.append(found[0])
            at = found[1]
        elif letter == "\\":
            if at == len(text):
                return None
            letters.append(text[at])
            at += 1
        else:
            letters.append(_ANY if letter == "?" else letter)
    return GoPattern(text, (*chunks, (has_star, tuple(letters))))


@lru_cache(maxsize=2048)
def pathspec(text: str) -> Pathspec:
    """As `git ls-files -- TEXT` reads it, in the root of the repository. Raises `BadPattern`."""
    if text.startswith(":"):
        raise BadPattern("begins with a colon, which is magic to Git that Longshore does not read")
    path = _normal(text or ".")
    wild = any(letter in _WILD for letter in path)
    compiled = _compiled(_wildmatch(_bytes(path))) if wild else None
    return Pathspec(path, _directory(path) if wild else path.rstrip("/"), compiled)


def _normal(text: str) -> str:
    """Without `.`, `..` and doubled slashes; a slash at the end stays."""
    if text.startswith("/"):
        raise BadPattern("is an absolute path, which Git takes for one outside the repository")
    names: list[str] = []
    for name in text.split("/"):
        if name == "..":
            if not names:
                raise BadPattern("leads out of the repository")
            names.pop()
        elif name not in ("", "."):
            names.append(name)
    path = "/".join(names)
    return f"{path}/" if names and text.endswith(("/", "/.")) else path


def _is_at_or_below(path: str, literal: str) -> bool:
    stem = literal.rstrip("/")
    return not stem or (path == stem and stem == literal) or path.startswith(f"{stem}/")


def _directory(path: str) -> str:
    """The directory that a pattern names before its first wildcard."""
    first = next((at for at, letter in enumerate(path) if letter in _WILD), len(path))
    return path[:first].rpartition("/")[0]


def _go_class(text: str, at: int) -> tuple[_Class, int] | None:
    """`[a-z]` or `[^a-z]`, from behind its bracket, and where it ends."""
    is_negated = text[at : at + 1] == "^"
    at += is_negated
    ranges: list[tuple[str, str]] = []
    while not ranges or text[at : at + 1] != "]":
        low, at = _go_letter(text, at)
        high = low
        if low and text[at : at + 1] == "-":
            high, at = _go_letter(text, at + 1)
        if not low or not high:
            return None
        ranges.append((low, high))
    return _Class(tuple(ranges), is_negated), at + 1


def _go_letter(text: str, at: int) -> tuple[str, int]:
    """The letter at this place of a class, empty where there is none that may stand there."""
    letter = text[at : at + 1]
    if letter in ("", "-", "]"):
        return "", at
    if letter == "\\":
        at += 1
        letter = text[at : at + 1]
    # Go refuses a class that a text ends in, even behind its last letter.
    return (letter, at + 1) if at + 1 < len(text) else ("", at)


def _wildmatch(pattern: bytes) -> str:
    """Git's wildmatch without its rules for paths: a star is any text. The result is for letters of one byte."""
    text = pattern.decode("latin-1")
    expression, at = "", 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "*":
            expression += ".*"
        elif letter == "?":
            expression += "."
        elif letter == "[":
            try:
                part, at = _GitClass(text, at).read()
            except _Unclosed:
                return _NOTHING
            expression += part
        elif letter == "\\":
            if at == len(text):
                return _NOTHING
            expression += re2.escape(text[at])
            at += 1
        else:
            expression += re2.escape(letter)
    return expression


_NOTHING = "[^\\x00-\\xff]"


class _GitClass:
    """`[a-z]`, `[!a-z]` or `[[:alpha:]]`, read from behind its bracket. Raises `_Unclosed`."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self._parts: list[str] = []
        self._previous = ""

    def read(self) -> tuple[str, int]:
        """The expression, and where the class ends."""
        negated = self._next() in ("!", "^")
        self._at += negated
        is_first = True
        while is_first or self._next() != "]":
            is_first = False
            self._part()
        any_or_none = ("[\\x00-\\xff]" if negated else _NOTHING) if not any(self._parts) else ""
        return any_or_none or f"[{'^' if negated else ''}{''.join(self._parts)}]", self._at + 1

    def _part(self) -> None:
        letter, after = self._letter(), self._text[self._at : self._at + 1]
        if letter == "-" and self._previous and after not in ("", "]"):
            high = self._escaped(self._letter())
            if self._previous <= high:
                self._parts.append(f"{re2.escape(self._previous)}-{re2.escape(high)}")
            self._previous = ""
        elif letter == "[" and after == ":":
            self._named()
        else:
            self._previous = self._escaped(letter)
            self._parts.append(re2.escape(self._previous))

    def _named(self) -> None:
        end = self._text.find("]", self._at + 1)
        if end < 0:
            raise _Unclosed
        name = self._text[self._at + 1 : end - 1]
        if end - 1 <= self._at or self._text[end - 1] != ":":
            self._previous = "["
            self._parts.append("\\[")
        elif name in _POSIX:
            self._previous = ""
            self._parts.append(f"[:{name}:]")
            self._at = end + 1
        else:
            raise _Unclosed

    def _escaped(self, letter: str) -> str:
        return self._letter() if letter == "\\" else letter

    def _letter(self) -> str:
        letter = self._next()
        if not letter:
            raise _Unclosed
        self._at += 1
        return letter

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]


class _Unclosed(Exception):
    """The class has no end, and the pattern matches nothing."""


def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_PROGRAM_BYTES
    options.dot_nl = True
    options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(expression.encode("latin-1"), options)
    except re2.error:
        raise BadPattern("is too long or too involved a pattern") from None


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
