"""What a field of an ApplicationSet may hold, as the API server and the controller's own types have it.

The API server refuses a value of another type and leaves out what it does not know; the controller's types say which
texts are templates, how two templates are merged and which empty fields are written. `spec.py` has the tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.render.applicationset.errors import Ungenerated

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Text:
    """`is_pointer`, here and below: that it is there and empty is not the same as nothing."""

    choices: tuple[str, ...] = ()
    is_pointer: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    is_pointer: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """A number without a fraction. `or_text`: or a text."""

    or_text: bool = False
    is_pointer: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """Whatever JSON has, nulls included; `is_mapping` for a mapping of it."""

    is_mapping: bool = False


@dataclass(frozen=True, slots=True)
class ListOf:
    item: "Shape"
    is_pointer: bool = False


@dataclass(frozen=True, slots=True)
class MapOf:
    value: "Shape"
    is_pointer: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """`required` must be there, and are written even where they are empty. `is_value`: an empty one is not written."""

    fields: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()
    is_value: bool = False


Shape = Text | Truth | Whole | Raw | ListOf | MapOf | Fields


def admitted(value: Any, shape: Shape, at: str, *, is_partial: bool = False) -> Any:
    """What the API server takes of the value, at the field `at`. Raises `Ungenerated`.

    With `is_partial` as Go reads it: nothing is required, and a name that differs in its letters' case is refused, where
    Go would take it.
    """
    match shape:
        case Raw(is_mapping):
            if is_mapping and not isinstance(value, dict):
                raise _misshapen(at, "a mapping", value)
            return value
        case ListOf(item):
            if not isinstance(value, list):
                raise _misshapen(at, "a list", value)
            return [
                {}
                if each is None and isinstance(item, Fields)
                else admitted(each, item, f"{at}[{index}]", is_partial=is_partial)
                for index, each in enumerate(value)
            ]
        case MapOf(item):
            if not isinstance(value, dict):
                raise _misshapen(at, "a mapping", value)
            return {
                key: admitted(each, item, f"{at}.{shown(key)}", is_partial=is_partial)
                for key, each in value.items()
                if each is not None or isinstance(item, Raw)
            }
        case Fields():
            return _admitted_fields(value, shape, at, is_partial=is_partial)
        case _:
            return _admitted_scalar(value, shape, at)


def _admitted_fields(value: Any, shape: Fields, at: str, *, is_partial: bool) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _misshapen(at, "a mapping", value)
    for name in () if is_partial else shape.required:
        if value.get(name) is None:
            raise Ungenerated("is missing", f"{at}.{name}")
    if is_partial:
        by_case = {name.lower(): name for name in shape.fields}
        for name in value:
            if name not in shape.fields and name.lower() in by_case:
                raise Ungenerated(f"must be written {by_case[name.lower()]}", f"{at}.{shown(name)}")
    return {
        name: admitted(value[name], below, f"{at}.{name}", is_partial=is_partial)
        for name, below in shape.fields.items()
        if value.get(name) is not None
    }


def _admitted_scalar(value: Any, shape: Text | Truth | Whole, at: str) -> Any:
    match shape:
        case Text(choices):
            if not isinstance(value, str):
                raise _misshapen(at, "text", value)
            if choices and value not in choices:
                raise Ungenerated(f"must be one of {', '.join(choices)}", at)
        case Truth():
            if not isinstance(value, bool):
                raise _misshapen(at, "true or false", value)
        case Whole(or_text):
            is_whole = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
            if not is_whole and not (or_text and isinstance(value, str)):
                raise _misshapen(at, "a whole number or text" if or_text else "a whole number", value)
    return value


def filled_up(value: Any, other: Any, shape: Shape) -> Any:
    """The value with what it leaves empty taken from the other, as the controller merges two templates."""
    if value is None or other is None:
        return other if value is None else value
    match shape:
        case Fields(fields):
            merged = {
                name: filled_up(value.get(name), other.get(name), below) for name, below in fields.items()
            }
            return {name: each for name, each in merged.items() if each is not None}
        case MapOf():
            return {**other, **{key: each for key, each in value.items() if each or key not in other}}
        case Raw():
            return value
        case _:
            return value or other or value


def written(value: Any, shape: Shape) -> Any:
    """The value as the controller writes it: without what is empty where its type leaves that out."""
    match shape:
        case Fields(fields, required):
            kept = {
                name: written(value[name], fields[name]) if name in value else _nothing(fields[name])
                for name in fields
                if name in required or (name in value and not _is_left_out(value[name], fields[name]))
            }
            return {
                name: each
                for name, each in kept.items()
                if name in required or not (each == {} and _is_value(fields[name]))
            }
        case ListOf(item):
            return [written(each, item) for each in value]
        case _:
            return value


def _is_left_out(value: Any, shape: Shape) -> bool:
    match shape:
        case Fields() | Raw():
            return False
        case _:
            return not (value or shape.is_pointer)


def _is_value(shape: Shape) -> bool:
    return isinstance(shape, Fields) and shape.is_value


def _nothing(shape: Shape) -> Any:
    return {Fields: {}, Text: "", Whole: 0, Truth: False}.get(type(shape))


def shown(text: str) -> str:
    """A name that somebody else wrote, on one line and not too long."""
    plain = text if text.isprintable() else repr(text)[1:-1]
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"


def _misshapen(at: str, wanted: str, value: Any) -> Ungenerated:
    found = next(
        (
            words
            for kind, words in (
                (bool, "true or false"),
                ((int, float), "a number"),
                (str, "text"),
                (list, "a list"),
                (dict, "a mapping"),
            )
            if isinstance(value, kind)
        ),
        "empty",
    )
    return Ungenerated(f"must be {wanted}, not {found}", at)
