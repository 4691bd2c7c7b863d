"""Makes a change of a value that nobody here knows visible: by its version, behind the expression that stands for it."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from bot.model.objects import Object, ObjectId
from bot.model.rendering import Hole

_MASKED = re.compile(r"<masked [0-9a-f]{8}>")


def with_versions(objects: tuple[Object, ...], holes: Iterable[Hole]) -> tuple[Object, ...]:
    """`${TOKEN}` becomes `${TOKEN}<encrypted 3f9a2c1b>` where the version of the unknown value is known.

    What was masked where it is declared keeps its mark: people see that it is the same value.
    """
    marks: dict[ObjectId, dict[str, str]] = defaultdict(dict)
    for hole in holes:
        if hole.version:
            marks[hole.object][hole.name] = _mark(hole.version)
    return tuple(Object(o.id, _marked(o.manifest, marks[o.id])) if o.id in marks else o for o in objects)


def _mark(version: str) -> str:
    if _MASKED.fullmatch(version):
        return version
    return f"<encrypted {hashlib.sha256(version.encode()).hexdigest()[:8]}>"


def _marked(value: Any, marks: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, mark in marks.items():
            value = re.sub(rf"\$\{{#?{name}(?![A-Za-z0-9_])[^${{}}]*\}}", rf"\g<0>{mark}", value)
        return value
    if isinstance(value, list):
        return [_marked(item, marks) for item in value]
    if isinstance(value, dict):
        return {key: _marked(item, marks) for key, item in value.items()}
    return value
