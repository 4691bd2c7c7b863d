"""The two ways in which a git generator's paths match: Go's `path.Match` for directories, Git's pathspecs for files.

Both become regular expressions of RE2, whose time does not depend on the pattern.
"""

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
class Pattern:
    """`directory` is where to begin to look: what it matches lies in or below that one."""

    text: str
    directory: str
    _compiled: Any
    _literal: str | None = None

    def matches(self, path: str) -> bool:
        if self._literal is not None and _is_at_or_below(path, self._literal):
            return True
        return self._compiled is not None and self._compiled.fullmatch(_bytes(path)) is not None

    @property
    def names_file(self) -> str:
        """The path where the pattern has no wildcard."""
        return self._literal.rstrip("/") if self._literal is not None and self._compiled is None else ""


@lru_cache(maxsize=2048)
def go_pattern(text: str) -> Pattern | None:
    """As `path.Match` reads it, for text; None for one that it refuses, which matches nothing."""
    expression, at = "", 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "*":
            expression += "[^/]*"
        elif letter == "?":
            expression += "[^/]"
        elif letter == "[":
            found = _go_class(text, at)
            if found is None:
                return None
            part, at = found
            expression += part
        elif letter == "\\":
            if at == len(text):
                return None
            expression += re2.escape(text[at])
            at += 1
        else:
            expression += re2.escape(letter)
    return Pattern(text, _directory(text), _compiled(expression, is_text=True))


@lru_cache(maxsize=2048)
def pathspec(text: str) -> Pattern:
    """As `git ls-files -- TEXT` reads it, in the root of the repository. Raises `BadPattern`."""
    if text.startswith(":"):
        raise BadPattern("begins with a colon, which is magic to Git that Longshore does not read")
    path = _normal(text or ".")
    wild = any(letter in _WILD for letter in path)
    compiled = _compiled(_wildmatch(_bytes(path)), is_text=False) if wild else None
    return Pattern(text, _directory(path) if wild else path.rstrip("/"), compiled, path)


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


def _go_class(text: str, at: int) -> tuple[str, int] | None:
    """`[a-z]` or `[^a-z]`, from behind its bracket: the expression, and where it ends."""
    negated = text[at : at + 1] == "^"
    at += negated
    ranges = ""
    while True:
        if ranges and text[at : at + 1] == "]":
            break
        low, at = _go_letter(text, at)
        high = low
        if low and text[at : at + 1] == "-":
            high, at = _go_letter(text, at + 1)
        if not low or not high:
            return None
        if low <= high:
            ranges += f"{re2.escape(low)}-{re2.escape(high)}"
        else:
            ranges += "\\x00-\\x00"  # holds nothing that is in a path
    return f"[{'^' if negated else ''}{ranges}]", at + 1


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


def _compiled(expression: str, *, is_text: bool) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_PROGRAM_BYTES
    options.dot_nl = True
    options.encoding = re2.Options.Encoding.UTF8 if is_text else re2.Options.Encoding.LATIN1
    try:
        return re2.compile(expression.encode("utf-8" if is_text else "latin-1", "surrogateescape"), options)
    except re2.error:
        raise BadPattern("is too long or too involved a pattern") from None


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
