"""A rendering as it can be compared without a key: which keys, recipients and metadata, and no noise of ciphertext.

kustomize ends the name of a generated Secret with a hash of what is in it. Where that is ciphertext, the name would be
another one after every encryption of the same value, and so would be whatever refers to it. Here it ends with a mark
of the encrypted values alone.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.model.manifests import canonical_json
from bot.model.objects import Object, ObjectId
from bot.model.rendering import Diagnostic, Hole, Rendering, Severity
from bot.render.sops.comparable import comparable

_GENERATED = re.compile(r"(.+)-[bcdfghkmt2456789]{10}")
_ALPHABET = "bcdfghkmt2456789"
_ENDING_CHARS = 10
_MOST_NAMED = 5


def shown(rendering: Rendering) -> Rendering:
    """The rendering to mask and compare. One without anything encrypted comes back as it is."""
    objects = tuple(_shown(found) for found in rendering.objects)
    if all(new is old for new, old in zip(objects, rendering.objects, strict=True)):
        return rendering
    names = {
        new.id: _name(new)
        for new, old in zip(objects, rendering.objects, strict=True)
        if new is not old and new.manifest.get("data") != old.manifest.get("data")
    }
    renamed = {found.name: name for found, name in names.items() if name}
    if not renamed:
        return replace(rendering, objects=objects)
    holes = [Hole(replace(i, name=name), "metadata.name", "hash", _WHY) for i, name in names.items() if name]
    kept = tuple(replace(hole, object=_id(hole.object, names)) for hole in rendering.holes)
    return replace(
        rendering,
        objects=tuple(_renamed(found, renamed) for found in objects),
        diagnostics=(*rendering.diagnostics, *_remarks(holes)),
        holes=(*kept, *holes),
    )


_WHY = "it is made of values that are encrypted here"


def _shown(found: Object) -> Object:
    manifest = comparable(found.manifest)
    return found if manifest is found.manifest else Object(found.id, manifest)


def _name(found: Object) -> str:
    """Empty for a Secret whose name is not generated."""
    match = _GENERATED.fullmatch(found.id.name)
    if match is None:
        return ""
    content = canonical_json([found.manifest.get("type"), found.manifest.get("data")])
    ending = "".join(_ALPHABET[byte % 16] for byte in hashlib.sha256(content).digest()[:_ENDING_CHARS])
    return f"{match[1]}-{ending}"


def _id(found: ObjectId, names: Mapping[ObjectId, str]) -> ObjectId:
    return replace(found, name=names.get(found) or found.name)


def _renamed(found: Object, names: Mapping[str, str]) -> Object:
    manifest = _replaced(found.manifest, names)
    return found if manifest is found.manifest else Object.of(manifest)


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    """The very same value where no name is in it."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        items = [_replaced(item, names) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if isinstance(value, dict):
        fields = {key: _replaced(item, names) for key, item in value.items()}
        return fields if any(fields[key] is not item for key, item in value.items()) else value
    return value


def _remarks(holes: list[Hole]) -> Iterator[Diagnostic]:
    stems = sorted({hole.object.name[: -_ENDING_CHARS - 1] for hole in holes})
    more = f" and {len(stems) - _MOST_NAMED} more" if len(stems) > _MOST_NAMED else ""
    what = f"the generated name of {', '.join(stems[:_MOST_NAMED])}{more}"
    yield Diagnostic(Severity.NOTICE, f"{what} will end otherwise than shown: {_WHY}")
