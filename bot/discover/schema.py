"""What a field of a Flux object may hold, and the sentence for what it must not.

The tables of `specs.py` and `source_specs.py` are made of these shapes. Invariant: no value raises, and what `cleaned`
returns has the types that its shape names, so that a reader of it asks nothing twice. An empty field (`null`) counts as
absent, as the API server takes it.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_LINE = 4096
_SHOWN = 60
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CONTROL_OR_BREAK = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Text:
    """One line, or a `block` of many. `pattern` must match it whole; `says` is the pattern in words."""

    choices: tuple[str, ...] = ()
    pattern: str = ""
    says: str = ""
    at_least: int = 0
    at_most: int = _LINE
    is_block: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A number without a fraction."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever it is, null included, belongs to somebody else to judge."""


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping of anything, nulls included."""


@dataclass(frozen=True, slots=True)
class ListOf:
    item: "Shape"


@dataclass(frozen=True, slots=True)
class MapOf:
    value: "Shape"


@dataclass(frozen=True, slots=True)
class Fields:
    fields: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()


Shape = Text | Truth | Whole | Anything | Table | ListOf | MapOf | Fields


def problems(value: object, shape: Shape, at: str) -> Iterator[str]:
    """Every way in which the value is not of its shape, each a sentence that begins with the field. `at` is the path."""
    own = _own_problem(value, shape)
    if own:
        yield f"{at} {own}"
        return
    match shape, value:
        case ListOf(item), list():
            for index, each in enumerate(value):
                yield from problems(each, item, f"{at}[{index}]")
        case MapOf(item), dict():
            for key, each in value.items():
                if each is not None:
                    yield from problems(each, item, f"{at}.{_key(key)}")
        case Fields(fields, required), dict():
            for name in required:
                if value.get(name) is None:
                    yield f"{at}.{name} is missing"
            for name, field in fields.items():
                if value.get(name) is not None:
                    yield from problems(value[name], field, f"{at}.{name}")
        case _:
            return


def first_problem(value: object, shape: Shape, at: str) -> str:
    return next(problems(value, shape, at), "")


def cleaned(value: object, shape: Shape) -> Any:
    """What of the value is of its shape; None for nothing. Fields that the shape does not know are left out."""
    if _own_problem(value, shape):
        return None
    match shape, value:
        case ListOf(item), list():
            kept = (cleaned(each, item) for each in value)
            return [each for each in kept if each is not None]
        case MapOf(item), dict():
            return _without_nothing((str(key), cleaned(each, item)) for key, each in value.items())
        case Fields(fields), dict():
            # Most of the fields that there are stand nowhere in one object.
            present = (name for name in fields if value.get(name) is not None)
            return _without_nothing((name, cleaned(value[name], fields[name])) for name in present)
        case _:
            return value


def unread(value: object, shape: Shape, at: str) -> Iterator[str]:
    """The fields that the shape does not know, each with what was meant, where that can be guessed."""
    match shape, value:
        case ListOf(item), list():
            for index, each in enumerate(value):
                yield from unread(each, item, f"{at}[{index}]")
        case Fields(fields), dict():
            for name, each in value.items():
                if name in fields:
                    yield from unread(each, fields[name], f"{at}.{name}")
                else:
                    near = difflib.get_close_matches(str(name)[:_SHOWN], fields, n=1)
                    yield f"{at}.{_key(name)}" + (f" (did you mean {near[0]}?)" if near else "")
        case _:
            return


def shown(text: str) -> str:
    """A text that somebody else wrote, quoted, on one line and not too long."""
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")


def _without_nothing(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in items if value is not None}


def _own_problem(value: object, shape: Shape) -> str:
    """What is wrong with the value itself, leaving what it holds; empty for nothing."""
    if isinstance(shape, Anything):
        return ""
    wanted, words = _WANTED[type(shape)]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is int):
        return f"must be {words}, not {_what(value)}{_way_out(value, shape)}"
    return _text_problem(value, shape) if isinstance(shape, Text) and isinstance(value, str) else ""


def _way_out(value: object, shape: Shape) -> str:
    """What to write instead, where that can be told."""
    match shape, value:
        case Text(), bool() | int() | float():
            is_meant = not shape.says or re.fullmatch(shape.pattern, str(value))
            return ": put it in quotes" if is_meant else f": write {shape.says}"
        case Truth(), str():
            return ": write true or false, without quotes"
        case Whole(), str() if value.isdecimal():
            return ": write it without quotes"
        case _:
            return ""


_WANTED: Mapping[type, tuple[type, str]] = {
    Text: (str, "text"),
    Truth: (bool, "true or false"),
    Whole: (int, "a whole number"),
    ListOf: (list, "a list"),
    Table: (dict, "a mapping"),
    MapOf: (dict, "a mapping"),
    Fields: (dict, "a mapping"),
}


def _text_problem(value: str, shape: Text) -> str:
    if shape.choices:
        return "" if value in shape.choices else f"is {shown(value)}: it must be {_or(shape.choices)}"
    if len(value) < shape.at_least:
        return "is empty"
    if len(value) > shape.at_most and not shape.is_block:
        return f"has {len(value)} characters: at most {shape.at_most} are allowed"
    return _control_problem(value, shape) or _pattern_problem(value, shape)


def _control_problem(value: str, shape: Text) -> str:
    if shape.is_block:
        return "holds control characters" if _CONTROL.search(value) else ""
    return "holds control characters or a line break" if _CONTROL_OR_BREAK.search(value) else ""


def _pattern_problem(value: str, shape: Text) -> str:
    if not (shape.pattern and value) or re.fullmatch(shape.pattern, value):
        return ""
    hint = ": a variable is not replaced here" if "${" in value else ""
    return f"is {shown(value)}, which is not {shape.says}{hint}"


def _what(value: object) -> str:
    if value is None:
        return "nothing"
    kinds = (
        (bool, "true or false"),
        (int | float, "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "a mapping"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "something else")


def _key(key: object) -> str:
    text = str(key)
    return text if re.fullmatch(r"[A-Za-z0-9._/-]{1,60}", text) else shown(text)


def _or(choices: tuple[str, ...]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
