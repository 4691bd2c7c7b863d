"""One object's changes as lines of a diff.

Each changed field is a heading with its path and what stood there before and after; a text of several lines, or a
subtree, is shown by the lines that differ. The lines are not escaped: whoever shows them does that.
"""

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model.plan import Action, FieldChange, FieldOp, ObjectChange
from bot.model.scalars import plain

MAX_LINE_CHARS = 240
MAX_DIFFED_LINES = 2000
"""difflib takes minutes on what is larger; of such a text the lines are shown that only one side has."""

_CONTEXT = 2


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
    return field_lines(change.fields, bounds)


def field_lines(fields: Sequence[FieldChange], bounds: Bounds) -> list[Line]:
    shown: list[Line] = []
    for at, field in enumerate(fields):
        room = bounds.lines_per_object - len(shown)
        rest = len(fields) - at
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
            old, new = _texts(field.old), _texts(field.new)
            yield from _alike(field.old, field.new) if old == new else _replaced(old, new)


def _alike(old: Any, new: Any) -> Iterator[Line]:
    """What reads the same and is not: `8080` and `"8080"`, or texts that end in different line ends."""
    if isinstance(old, str) and isinstance(new, str):
        yield Line("…", "only the line ends at the end of the text differ")
    else:
        yield Line("-", json.dumps(old, ensure_ascii=False))
        yield Line("+", json.dumps(new, ensure_ascii=False))


def _replaced(old: list[str], new: list[str]) -> Iterator[Line]:
    if len(old) == len(new) == 1:
        start = _first_shown(old[0], new[0])
        ellipsis = "…" if start else ""
        yield Line("-", ellipsis + old[0][start:])
        yield Line("+", ellipsis + new[0][start:])
        return
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    window = slice(max(0, start - _CONTEXT), None if end <= _CONTEXT else _CONTEXT - end)
    old, new = old[window], new[window]
    yield from (_scattered if max(len(old), len(new)) > MAX_DIFFED_LINES else _unified)(old, new)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines, or letters of one line, both begin with."""
    return next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
        len(min(old, new, key=len)),
    )


def _first_shown(old: str, new: str) -> int:
    """Where to begin, so that what differs is not beyond the end of what is shown of a line."""
    at = _common(old, new)
    return (
        at - MAX_LINE_CHARS // 4
        if at > MAX_LINE_CHARS // 2 and max(len(old), len(new)) > MAX_LINE_CHARS
        else 0
    )


def _scattered(old: list[str], new: list[str]) -> Iterator[Line]:
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    yield Line("…", f"{len(old):,} lines before, {len(new):,} after, too many to compare")
    if not (gone or come):
        yield Line("…", "the same lines in another order")
    for sign, texts, rest in (("-", old, gone), ("+", new, come)):
        for text in texts:
            if rest[text]:
                rest[text] -= 1
                yield Line(sign, text)


def _unified(old: list[str], new: list[str]) -> Iterator[Line]:
    for text in list(difflib.unified_diff(old, new, n=_CONTEXT, lineterm=""))[2:]:
        if text.startswith("@@"):
            yield Line(" ", "⋯")
        else:
            yield Line(text[0], text[1:])


def _texts(value: Any) -> list[str]:
    """A value as people write it: text as it is, in quotes where it would read as something else; the rest as YAML."""
    if isinstance(value, str):
        return [json.dumps(value)] if _reads_otherwise(value) else value.rstrip("\n").split("\n")
    if value is None or isinstance(value, bool):
        return [{None: "null", True: "true", False: "false"}[value]]
    if isinstance(value, int | float):
        return [str(value)]
    return list(_yaml(value, ""))


def _reads_otherwise(text: str) -> bool:
    """Whether it is a number or a word such as `yes` to YAML where it stands without quotes."""
    if not text or "\n" in text or len(text) > MAX_LINE_CHARS:
        return False
    try:
        return not isinstance(plain(text), str)
    except ValueError:
        return True


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
