"""Reading fields of manifests that may hold anything."""

import re

from bot.model.objects import Manifest

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def mapping(value: object) -> Manifest:
    return value if isinstance(value, dict) else {}


def text(mapping: Manifest, key: str) -> str:
    value = mapping.get(key)
    return value if isinstance(value, str) else ""


def path_below(value: object) -> str | None:
    if value is None:
        return ""
    if not isinstance(value, str):
        return None
    parts: list[str] = []
    for part in value.split("/"):
        if part == "..":
            # Flux joins the path to the artifact's root securely: it cannot climb out of it.
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def duration_s(value: object) -> float:
    parts = _DURATION_PART.findall(value) if isinstance(value, str) else []
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts) or 300.0
