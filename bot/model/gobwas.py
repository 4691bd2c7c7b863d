"""Patterns as gobwas/glob reads them, which Argo CD matches paths, repositories and clusters by.

`**` is any text, `*` any text without a separator, `{a,b}` is either, at any depth, and needs no end. All readings of a
pattern are followed at once, so that the time a match takes is the product of both lengths.
"""

from collections.abc import Iterable
from dataclasses import dataclass

_MAX_CHARS = 10_000
_MAX_DEPTH = 40


class BadGlob(ValueError):
    """The pattern has no meaning; Argo CD takes it for one that matches nothing."""


@dataclass(frozen=True, slots=True)
class _Set:
    """One letter: one in (or not in) these ranges, any but a separator where there are none."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def holds(self, letter: str, separators: str) -> bool:
        if not self.ranges:
            return letter not in separators
        return any(low <= letter <= high for low, high in self.ranges) is not self.negated


@dataclass(frozen=True, slots=True)
class _Either:
    patterns: tuple[tuple["_Node", ...], ...]


@dataclass(frozen=True, slots=True)
class _Anything:
    """Any text at all, or one without a separator."""

    crosses: bool


_Node = str | _Set | _Either | _Anything


@dataclass(frozen=True, slots=True)
class Glob:
    """Each letter of `separators` is one."""

    nodes: tuple[_Node, ...]
    separators: str = ""

    @classmethod
    def parse(cls, pattern: str, separators: str = "") -> "Glob":
        """Raises `BadGlob`."""
        if len(pattern) > _MAX_CHARS:
            raise BadGlob(f"has more than {_MAX_CHARS} characters")
        return cls(_Parser(pattern).sequence(0), separators)

    def matches(self, text: str) -> bool:
        return len(text) in _after(self.nodes, text, self.separators, frozenset({0}))


def _after(nodes: Iterable[_Node], text: str, separators: str, reached: frozenset[int]) -> frozenset[int]:
    for node in nodes:
        if not reached:
            break
        match node:
            case str():
                reached = frozenset(at + len(node) for at in reached if text.startswith(node, at))
            case _Set():
                reached = frozenset(
                    at + 1 for at in reached if at < len(text) and node.holds(text[at], separators)
                )
            case _Anything(crosses=True):
                reached = frozenset(range(min(reached), len(text) + 1))
            case _Anything():
                reached = _within(reached, text, separators)
            case _Either(patterns):
                ends = (_after(pattern, text, separators, reached) for pattern in patterns)
                reached = frozenset().union(*ends)
    return reached


def _within(reached: frozenset[int], text: str, separators: str) -> frozenset[int]:
    """Every place that can be come to without passing over a separator."""
    found: set[int] = set()
    for start in sorted(reached):
        at = start
        while at not in found:
            found.add(at)
            if at == len(text) or text[at] in separators:
                break
            at += 1
    return frozenset(found)


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
                    crosses = self._pattern.startswith("*", self._at)
                    self._at += crosses
                    nodes.append(_Anything(crosses))
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
