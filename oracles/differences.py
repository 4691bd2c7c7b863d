"""Two JSON values, told apart field by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MOST = 6
_LONGEST = 120
_ABSENT = object()


def differences(theirs: Any, ours: Any, *, them: str) -> list[str]:
    """The first few fields that differ, in words; empty where nothing does. `them` is who we are held against."""
    found: list[str] = []
    for line in _differences(theirs, ours, "", them):
        if len(found) == _MOST:
            return [*found, "and more"]
        found.append(line)
    return found


def _differences(theirs: Any, ours: Any, path: str, them: str) -> Iterator[str]:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        for key in sorted(theirs.keys() | ours.keys(), key=str):
            yield from _differences(theirs.get(key, _ABSENT), ours.get(key, _ABSENT), f"{path}.{key}", them)
    elif _are_lists(theirs, ours) and len(theirs) == len(ours):
        for index, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]", them)
    elif theirs != ours or type(theirs) is not type(ours):
        yield f"{path.removeprefix('.')}: {them} {_shown(theirs)}, we {_shown(ours)}"


def _are_lists(one: Any, other: Any) -> bool:
    return all(isinstance(value, Sequence) and not isinstance(value, str) for value in (one, other))


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
