"""Which directories a git generator means: Go's `path.Match`, in a time that both lengths bound."""

import re
from dataclasses import dataclass
from functools import lru_cache

WILD = frozenset("*?[\\")


@dataclass(frozen=True, slots=True)
class _Class:
    ranges: tuple[tuple[str, str], ...]
    is_negated: bool = False

    @property
    def expression(self) -> str:
        ranges = [f"{re.escape(low)}-{re.escape(high)}" for low, high in self.ranges if low <= high]
        if not ranges:
            return "." if self.is_negated else "(?!.)."
        return f"[{'^' if self.is_negated else ''}{''.join(ranges)}]"


_Letters = tuple[str | _Class, ...]
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
        return directory_of(self.text)

    def matches(self, path: str) -> bool:
        for index, (has_star, letters) in enumerate(self.chunks):
            if has_star and not letters:
                return "/" not in path
            is_last = index == len(self.chunks) - 1
            # Nothing may be left behind the last chunk, so that it can stand in one place only.
            first = max(len(path) - len(letters), 0) if is_last else 0
            last = _first_slash(path) if has_star else 0
            at = _place(letters, path, first, last)
            if at < 0:
                return False
            path = path[at + len(letters) :]
        return not path


def _first_slash(path: str) -> int:
    found = path.find("/")
    return len(path) if found < 0 else found


def _place(letters: _Letters, path: str, first: int, last: int) -> int:
    """The first place, of these, where the chunk stands; -1 where there is none."""
    if first > last:
        return -1
    end = min(last + len(letters), len(path))
    if all(isinstance(each, str) for each in letters):
        return path.find("".join(map(str, letters)), first, end)
    found = _expression(letters).search(path, first, end)
    return found.start() if found else -1


@lru_cache(maxsize=2048)
def _expression(letters: _Letters) -> re.Pattern[str]:
    """Of so many letters as there are, so that it takes no longer than both lengths allow."""
    source = "".join(re.escape(each) if isinstance(each, str) else each.expression for each in letters)
    return re.compile(source, re.DOTALL)


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


def directory_of(path: str) -> str:
    """The directory that a pattern names before its first wildcard."""
    first = next((at for at, letter in enumerate(path) if letter in WILD), len(path))
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
