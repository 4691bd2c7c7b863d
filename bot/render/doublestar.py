"""Patterns as doublestar v4 reads them, the library that a generator's `exclude` is matched by.

`**` is any number of directories where it stands alone between slashes, `{a,b}` is either. The time that a match takes
is the product of the path's length and the pattern's `size`, which is bounded, whatever the pattern.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

_MAX_LENGTH = 1024
_MAX_ALTERNATIVES = 256
_MAX_SIZE = 4096


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


_Step = tuple[_Token, bool]
"""A token, and whether a path may end behind it."""


@dataclass(frozen=True, slots=True)
class Doublestar:
    """`has_slash`: the pattern is one for paths."""

    alternatives: tuple[tuple[_Step, ...], ...]
    has_slash: bool

    @classmethod
    def parse(cls, pattern: str) -> "Doublestar":
        """Raises `BadPattern`."""
        if len(pattern) > _MAX_LENGTH:
            raise BadPattern(f"has more than {_MAX_LENGTH} characters")
        alternatives = dict.fromkeys(_folded(each) for each in _expanded(pattern))
        found = cls(tuple(alternatives), "/" in pattern)
        if found.size > _MAX_SIZE:
            raise BadPattern("is too long with its braces written out")
        return found

    @property
    def size(self) -> int:
        """Tokens of all alternatives together."""
        return sum(map(len, self.alternatives))

    def matches(self, path: str) -> bool:
        text = _Text(path)
        return any(_leads(steps, text) for steps in self.alternatives)


class _Text:
    """A path, and sets of its indices as bits: where each token fits, and where no slash is."""

    __slots__ = ("_places", "_where", "end", "names", "slashes")

    def __init__(self, path: str) -> None:
        self.end = len(path)
        self._places: dict[str, int] = {}
        for index, letter in enumerate(path):
            self._places[letter] = self._places.get(letter, 0) | 1 << index
        self._where: dict[_Token, int] = {}
        self.slashes = self._places.get("/", 0)
        self.names = ((1 << self.end) - 1) ^ self.slashes

    def where(self, token: str | _Class) -> int:
        """The letters that this token stands for."""
        if isinstance(token, str):
            return self._places.get(token, 0)
        if token not in self._where:
            places = (found for letter, found in self._places.items() if token.holds(letter))
            self._where[token] = sum(places)
        return self._where[token]


def _leads(steps: Sequence[_Step], text: _Text) -> bool:
    """Follows all readings of the pattern at once: `reached` are the letters of the path that it may have used up."""
    reached, end = 1, 1 << text.end
    for token, may_end in steps:
        reached = _after(token, text, reached & (end - 1))
        if may_end and reached & end:
            return True
        if not reached:
            return False
    return False


def _after(token: _Token, text: _Text, reached: int) -> int:
    """Where the token may end that begins at any of these letters; a set of bits, as they are."""
    match token:
        case _ if not reached:
            return 0
        case _Many.EVERYTHING:
            return 1 << text.end
        case _Many.NAMES:
            first = (reached & -reached).bit_length() - 1
            return reached | (text.slashes >> first << (first + 1))
        case _Many.LETTERS:
            # What is added is carried through the letters of a name, up to the slash behind it.
            return reached | ((text.names + (reached & text.names)) ^ text.names)
        case _Many.LETTER:
            return (reached & text.names) << 1
        case _:
            return (reached & text.where(token)) << 1


def _folded(text: str) -> tuple[_Step, ...]:
    """A star that follows another of its kind leads nowhere else."""
    steps: list[_Step] = []
    for token, rest in _tokens(text):
        may_end = rest in _NOTHING
        if steps and token in (_Many.LETTERS, _Many.NAMES) and steps[-1][0] is token:
            may_end = may_end or steps.pop()[1]
        steps.append((token, may_end))
    return tuple(steps)


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
