"""Which files a git generator means: a pathspec of Git, as `git ls-files` reads it.

It becomes a regular expression of RE2, whose time does not depend on the pattern.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from bot.render.applicationset.go_match import WILD, directory_of

_MAX_PROGRAM_BYTES = 1024 * 1024
_POSIX = frozenset(
    "alnum alpha blank cntrl digit graph lower print punct space upper xdigit".split()  # noqa: SIM905 - a table
)


class BadPattern(ValueError):
    """The message is a sentence without a subject."""


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
def pathspec(text: str) -> Pathspec:
    """As `git ls-files -- TEXT` reads it, in the root of the repository. Raises `BadPattern`."""
    if text.startswith(":"):
        raise BadPattern("begins with a colon, which is magic to Git that Longshore does not read")
    path = _normal(text or ".")
    wild = any(letter in WILD for letter in path)
    compiled = _compiled(_wildmatch(_bytes(path))) if wild else None
    return Pathspec(path, directory_of(path) if wild else path.rstrip("/"), compiled)


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
