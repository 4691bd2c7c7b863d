"""What the operators of a `${variable}` expression do to a value, as Go does it.

Go counts bytes where Python counts characters, changes the case of one rune at a time, and matches globs in which `*`
and `?` cross slashes. The invariant: every function is linear in the value, and its result is valid text or `Unusable`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.errors import UserError

MAX_RESULT_CHARS = 16 * 1024 * 1024
MAX_PATTERN_CHARS = 4096
_INT64 = range(-(2**63), 2**63)
_BROKEN = "\ufffd"
_CUT = "cuts a character in two, and what is left is not text"


class Unusable(UserError):
    """The operator has no result for this value; the message says why and does not quote it."""


def length(value: str) -> str:
    return str(len(value.encode()))


def upper(value: str) -> str:
    return value.upper() if value.isascii() else "".join(map(_upper, value))


def lower(value: str) -> str:
    return value.lower() if value.isascii() else "".join(char.lower()[0] for char in value)


def upper_first(value: str) -> str:
    return _upper(value[0]) + value[1:] if value else value


def lower_first(value: str) -> str:
    return value[0].lower()[0] + value[1:] if value else value


def _upper(char: str) -> str:
    """One rune for one rune: where Python's answer has several, Go's is the title case, or the rune itself."""
    return next((made for made in (char.upper(), char.title()) if len(made) == 1), char)


def substring(value: str, position: str, count: str | None = None) -> str:
    """Bytes from a position, both counted from the end where negative. What is no number changes nothing."""
    data = value.encode()
    start = _integer(position)
    if start is None:
        return value
    start = max(0, len(data) + start) if start < 0 else start
    if count is None:
        return _text(data[start:])
    wanted = _integer(count)
    if wanted is None:
        return value
    if start + wanted not in _INT64:
        raise Unusable("the length is out of range, and Flux stops there")
    end = len(data) + wanted if wanted < 0 else start + wanted
    return _text(data[start : max(start, end)])


def replace_first(value: str, pattern: str, replacement: str = "") -> str:
    return _capped(value.replace(pattern, replacement, 1))


def replace_all(value: str, pattern: str, replacement: str = "") -> str:
    count = value.count(pattern)
    if len(value) + count * (len(replacement) - len(pattern)) > MAX_RESULT_CHARS:
        raise Unusable(f"makes more than {MAX_RESULT_CHARS // 1024**2} MiB")
    return value.replace(pattern, replacement)


def replace_prefix(value: str, prefix: str, replacement: str) -> str:
    return _capped(replacement + value.removeprefix(prefix)) if value.startswith(prefix) else value


def replace_suffix(value: str, suffix: str, replacement: str) -> str:
    return _capped(value.removesuffix(suffix) + replacement) if value.endswith(suffix) else value


def without_shortest_prefix(value: str, pattern: str) -> str:
    return _without_prefix(value, pattern, longest=False)


def without_longest_prefix(value: str, pattern: str) -> str:
    return _without_prefix(value, pattern, longest=True)


def without_shortest_suffix(value: str, pattern: str) -> str:
    return _without_suffix(value, pattern, longest=False)


def without_longest_suffix(value: str, pattern: str) -> str:
    return _without_suffix(value, pattern, longest=True)


def trimming_work(value: str, pattern: str) -> int:
    """What a trim costs, in characters copied."""
    return len(value) * (8 + len(pattern) // 32) + len(set(value)) * len(pattern)


def _integer(text: str) -> int | None:
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not (digits.isascii() and digits.isdigit() and len(digits) < 100):
        return None
    number = int(text)
    return number if number in _INT64 else None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Unusable(_CUT) from None


def _capped(value: str) -> str:
    if len(value) > MAX_RESULT_CHARS:
        raise Unusable(f"makes more than {MAX_RESULT_CHARS // 1024**2} MiB")
    return value


def _without_prefix(value: str, pattern: str, *, longest: bool) -> str:
    found = _prefix(value, pattern, longest=longest)
    if found.cut_bytes:
        raise Unusable(_CUT)
    return value[found.chars :]


def _without_suffix(value: str, pattern: str, *, longest: bool) -> str:
    """Flux turns value and pattern round, so that a class or an escape in the pattern no longer means what it says.

    Turned back, what is left of a character that was cut is replacement characters.
    """
    backwards = value[::-1]
    found = _prefix(backwards, pattern[::-1], longest=longest)
    rest = backwards[found.chars :]
    if found.cut_bytes:
        rest = _BROKEN * (len(rest[0].encode()) - found.cut_bytes) + rest[1:]
    return rest[::-1]


@dataclass(frozen=True, slots=True)
class _Prefix:
    """`cut_bytes` of the character after `chars` belong to it as well."""

    chars: int = 0
    cut_bytes: int = 0


def _prefix(value: str, pattern: str, *, longest: bool) -> _Prefix:
    if len(pattern) > MAX_PATTERN_CHARS:
        raise Unusable(f"the pattern is longer than {MAX_PATTERN_CHARS} characters")
    tokens = _tokens(pattern)
    return _Glob(tuple(tokens)).match(value, longest=longest) if tokens is not None else _Prefix()


@dataclass(frozen=True, slots=True)
class _Token:
    """`ranges` None is any character. `is_literal` compares bytes, so it never accepts part of a character."""

    ranges: tuple[tuple[str, str], ...] | None = None
    negated: bool = False
    is_star: bool = False
    is_literal: bool = False

    def accepts(self, char: str, *, part: bool) -> bool:
        if self.is_star or (part and self.is_literal):
            return False
        return self.ranges is None or any(low <= char <= high for low, high in self.ranges) != self.negated


def _tokens(pattern: str) -> list[_Token] | None:
    """None for a pattern that is malformed, which never matches."""
    tokens: list[_Token] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            if not (tokens and tokens[-1].is_star):
                tokens.append(_Token(is_star=True))
        elif char == "?":
            tokens.append(_Token())
        elif char == "[":
            parsed = _character_class(pattern, at)
            if parsed is None:
                return None
            token, at = parsed
            tokens.append(token)
        else:
            if char == "\\":
                char = pattern[at : at + 1]
                at += 1
            if not char:
                return None
            tokens.append(_Token(((char, char),), is_literal=True))
    return tokens


def _character_class(pattern: str, at: int) -> tuple[_Token, int] | None:
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[tuple[str, str]] = []
    while pattern[at : at + 1] != "]" or not ranges:
        low, at = _member(pattern, at)
        high = low
        if low and pattern[at] == "-":
            high, at = _member(pattern, at + 1)
        if not (low and high):
            return None
        ranges.append((low, high))
    return _Token(tuple(ranges), negated), at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    """One character of a class and what follows it; an empty one where the class is malformed."""
    char = pattern[at : at + 1]
    if char in {"-", "]"}:
        return "", at
    if char == "\\":
        at += 1
        char = pattern[at : at + 1]
    return (char, at + 1) if at + 1 < len(pattern) else ("", at)


@dataclass(frozen=True)
class _Glob:
    """A set of positions in the pattern, as bits of one number, walks over the value once."""

    tokens: tuple[_Token, ...]

    def match(self, value: str, *, longest: bool) -> _Prefix:
        """The shortest or longest prefix that the whole pattern matches; the empty one where no other does.

        Flux tries every prefix in bytes, so one that ends inside a character may be the answer.
        """
        found = _Prefix()
        accepted = 1 << len(self.tokens)
        states = self._closure(1)
        masks: dict[str, int] = {}
        for count, char in enumerate(value):
            if char not in masks:
                masks[char] = self._mask(char)
            after = self._step(states, masks[char])
            if not char.isascii():
                for cut_bytes, broken in enumerate(self._broken_states(states, char), 1):
                    if broken & accepted:
                        found = _Prefix(count, cut_bytes)
                        if not longest:
                            return found
                after |= self._through_bytes(states, char)
            states = after
            if states & accepted:
                found = _Prefix(count + 1)
                if not longest:
                    return found
            if not states:
                break
        return found

    @cached_property
    def _stars(self) -> int:
        return sum(1 << at for at, token in enumerate(self.tokens) if token.is_star)

    @cached_property
    def _broken(self) -> int:
        return self._mask(_BROKEN, part=True)

    def _mask(self, char: str, *, part: bool = False) -> int:
        return sum(1 << at for at, token in enumerate(self.tokens) if token.accepts(char, part=part))

    def _closure(self, states: int) -> int:
        return states | (states & self._stars) << 1

    def _step(self, states: int, mask: int) -> int:
        after = (states & mask) << 1 | states & self._stars
        return after | (after & self._stars) << 1

    def _broken_states(self, states: int, char: str) -> Iterator[int]:
        """Where the value cut off inside the character leads, byte by byte; each byte is a broken rune."""
        for _ in range(len(char.encode()) - 1):
            states = self._step(states, self._broken)
            yield states

    def _through_bytes(self, states: int, char: str) -> int:
        """A star may end inside a character; what is left of that is broken runes to the rest of the pattern."""
        inside = self._closure(states & self._stars)
        return list(self._broken_states(inside, char))[-1]
