"""Patterns as gobwas/glob reads them, which a directory source's `include` and `exclude` are matched by.

No letter separates: `*`, like `**`, is any text, slashes too. `{a,b}` is either, at any depth, and needs no end. All
readings of a pattern are followed at once, so that the time a match takes is the product of both lengths.
"""

from collections.abc import Iterable
from dataclasses import dataclass

_MAX_CHARS = 10_000
_MAX_DEPTH = 40


class BadGlob(ValueError):
    """The pattern has no meaning; Argo CD takes it for one that matches nothing."""


@dataclass(frozen=True, slots=True)
class _Set:
    """One letter: any at all, or one in (or not in) these ranges."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def holds(self, letter: str) -> bool:
        return not self.ranges or any(low <= letter <= high for low, high in self.ranges) is not self.negated


@dataclass(frozen=True, slots=True)
class _Either:
    patterns: tuple[tuple["_Node", ...], ...]


class _Anything:
    pass


_Node = str | _Set | _Either | _Anything


@dataclass(frozen=True, slots=True)
class Glob:
    nodes: tuple[_Node, ...]

    @classmethod
    def parse(cls, pattern: str) -> "Glob":
        """Raises `BadGlob`."""
        if len(pattern) > _MAX_CHARS:
            raise BadGlob(f"has more than {_MAX_CHARS} characters")
        return cls(_Parser(pattern).sequence(0))

    def matches(self, text: str) -> bool:
        return len(text) in _after(self.nodes, text, frozenset({0}))


def _after(nodes: Iterable[_Node], text: str, reached: frozenset[int]) -> frozenset[int]:
    for node in nodes:
        if not reached:
            break
        match node:
            case str():
                reached = frozenset(at + len(node) for at in reached if text.startswith(node, at))
            case _Set():
                reached = frozenset(at + 1 for at in reached if at < len(text) and node.holds(text[at]))
            case _Anything():
                reached = frozenset(range(min(reached), len(text) + 1))
            case _Either(patterns):
                reached = frozenset().union(*(_after(pattern, text, reached) for pattern in patterns))
    return reached


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def sequence(self, depth: int) -> tuple[_Node, ...]:
        if depth > _MAX_DEPTH:
            raise BadGlob(f"nests braces more than {_MAX_DEPTH} deep")
        nodes: list[_Node] = []
        while self._at < len(self._pattern):
            letter = self._pattern[self._at]
            if depth and letter in ",}":
                break
            self._at += 1
            match letter:
                case "*":
                    nodes.append(_Anything())
                case "?":
                    nodes.append(_Set())
                case "[":
                    nodes.append(self._set())
                case "{":
                    nodes.append(self._either(depth))
                case "\\":
                    nodes.append(self._pattern[self._at : self._at + 1])
                    self._at += 1
                case _:
                    nodes.append(letter)
        return tuple(nodes)

    def _either(self, depth: int) -> _Either:
        patterns = [self.sequence(depth + 1)]
        while self._at < len(self._pattern):
            letter = self._pattern[self._at]
            self._at += 1
            if letter == "}":
                break
            patterns.append(self.sequence(depth + 1))
        return _Either(tuple(patterns))

    def _set(self) -> _Set:
        negated = self._pattern.startswith("!", self._at)
        self._at += negated
        low = self._pattern[self._at : self._at + 1]
        if self._pattern[self._at + 1 : self._at + 2] == "-":
            high, end = self._pattern[self._at + 2 : self._at + 3], self._pattern[self._at + 3 : self._at + 4]
            self._at += 4
            if end != "]" or high < low:
                raise BadGlob("has a range that cannot be read")
            return _Set(((low, high),), negated)
        letters: list[str] = []
        while (letter := self._pattern[self._at : self._at + 1]) != "]":
            self._at += 1
            if letter == "\\":
                letter = self._pattern[self._at : self._at + 1]
                self._at += 1
            if not letter:
                raise BadGlob("has a bracket that nothing closes")
            letters.append(letter)
        self._at += 1
        if not letters:
            raise BadGlob("has brackets with nothing in them")
        return _Set(tuple((each, each) for each in letters), negated)
