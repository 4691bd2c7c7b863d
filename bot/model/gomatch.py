"""Go's `filepath.Match`, step for step, so that no pattern can make it slow: its time is the product of both lengths."""

from dataclasses import dataclass

_BAD = "has a pattern that cannot be read"


class BadGlob(ValueError):
    """The pattern has no meaning; the message is a sentence without a subject."""


@dataclass(frozen=True, slots=True)
class _Set:
    """`[a-z]`, or `?` where there are no `ranges`, which means every letter but a slash."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def holds(self, letter: str) -> bool:
        if not self.ranges:
            return letter != "/"
        return any(low <= letter <= high for low, high in self.ranges) is not self.negated


_Token = str | _Set
_Chunk = tuple[bool, tuple[_Token, ...]]


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern in chunks: whether a star stands before each, and its tokens, one for each letter."""

    chunks: tuple[_Chunk, ...]

    @classmethod
    def parse(cls, pattern: str) -> "Glob":
        """Raises `BadGlob`."""
        chunks: list[_Chunk] = []
        at = 0
        while at < len(pattern):
            start = at
            while pattern[at : at + 1] == "*":
                at += 1
            star = at > start
            tokens: list[_Token] = []
            while at < len(pattern) and pattern[at] != "*":
                token, at = _token(pattern, at)
                tokens.append(token)
            chunks.append((star, tuple(tokens)))
        return cls(tuple(chunks))

    def matches(self, name: str) -> bool:
        """Whether the whole name is meant."""
        at = 0
        for index, (star, tokens) in enumerate(self.chunks):
            last = index == len(self.chunks) - 1
            if star and not tokens:
                return "/" not in name[at:]
            end = _after(tokens, name, at)
            if end is not None and (end == len(name) or not last):
                at = end
                continue
            found = _further(tokens, name, at, last=last) if star else None
            if found is None:
                return False
            at = found
        return at == len(name)


def _further(tokens: tuple[_Token, ...], name: str, at: int, *, last: bool) -> int | None:
    """Where the chunk ends at the first place behind `at` where it fits; a star passes over no slash."""
    while at < len(name) and name[at] != "/":
        at += 1
        end = _after(tokens, name, at)
        if end is not None and (end == len(name) or not last):
            return end
    return None


def _after(tokens: tuple[_Token, ...], name: str, at: int) -> int | None:
    end = at + len(tokens)
    if end > len(name):
        return None
    for token, letter in zip(tokens, name[at:end], strict=True):
        if not (token == letter if isinstance(token, str) else token.holds(letter)):
            return None
    return end


def _token(pattern: str, at: int) -> tuple[_Token, int]:
    letter = pattern[at]
    at += 1
    if letter == "?":
        return _Set(), at
    if letter == "[":
        return _set(pattern, at)
    if letter == "\\":
        if at >= len(pattern):
            raise BadGlob(_BAD)
        return pattern[at], at + 1
    return letter, at


def _set(pattern: str, at: int) -> tuple[_Set, int]:
    """From behind the bracket; returns where it ends."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[tuple[str, str]] = []
    while not (pattern[at : at + 1] == "]" and ranges):
        low, at = _member(pattern, at)
        high = low
        if pattern[at : at + 1] == "-":
            high, at = _member(pattern, at + 1)
        ranges.append((low, high))
    return _Set(tuple(ranges), negated), at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    letter = pattern[at : at + 1]
    if letter in ("", "-", "]"):
        raise BadGlob(_BAD)
    if letter == "\\":
        at += 1
        letter = pattern[at : at + 1]
        if not letter:
            raise BadGlob(_BAD)
    return letter, at + 1
