"""Patterns as doublestar v4 reads them, the library that a generator's `exclude` is matched by.

`**` is any number of directories where it stands alone between slashes, `{a,b}` is either. The time that a match takes
is the product of both lengths, whatever the pattern.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

_MAX_ALTERNATIVES = 256


class BadPattern(ValueError):
    """The pattern has no meaning; the message is a sentence without a subject."""


@dataclass(frozen=True, slots=True)
class _Class:
    """`[a-z]`; in brackets, unlike elsewhere, a slash is a letter like any other."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def holds(self, letter: str) -> bool:
        return any(low <= letter <= high for low, high in self.ranges) is not self.negated


class _Many(Enum):
    """What stands for more than one letter, or for any one."""

    LETTER = "?"
    LETTERS = "*"
    NAMES = "**/"
    EVERYTHING = "**"


_Token = str | _Class | _Many
_NOTHING = frozenset({"", "*", "**", "/**", "**/", "/**/"})
"""What may be left of a pattern where a path ends."""
_START = "\0"
"""Marks where an alternative begins: `**` counts there, wherever the braces stand."""


@dataclass(frozen=True, slots=True)
class Doublestar:
    """`alternatives` are tokens, each with the text that follows it. `has_slash`: the pattern is one for paths."""

    alternatives: tuple[tuple[tuple[_Token, str], ...], ...]
    has_slash: bool

    @classmethod
    def parse(cls, pattern: str) -> "Doublestar":
        """Raises `BadPattern`."""
        return cls(tuple(tuple(_tokens(each)) for each in _expanded(pattern)), "/" in pattern)

    def matches(self, path: str) -> bool:
        return any(_leads(tokens, path) for tokens in self.alternatives)


def _leads(tokens: Sequence[tuple[_Token, str]], path: str) -> bool:
    """Follows all readings of the pattern at once: `reached` are the letters of the path that it may have used up."""
    reached, end = {0}, len(path)
    for token, rest in tokens:
        reached = {after for at in reached if at < end for after in _after(token, path, at)}
        if end in reached and rest in _NOTHING:
            return True
    return False


def _after(token: _Token, path: str, at: int) -> Iterable[int]:
    """Where the token may end that begins at this letter."""
    match token:
        case _Many.EVERYTHING:
            return (len(path),)
        case _Many.NAMES:
            return (at, *(index + 1 for index in range(at, len(path)) if path[index] == "/"))
        case _Many.LETTERS:
            slash = path.find("/", at)
            return range(at, (slash if slash >= 0 else len(path)) + 1)
        case _Many.LETTER:
            return (at + 1,) if path[at] != "/" else ()
        case _Class():
            return (at + 1,) if token.holds(path[at]) else ()
        case _:
            return (at + 1,) if token == path[at] else ()


def _expanded(pattern: str) -> Iterator[str]:
    """One pattern for each way to read its braces."""
    pending, done = [pattern], 0
    while pending:
        text = pending.pop()
        brace = _first_brace(text)
        if brace < 0:
            yield text
            continue
        parts, end = _alternatives(text, brace)
        done += len(parts)
        if done > _MAX_ALTERNATIVES:
            raise BadPattern(f"has more than {_MAX_ALTERNATIVES} alternatives")
        pending += [text[:brace] + _START + part + text[end:] for part in reversed(parts)]


def _first_brace(text: str) -> int:
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == "[":
            _, at = _class(text, at + 1)
        elif text[at] == "}":
            raise BadPattern("has a brace that nothing opens")
        elif text[at] == "{":
            return at
        else:
            at += 1
    return -1


def _alternatives(text: str, brace: int) -> tuple[list[str], int]:
    """What stands in the braces, and the index behind them."""
    parts, start, depth, at = [], brace + 1, 1, brace + 1
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == "{":
            depth += 1
        elif letter == "," and depth == 1:
            parts.append(text[start:at])
            start = at + 1
        elif letter == "}":
            depth -= 1
            if not depth:
                return [*parts, text[start:at]], at + 1
        at += 1
    raise BadPattern("has a brace that nothing closes")


def _tokens(text: str) -> Iterator[tuple[_Token, str]]:
    at, starts = 0, True
    while at < len(text):
        letter = text[at]
        token: _Token = letter
        at += 1
        if letter == _START:
            starts = True
            continue
        if letter == "[":
            token, at = _class(text, at)
        elif letter == "?":
            token = _Many.LETTER
        elif letter == "*":
            token, at = _stars(text, at, starts=starts)
        elif letter == "\\":
            if at >= len(text):
                raise BadPattern("ends in a backslash")
            token, at = text[at], at + 1
        starts = token in ("/", _Many.NAMES)
        yield token, text[at:].replace(_START, "")


def _stars(text: str, at: int, *, starts: bool) -> tuple[_Token, int]:
    """From behind the first star; returns where it ends."""
    if not text.startswith("*", at):
        return _Many.LETTERS, at
    at += 1
    if starts and at == len(text):
        return _Many.EVERYTHING, at
    if starts and text.startswith("/", at):
        return _Many.NAMES, at + 1
    return _Many.LETTERS, at


def _class(text: str, at: int) -> tuple[_Class, int]:
    """From behind the bracket; returns where it ends."""
    negated = text.startswith(("!", "^"), at)
    at += negated
    ranges: list[tuple[str, str]] = []
    if text.startswith("]", at):
        raise BadPattern("has brackets with nothing in them")
    while not text.startswith("]", at):
        low, at = _letter(text, at)
        high = low
        if text[at : at + 1] == "-" and text[at + 1 : at + 2] not in ("", "]"):
            high, at = _letter(text, at + 1)
        ranges.append((low, high))
    return _Class(tuple(ranges), negated), at + 1


def _letter(text: str, at: int) -> tuple[str, int]:
    at += text[at : at + 1] == "\\"
    letter = text[at : at + 1]
    if not letter:
        raise BadPattern("has a bracket that nothing closes")
    return letter, at + 1
