"""Which directories a git generator means: Go's `path.Match`, in a time that both lengths bound."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

WILD = frozenset("*?[\\")


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
        return directory_of(self.text)

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
