"""Finds in the objects what stands for values that nobody here knows, and makes holes of it."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any

from bot.model.objects import Object
from bot.model.rendering import Hole
from bot.render.helm.values import Placeholder

MAX_HOLES = 10_000


def with_holes(
    objects: Iterable[Object], placeholders: tuple[Placeholder, ...]
) -> tuple[tuple[Object, ...], tuple[Hole, ...]]:
    """The objects with `${name}` wherever a placeholder came to stand, encoded in base64 too, and a hole for each."""
    if not placeholders:
        return tuple(objects), ()
    holes: list[Hole] = []
    result: list[Object] = []
    for found in objects:
        places: list[tuple[str, Placeholder]] = []
        manifest = rewritten(found.manifest, lambda text, place: _shown(text, place, placeholders, places))  # noqa: B023
        if not places:
            result.append(found)
            continue
        changed = Object.of(manifest)
        result.append(changed)
        known = {(place, p.name): p for place, p in places}
        holes += [
            Hole(changed.id, place, name, p.unknown.reason, p.unknown.version)
            for (place, name), p in known.items()
        ]
    return tuple(result), tuple(holes[:MAX_HOLES])


def rewritten(value: Any, change: Callable[[str, str], str], place: str = "") -> Any:
    """A copy in which every text, keys too, is what `change` makes of it and of the field that it stands in."""
    if isinstance(value, str):
        return change(value, place)
    if isinstance(value, list):
        return [rewritten(item, change, f"{place}[{at}]") for at, item in enumerate(value)]
    if isinstance(value, dict):
        return {
            change(key, place): rewritten(item, change, field_below(place, key))
            for key, item in value.items()
        }
    return value


def field_below(place: str, key: str) -> str:
    step = key if "." not in key and "/" not in key else f"[{key}]"
    return f"{place}.{step}" if place and not step.startswith("[") else place + step


def _shown(
    text: str, place: str, placeholders: tuple[Placeholder, ...], places: list[tuple[str, Placeholder]]
) -> str:
    decoded: str | None = None
    for placeholder in placeholders:
        for spelling in (placeholder.text, placeholder.text.upper()):
            if spelling in text:
                places.append((place, placeholder))
                text = text.replace(spelling, f"${{{placeholder.name}}}")
        if len(text) >= len(placeholder.text) and " " not in text:
            decoded = _decoded(text) if decoded is None else decoded
            if placeholder.text in decoded:
                places.append((place, placeholder))
                return f"${{{placeholder.name}}}"
    return text


def _decoded(text: str) -> str:
    """What the text says in base64; empty where it says nothing."""
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return ""
