"""One object's changes as lines of a diff.

Each changed field is a heading with its path and what stood there before and after; a text of several lines, or a
subtree, is shown by the lines that differ. The lines are not escaped: whoever shows them does that.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.model.plan import Action, FieldChange, FieldOp, ObjectChange

MAX_LINE_CHARS = 240
MAX_DIFFED_LINES = 2000
"""difflib takes minutes on what is larger; such a text is summed up."""


@dataclass(frozen=True, slots=True)
class Line:
    """`sign` is `@` for a path, `+`, `-`, a space for context, `…` for what was left out."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of one object is shown."""

    lines_per_field: int
    lines_per_object: int


def lines(change: ObjectChange, bounds: Bounds) -> list[Line]:
    if change.action is Action.ADDED:
        return _capped(_whole(change), bounds.lines_per_object)
    shown: list[Line] = []
    for at, field in enumerate(change.fields):
        room = bounds.lines_per_object - len(shown)
        rest = len(change.fields) - at
        if room < 3 and rest > 1:
            shown.append(Line("…", f"{rest} more fields"))
            break
        shown.append(Line("@", field.path) if field.path else Line("…", str(field.new)))
        if field.path:
            shown += _capped(_body(field), min(bounds.lines_per_field, max(room, 3)))
    return shown


def _capped(body: Iterable[Line], room: int) -> list[Line]:
    """At most `room` lines, each of bearable length, and one that says so where there were more."""
    shown: list[Line] = []
    for line in body:
        if len(shown) == room:
            return [*shown, Line("…", "more lines")]
        shown.append(Line(line.sign, _cut(line.text)))
    return shown


def _whole(change: ObjectChange) -> Iterator[Line]:
    """An object that is new has nothing to be compared with: its content, as in a manifest."""
    for field in change.fields:
        yield from (Line("+", text) for text in _entry(f"{field.path}:", field.new, "  "))


def _body(field: FieldChange) -> Iterator[Line]:
    match field.op:
        case FieldOp.ADD:
            yield from (Line("+", text) for text in _texts(field.new))
        case FieldOp.REMOVE:
            yield from (Line("-", text) for text in _texts(field.old))
        case FieldOp.REPLACE:
            yield from _replaced(_texts(field.old), _texts(field.new))


def _replaced(old: list[str], new: list[str]) -> Iterator[Line]:
    if len(old) == len(new) == 1:
        yield from (Line("-", text) for text in old)
        yield from (Line("+", text) for text in new)
    elif max(len(old), len(new)) > MAX_DIFFED_LINES:
        yield Line("-", f"({len(old)} lines)")
        yield Line("+", f"({len(new)} lines)")
    else:
        yield from _unified(old, new)


def _unified(old: list[str], new: list[str]) -> Iterator[Line]:
    for text in list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]:
        if text.startswith("@@"):
            yield Line(" ", "⋯")
        else:
            yield Line(text[0], text[1:])


def _texts(value: Any) -> list[str]:
    """A value as people write it: text as it is, everything else as YAML."""
    if isinstance(value, str):
        return value.rstrip("\n").split("\n")
    if value is None or isinstance(value, bool):
        return [{None: "null", True: "true", False: "false"}[value]]
    if isinstance(value, int | float):
        return [str(value)]
    return list(_yaml(value, ""))


def _yaml(value: Any, indent: str) -> Iterator[str]:
    """For the eye only: block style, keys in their order, nothing folded."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _entry(f"{indent}{key}:", item, indent + "  ")
    elif isinstance(value, list) and value:
        for item in value:
            if isinstance(item, dict | list) and item:
                first, *rest = _yaml(item, indent + "  ")
                yield f"{indent}- {first[len(indent) + 2 :]}"
                yield from rest
            else:
                yield from _entry(f"{indent}-", item, indent + "  ")
    else:
        yield f"{indent}{'{}' if isinstance(value, dict) else '[]'}"


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list):
        if value:
            yield head
            yield from _yaml(value, indent)
        else:
            yield f"{head} {'{}' if isinstance(value, dict) else '[]'}"
        return
    texts = _texts(value)
    if len(texts) == 1:
        yield f"{head} {texts[0]}" if texts[0] else f'{head} ""'
    else:
        yield f"{head} |"
        yield from (f"{indent}{text}" for text in texts)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LINE_CHARS else f"{text[:MAX_LINE_CHARS]}… ({len(text)} characters)"
