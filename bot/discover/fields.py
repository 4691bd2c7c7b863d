"""Reading values whose shape has been seen to, or that may be anything."""

import re

from bot.model.objects import Manifest

_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def mapping(value: object) -> Manifest:
    return value if isinstance(value, dict) else {}


def text(manifest: Manifest, key: str) -> str:
    value = manifest.get(key)
    return value if isinstance(value, str) else ""


def path_below(value: str) -> str:
    """A path as Flux joins it to the root of an artifact: it cannot climb out. Without slashes at its ends."""
    parts: list[str] = []
    for part in value.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def duration_s(value: object, otherwise: float = 0.0) -> float:
    if not isinstance(value, str):
        return otherwise
    return sum(float(number) * _UNITS_S[unit] for number, unit in _DURATION_PART.findall(value))
