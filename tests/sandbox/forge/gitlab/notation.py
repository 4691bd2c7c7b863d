"""The short notation of `schemas/*.yaml`, and the JSON schemas it stands for.

Every object is closed: a field that is not written down is refused. `maybe text` may be null; a key `name?` may be absent;
`=a|b` is one of these words; `[X]` is a list; a word with a capital letter is another shape; the key `<` takes over
the fields of that shape, and the key `...` says what all other fields are.
"""

from collections.abc import Mapping
from typing import Any

ROOT = "urn:gitlab"
MAYBE = "maybe "
Schema = dict[str, Any]

PLAIN: Mapping[str, Schema] = {
    "any": {},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
    "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$"},
    "git-time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"},
    "hook-time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (UTC|[+-]\d{4})$"},
    "day": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
    "sha": {"type": "string", "pattern": "^[0-9a-f]{40}$"},
    "url": {"type": "string", "pattern": "^(https?://|git@)"},
}

# What a query has for things that are no text.
TEXTS: Mapping[str, Schema] = {
    "integer": {"pattern": r"^-?\d+$"},
    "boolean": {"enum": ["true", "false", "True", "False", "1", "0"]},
}


def schema_of(spec: Any, shapes: Mapping[str, Any]) -> Schema:
    """Raises ValueError for a word that is neither plain nor a shape."""
    if isinstance(spec, list):
        return {"type": "array", "items": schema_of(spec[0], shapes)}
    if isinstance(spec, dict):
        return _object(spec, shapes)
    word = str(spec)
    if word.startswith(MAYBE):
        return {"anyOf": [schema_of(word.removeprefix(MAYBE), shapes), {"type": "null"}]}
    if word.startswith("="):
        return {"enum": word[1:].split("|")}
    if word in PLAIN:
        return dict(PLAIN[word])
    if word not in shapes:
        raise ValueError(f"{word} is no shape")
    return {"$ref": f"{ROOT}#/$defs/{word}"}


def _object(spec: Mapping[str, Any], shapes: Mapping[str, Any]) -> Schema:
    fields = dict(inherited(spec, shapes))
    others = fields.pop("...", None)
    return {
        "type": "object",
        "properties": {name.removesuffix("?"): schema_of(value, shapes) for name, value in fields.items()},
        "required": [name for name in fields if not name.endswith("?")],
        "additionalProperties": schema_of(others, shapes) if others is not None else False,
    }


def inherited(spec: Mapping[str, Any], shapes: Mapping[str, Any]) -> dict[str, Any]:
    """Its fields with those that it takes over; its own win, also in whether they may be absent."""
    found: dict[str, Any] = {}
    if "<" in spec:
        found = inherited(shapes[spec["<"]], shapes)
    for name, value in spec.items():
        if name != "<":
            found.pop(name.removesuffix("?"), None)
            found.pop(f"{name.removesuffix('?')}?", None)
            found[name] = value
    return found


def lenient(spec: Any, shapes: Mapping[str, Any]) -> Schema:
    """As `schema_of`, for a query, where everything is text."""
    if isinstance(spec, list):
        return {"anyOf": [{"type": "array", "items": lenient(spec[0], shapes)}, {"type": "string"}]}
    word = str(spec).removeprefix(MAYBE) if not isinstance(spec, dict) else ""
    if word in TEXTS:
        return {"anyOf": [schema_of(word, shapes), {"type": "string", **TEXTS[word]}]}
    return schema_of(spec, shapes)
