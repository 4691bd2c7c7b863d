"""Images that an object's values name in parts, as charts want them: `repository` and `tag`, perhaps `registry` and `digest`.

The invariant: only what is written out in full on both sides is named; nothing is guessed from a chart's defaults.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bot.model.objects import Manifest
from bot.model.plan import FieldChange, ImageChange

_PARTS = frozenset({"registry", "repository", "tag", "digest", "image"})
_REPOSITORY = re.compile(r"[a-z0-9][\w.-]{0,99}(:\d{1,5})?(/[\w.-]{1,100}){0,9}")
_TAG = re.compile(r"\w[\w.+-]{0,127}(@sha256:[0-9a-f]{64})?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

_Path = tuple[str, ...]


def images_between(old: Manifest, new: Manifest, fields: Iterable[FieldChange]) -> tuple[ImageChange, ...]:
    """The images that stand at one place on both sides and differ. `fields` are how the objects differ."""
    if not any(field.path.rpartition(".")[2] in _PARTS for field in fields):
        return ()
    before = dict(_images(old))
    found = {
        ImageChange(before[place], image): None
        for place, image in _images(new)
        if before.get(place, image) != image
    }
    return tuple(found)


def _images(manifest: Manifest) -> Iterator[tuple[_Path, str]]:
    waiting: list[tuple[_Path, Any]] = [((), manifest)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            if image := _written_out(value):
                yield path, image
            waiting += [((*path, key), item) for key, item in value.items() if isinstance(item, dict | list)]
        elif isinstance(value, list):
            waiting += [((*path, _place(i, item)), item) for i, item in enumerate(value)]


def _place(index: int, item: Any) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return f"name={name}" if isinstance(name, str) else str(index)


def _written_out(values: dict[str, Any]) -> str:
    """`registry/repository:tag@digest`, or empty where the mapping does not say which image it is."""
    registry, repository, tag, digest = (values.get(k) for k in ("registry", "repository", "tag", "digest"))
    if not isinstance(repository, str) or not _REPOSITORY.fullmatch(repository):
        return ""
    if registry and isinstance(registry, str) and _REPOSITORY.fullmatch(registry):
        repository = f"{registry}/{repository.removeprefix(f'{registry}/')}"
    # YAML reads `tag: 1.25` as a number, and Helm prints it again.
    label = str(tag) if isinstance(tag, str | int | float) and not isinstance(tag, bool) else ""
    named = f":{label}" if _TAG.fullmatch(label) else ""
    pinned = f"@{digest}" if isinstance(digest, str) and _DIGEST.fullmatch(digest) else ""
    return f"{repository}{named}{pinned}" if named or pinned else ""
