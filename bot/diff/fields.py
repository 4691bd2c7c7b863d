"""Which fields of one object differ.

The invariant: an object that differs yields at least one change, one that does not yields none, and the changes laid
over the old object give the new one (but for where a new element stands in a keyed list whose order means nothing), unless
a bound cut them short, which is then said in their place.
"""

import hashlib
import re
from collections import Counter
from typing import Any

from bot.diff.generated import stem_of_identity
from bot.diff.listkeys import IN_SEQUENCE, as_sets, by_key
from bot.model.manifests import canonical_json
from bot.model.objects import Manifest
from bot.model.plan import FieldChange, FieldOp

MAX_FIELDS = 200
MAX_DEPTH = 100
MAX_OBJECT_BYTES = 1024 * 1024
"""Values of one object's changes, together; larger ones are left out and said to be."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")
_Path = tuple[str, ...]


def compare_fields(old: Manifest, new: Manifest) -> tuple[FieldChange, ...]:
    walk = _Walk()
    walk.mappings((), old, new)
    return walk.changes()


def fields_of(added: Manifest) -> tuple[FieldChange, ...]:
    """The content of a new object, beside its identity, as additions."""
    walk = _Walk()
    for key, value in added.items():
        if key == "metadata" and isinstance(value, dict):
            for name, item in value.items():
                if name not in {"name", "namespace"}:
                    walk.add(("metadata", _step(name)), item)
        elif key not in {"apiVersion", "kind"}:
            walk.add((_step(key),), value)
    return walk.changes()


def left_out(size_bytes: int, content: bytes) -> str:
    """Stands for a value too large to carry; two different values have two different marks."""
    return f"<left out: {size_bytes} bytes, {hashlib.sha256(content).hexdigest()[:8]}>"


class _Walk:
    def __init__(self) -> None:
        self._changes: list[FieldChange] = []
        self._beyond = 0
        self._budget_bytes = MAX_OBJECT_BYTES

    def changes(self) -> tuple[FieldChange, ...]:
        if not self._beyond:
            return tuple(self._changes)
        rest = FieldChange("", FieldOp.REPLACE, new=f"<left out: {self._beyond} more fields>")
        return (*self._changes, rest)

    def add(self, path: _Path, value: Any) -> None:
        self._note(path, FieldOp.ADD, new=value)

    def remove(self, path: _Path, value: Any) -> None:
        self._note(path, FieldOp.REMOVE, old=value)

    def replace(self, path: _Path, old: Any, new: Any) -> None:
        self._note(path, FieldOp.REPLACE, old=old, new=new)

    def mappings(self, path: _Path, old: dict[str, Any], new: dict[str, Any]) -> None:
        for key in sorted(old.keys() | new.keys()):
            if key not in new:
                self.remove((*path, _step(key)), old[key])
            elif key not in old:
                self.add((*path, _step(key)), new[key])
            else:
                self._values(path, _step(key), key, old[key], new[key])

    def _values(self, path: _Path, step: str, name: str, old: Any, new: Any) -> None:
        """`name` is the field's name, also for the elements of a list, whose step is their place in it."""
        if old is new:
            return
        if isinstance(old, dict) and isinstance(new, dict):
            compare = self._too_deep if len(path) > MAX_DEPTH else self.mappings
            compare((*path, step), old, new)
        elif isinstance(old, list) and isinstance(new, list):
            if len(path) > MAX_DEPTH:
                self._too_deep((*path, step), old, new)
            else:
                self._lists((*path, step), name, old, new)
        elif type(old) is not type(new) or old != new:
            self.replace((*path, step), old, new)

    def _lists(self, path: _Path, name: str, old: list[Any], new: list[Any]) -> None:
        matched = by_key(name, old, new) or as_sets(name, old, new)
        if matched:
            self._matched(path, name, *matched)
        else:
            self._sequences(path, name, old, new)

    def _matched(self, path: _Path, name: str, old: dict[str, Any], new: dict[str, Any]) -> None:
        new_order = list(new)
        new = _regenerated(old, new)
        for identity, item in old.items():
            if identity not in new:
                self.remove((*path, f"[{identity}]"), item)
        for identity, item in new.items():
            if identity not in old:
                self.add((*path, f"[{identity}]"), item)
            else:
                self._values(path, f"[{identity}]", name, old[identity], item)
        stayed_old = [identity for identity in old if identity in new]
        stayed_new = [identity for identity in new if identity in old]
        is_put_before = name in IN_SEQUENCE and list(new)[: len(stayed_new)] != stayed_new
        if stayed_old != stayed_new or is_put_before:
            self.replace((*path, "[order]"), list(old), new_order)

    def _sequences(self, path: _Path, name: str, old: list[Any], new: list[Any]) -> None:
        """What both begin and end with is set aside; the elements between are compared one by one."""
        start = _common(old, new, 0)
        end = _common(old[start:][::-1], new[start:][::-1], 0)
        gone, come = len(old) - end, len(new) - end
        for i in range(start, min(gone, come)):
            self._values(path, f"[{i}]", name, old[i], new[i])
        for i in range(min(gone, come), gone):
            self.remove((*path, f"[{i}]"), old[i])
        for i in range(min(gone, come), come):
            self.add((*path, f"[{i}]"), new[i])

    def _too_deep(self, path: _Path, old: Any, new: Any) -> None:
        if canonical_json(old) != canonical_json(new):
            self.replace(path, old, new)

    def _note(self, path: _Path, op: FieldOp, old: Any = None, new: Any = None) -> None:
        if len(self._changes) >= MAX_FIELDS:
            self._beyond += 1
            return
        text = "".join(step if step.startswith("[") else f".{step}" for step in path).removeprefix(".")
        self._changes.append(FieldChange(text, op, old=self._bounded(old), new=self._bounded(new)))

    def _bounded(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        content = value.encode(errors="surrogatepass") if isinstance(value, str) else canonical_json(value)
        if len(content) > self._budget_bytes:
            return left_out(len(content), content)
        self._budget_bytes -= len(content)
        return value


def _regenerated(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The new elements, those known by a generated name under what the old one was known by."""
    gone: dict[str, str | None] = {}
    for identity in old.keys() - new.keys():
        stem = stem_of_identity(identity)
        if stem is not None:  # two that would be alike are nobody's
            gone[stem] = None if stem in gone else identity
    if not gone:
        return new
    names = {identity: gone.get(stem_of_identity(identity) or "") for identity in new.keys() - old.keys()}
    taken = Counter(names.values())
    return {
        (known if (known := names.get(identity)) and taken[known] == 1 else identity): item
        for identity, item in new.items()
    }


def _common(old: list[Any], new: list[Any], at: int) -> int:
    """How many elements from `at` on are the same in both. JSON tells 1 from true, as Python does not."""
    while at < min(len(old), len(new)):
        if old[at] != new[at] or canonical_json(old[at]) != canonical_json(new[at]):
            break
        at += 1
    return at


def _step(key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return key
    escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'["{escaped}"]'
