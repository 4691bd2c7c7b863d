"""Evaluates Flux's `${variable}` expressions, where every value is known, missing, or not known.

Follows `github.com/fluxcd/pkg/envsubst`, surprises included: `:+` and `:?` act like `:-`, an empty value counts as
missing to a default, a replacement by nothing after `/#` or `/%` changes nothing, and a reference inside a default is
looked up even where the default is not needed. A length counted from the end (`${v:1:-1}`) is understood since v1.9.0
and crashes older releases. The invariant: time and size are bounded whatever the text and the values are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.render import operators
from bot.render.expressions import LENGTH, BadSubstitution, Expression, parse
from bot.render.operators import Unusable

MAX_INPUT_CHARS = 16 * 1024 * 1024
_DEFAULTS = frozenset(("=", ":=", ":-", ":?", ":+"))


class NotSet(BadSubstitution):
    """Strict substitution met a variable that nothing sets."""

    def __init__(self, name: str, expression: str) -> None:
        super().__init__(
            f"the variable {name!r} is not set",
            expression,
            hint=f"set it, or give it a default: ${{{name}:=value}}; a literal is written $${{{name}}}",
        )
        self.name = name


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a value is not known. `version` differs where the value differs, as far as that can be told."""

    reason: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """An expression that stays as it was written, because `names` are not known."""

    source: str
    names: tuple[str, ...]


@dataclass(slots=True)
class Budget:
    """What may still be written, and read on the way there, by all the texts that share it."""

    output_chars: int = 32 * 1024 * 1024
    work_chars: int = 16 * 1024 * 1024

    def write(self, count: int) -> None:
        self.output_chars -= count
        if self.output_chars < 0:
            raise Unusable("makes the output too large")

    def work(self, count: int) -> None:
        self.work_chars -= count
        if self.work_chars < 0:
            raise Unusable("is too much work, with all that comes before it")


Lookup = Callable[[str], str | Unknown | None]


def expand(text: str, lookup: Lookup, *, strict: bool, budget: Budget | None = None) -> list[str | Left]:
    """The text with every expression replaced by its value, or left where the value is not known.

    `lookup` answers None for a variable that nothing sets. Raises `BadSubstitution`.
    """
    if len(text) > MAX_INPUT_CHARS:
        raise BadSubstitution(f"the text is larger than {MAX_INPUT_CHARS // 1024**2} MiB", "${…}")
    evaluation = _Evaluation(lookup, budget or Budget(), strict=strict)
    return [evaluation.part(part) for part in parse(text)]


class _Evaluation:
    def __init__(self, lookup: Lookup, budget: Budget, *, strict: bool) -> None:
        self._lookup = lookup
        self._budget = budget
        self._strict = strict

    def part(self, part: str | Expression) -> str | Left:
        value = part if isinstance(part, str) else self._value(part)
        try:
            self._budget.write(len(value.source if isinstance(value, Left) else value))
        except Unusable as error:
            raise BadSubstitution(error.message, "${…}" if isinstance(part, str) else part.sketch) from None
        return value

    def _value(self, expression: Expression) -> str | Left:
        arguments = [
            self._value(part) if isinstance(part, Expression) else part for part in expression.arguments
        ]
        value = self._lookup(expression.name)
        if value is None:
            if self._strict and expression.operator not in _DEFAULTS:
                raise NotSet(expression.name, expression.sketch)
            value = ""
        if isinstance(value, str) and expression.operator in _DEFAULTS and value:
            return value
        own = (expression.name,) if isinstance(value, Unknown) else ()
        below = tuple(name for part in arguments if isinstance(part, Left) for name in part.names)
        if isinstance(value, Unknown) or below:
            return Left(expression.source, tuple(dict.fromkeys(own + below)))
        return self._apply(expression, value, [part for part in arguments if isinstance(part, str)])

    def _apply(self, expression: Expression, value: str, arguments: list[str]) -> str:
        function = _FUNCTIONS.get((expression.operator, len(arguments)))
        try:
            if function is None:
                return value if value or expression.operator not in _DEFAULTS else "".join(arguments)
            self._budget.work(len(value) + sum(map(len, arguments)))
            if function in _GLOBS:
                self._budget.work(operators.trimming_work(value, arguments[0]))
            return function(value, *arguments)
        except Unusable as error:
            raise BadSubstitution(error.message, expression.sketch) from None


# What is not listed leaves the value as it is: a plain reference, `,^`, and a prefix replaced by nothing.
_GLOBS = (
    operators.without_shortest_prefix,
    operators.without_longest_prefix,
    operators.without_shortest_suffix,
    operators.without_longest_suffix,
)
_FUNCTIONS: Mapping[tuple[str, int], Callable[..., str]] = {
    (LENGTH, 0): operators.length,
    ("^", 0): operators.upper_first,
    ("^^", 0): operators.upper,
    (",", 0): operators.lower_first,
    (",,", 0): operators.lower,
    (":", 1): operators.substring,
    (":", 2): operators.substring,
    ("#", 1): _GLOBS[0],
    ("##", 1): _GLOBS[1],
    ("%", 1): _GLOBS[2],
    ("%%", 1): _GLOBS[3],
    ("/", 1): operators.replace_first,
    ("/", 2): operators.replace_first,
    ("//", 1): operators.replace_all,
    ("//", 2): operators.replace_all,
    ("/#", 2): operators.replace_prefix,
    ("/%", 2): operators.replace_suffix,
}
