"""The grammar of Flux's `${variable}` expressions: text to a tree, in one pass.

Follows `github.com/fluxcd/pkg/envsubst` rune by rune, which looks like bash and is not: `$$` is `$` anywhere, `${v-x}`
is a mistake, and a pattern may run past the closing brace in search of its slash. An empty pattern (`${v/#/x}`) is
newer than v1.9.0. The invariant: no error quotes more of an expression than its variable and operator, because what
follows may be a secret.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.errors import UserError

MAX_NESTING = 50
LENGTH = "length"
_PLAIN = {ends: re.compile(rf"[^$\\{ends}]+") for ends in ("}", ":}", "/")}


class BadSubstitution(UserError):
    """`expression` is the variable and the operator, never what follows them."""

    def __init__(self, problem: str, expression: str, *, hint: str = "") -> None:
        super().__init__(f"{expression}: {problem}", hint=hint)
        self.problem = problem
        self.expression = expression


@dataclass(frozen=True, slots=True)
class Expression:
    """`operator` is empty for a plain reference; `source` is the expression as written, braces included."""

    name: str
    operator: str
    arguments: tuple["str | Expression", ...]
    source: str

    @property
    def sketch(self) -> str:
        return _sketch(self.name, self.operator)


def parse(text: str) -> list[str | Expression]:
    """Text and expressions in their order. Raises `BadSubstitution`."""
    return list(_Parser(text).template())


class _Parser:
    """One pass, never back: every method starts where the one before it stopped."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def template(self) -> Iterator[str | Expression]:
        text = self._text
        if "\0" in text:
            raise BadSubstitution("the text holds a NUL character", "${…}")
        while (dollar := text.find("$", self._at)) >= 0:
            following = text[dollar + 1 : dollar + 2]
            yield text[self._at : dollar + (following != "{")]
            self._at = dollar + 1
            if following == "{":
                self._at = dollar
                yield self._expression()
            elif following == "$":
                self._at = dollar + 2
        yield text[self._at :]

    def _expression(self) -> Expression:
        start = self._at
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise BadSubstitution(f"expressions are nested more than {MAX_NESTING} deep", "${…}")
        self._at += 2
        if self._peek() == "#":
            self._at += 1
            operation: tuple[str, list[str | Expression]] = (LENGTH, [])
            name = self._name(LENGTH)
        else:
            name = self._name("")
            operation = self._operation(name)
        operator, arguments = operation
        if self._peek() != "}":
            raise self._mistake(name, operator, "the closing brace is missing")
        self._at += 1
        self._depth -= 1
        return Expression(name, operator, tuple(arguments), self._text[start : self._at])

    def _name(self, operator: str) -> str:
        name = self._take(lambda char: char.isalpha() or char.isdecimal() or char == "_")
        if not name:
            raise self._mistake("", operator, "a variable's name is missing")
        return name

    def _operation(self, name: str) -> tuple[str, list[str | Expression]]:
        char = self._peek()
        following = self._text[self._at + 1 : self._at + 2]
        if char == "=" or (char == ":" and following in {"=", "-", "?", "+"}):
            operator = self._taken(1 if char == "=" else 2)
            return operator, self._default(name, operator)
        if char == ":":
            return self._taken(1), self._range(name)
        if char == "/":
            operator = self._taken(2 if following in {"/", "#", "%"} else 1)
            return operator, self._replacement(name, operator)
        if char in {"#", "%"}:
            operator = self._taken(2 if following == char else 1)
            return operator, [self._argument(name, operator, "}")]
        if char in {",", "^"}:
            return self._taken(2 if following in {",", "^"} else 1), []
        return "", []

    def _default(self, name: str, operator: str) -> list[str | Expression]:
        parts: list[str | Expression] = []
        while self._peek() != "}":
            parts.append(self._argument(name, operator, "}"))
        return parts

    def _range(self, name: str) -> list[str | Expression]:
        if not self._peek().isascii():
            raise self._mistake(name, ":", "a position is a number")
        first = self._argument(name, ":", ":}")
        if not self._take(lambda char: char == ":"):
            return [first]
        return [first, self._argument(name, ":", "}")]

    def _replacement(self, name: str, operator: str) -> list[str | Expression]:
        """Any number of slashes ends the pattern."""
        pattern = "" if self._peek() == "/" else self._argument(name, operator, "/", escapes=True)
        if not self._take(lambda char: char == "/"):
            raise self._mistake(name, operator, "the replacement is missing")
        if self._peek() == "}":
            return [pattern]
        return [pattern, self._argument(name, operator, "}", escapes=True)]

    def _argument(self, name: str, operator: str, ends: str, *, escapes: bool = False) -> str | Expression:
        """One nested expression, or the text up to one of `ends` or the next expression. Neither may be empty."""
        if self._text.startswith("${", self._at):
            return self._expression()
        pieces: list[str] = []
        while char := self._peek():
            if run := _PLAIN[ends].match(self._text, self._at):
                pieces.append(run[0])
                self._at = run.end()
                continue
            following = self._text[self._at + 1 : self._at + 2]
            if char == "$" and following == "{":
                break
            if escapes and (char + following in {"$$", "\\/", "\\\\"}):
                pieces.append(following)
                self._at += 2
            elif char in ends:
                break
            else:
                pieces.append(char)
                self._at += 1
        if not pieces:
            raise self._mistake(name, operator, "something is missing after the operator")
        return "".join(pieces)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _taken(self, count: int) -> str:
        self._at += count
        return self._text[self._at - count : self._at]

    def _take(self, accept: Callable[[str], bool]) -> str:
        start = self._at
        while (char := self._peek()) and accept(char):
            self._at += 1
        return self._text[start : self._at]

    def _mistake(self, name: str, operator: str, problem: str) -> BadSubstitution:
        following = self._peek()
        if problem.startswith("the closing") and not operator and following in {"-", "+", "?"}:
            problem = f"the operator {following} is unknown to Flux; it needs a colon before it"
        return BadSubstitution(
            problem, _sketch(name, operator or "…"), hint="see Flux's postBuild substitution"
        )


def _sketch(name: str, operator: str) -> str:
    shown = name if len(name) <= 100 else name[:100] + "…"
    if operator == LENGTH:
        return f"${{#{shown}}}"
    has_more = operator not in {"", "^", "^^", ",", ",,", "…"}
    return f"${{{shown}{operator}{'…' if has_more else ''}}}"
