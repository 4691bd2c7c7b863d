"""Where an object that somebody renders was written: the file and line that people know it by."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from bot.discover.objects import DeclaredObject
from bot.model.objects import Manifest


class Written:
    """Every object that stands in a file, by kind and name."""

    def __init__(self, in_files: Iterable[DeclaredObject]) -> None:
        self._known: dict[tuple[object, object], list[DeclaredObject]] = defaultdict(list)
        for found in in_files:
            self._known[_called(found.manifest)].append(found)

    def placed(self, manifest: Manifest, files: Collection[str]) -> DeclaredObject:
        """The object with the place of what it was made of, where its name tells: among several the most like it."""
        known = [found for found in self._known.get(_called(manifest), ()) if found.file in files]
        if not known:
            return DeclaredObject(manifest, None, None)
        source = (
            known[0] if len(known) == 1 else max(known, key=lambda each: _likeness(each.manifest, manifest))
        )
        return DeclaredObject(manifest, source.file, source.line)


def _called(manifest: Manifest) -> tuple[object, object]:
    return str(manifest.get("kind")), str(_mapping(manifest.get("metadata")).get("name"))


def _likeness(written: Manifest, rendered: Manifest) -> tuple[bool, int]:
    """Of the same namespace, where it says one; then by how many fields are as they were written."""
    namespace = _mapping(written.get("metadata")).get("namespace")
    is_there = namespace == _mapping(rendered.get("metadata")).get("namespace")
    old, new = _mapping(written.get("spec")), _mapping(rendered.get("spec"))
    return is_there, sum(name in new and new[name] == value for name, value in old.items())


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
