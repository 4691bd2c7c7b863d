"""Merges values that stand in a kustomization with a file of values, as kustomize does: by its own rules for patches.

They are not those of Helm. A null in what wins removes a field, kinds must agree, lists are replaced whole, and
what a file says by an alias is lost, unless it stands in a list.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import yaml

from bot.model.manifests import MAX_INPUT_BYTES, parsed
from bot.render.errors import Unrenderable
from bot.render.helm.output import KustomizeLoader

_DIRECTIVE = "$patch"


class _No(Enum):
    """What is no value. kustomize keeps a `null` that is written out, and drops a field that has nothing."""

    ABSENT = 0
    EMPTY = 1
    ALIAS = 2


def merged_values(file: bytes, inline: Mapping[str, Any], *, inline_wins: bool) -> dict[str, Any]:
    """`file` and `inline` as one. Raises `Unrenderable`, which quotes no value."""
    given = _document(file)
    below, above = (given, dict(inline)) if inline_wins else (dict(inline), given)
    result = _merge(below, above, "")
    found = {} if isinstance(result, _No) or result is None else result
    if not isinstance(found, dict):
        raise Unrenderable("is no mapping, and so cannot be merged with valuesInline")
    return found


def _merge(below: Any, above: Any, at: str) -> Any:
    kind = _kind(above if _is_null(below) else below)
    if kind == "nothing":
        return None if below is None and above is _No.ABSENT else _No.ABSENT
    if kind == "alias":
        return _No.ABSENT
    for value in (below, above):
        if not _is_null(value) and _kind(value) != kind:
            raise Unrenderable(f"cannot be merged with valuesInline: {at[:120]} is not a {kind} in both")
    if kind == "mapping":
        return _mappings(below, above, at)
    if kind == "list" and not (_is_null(below) or _is_null(above)):
        return above
    found = below if above is _No.ABSENT else above
    return _No.ABSENT if _is_null(found) else found


def _mappings(below: Any, above: Any, at: str) -> Any:
    is_new = _is_null(below)
    if not is_new and above is not _No.ABSENT and _is_null(above):
        return _No.ABSENT
    directive, patch = _directive(above)
    if directive == "delete":
        return _No.ABSENT
    if directive not in ("", "replace", "merge"):
        if not is_new:
            raise Unrenderable(f"cannot be merged with valuesInline: {at[:120]} has an unknown {_DIRECTIVE}")
        patch = above
    # NB: what comes anew is walked as merged with itself, in which nulls are dropped.
    below = patch if is_new or directive == "replace" or below is above else below
    above = patch
    others = above if isinstance(above, dict) else {}
    _must_be_values(below, others, at)
    result: dict[str, Any] = {}
    for name in sorted({*below, *others}):
        place = f"{at}.{name}" if at else name
        value = _merge(below.get(name, _No.ABSENT), others.get(name, _No.ABSENT), place)
        if value is not _No.ABSENT:
            result[name] = value
    return result


def _must_be_values(below: Mapping[str, Any], above: Mapping[str, Any], at: str) -> None:
    """Kustomize merges lists of what looks like an object of Kubernetes by that object's schema."""
    for one in (below, above):
        if one.get("kind") and one.get("apiVersion") and any(_holds_list(value) for value in below.values()):
            raise Unrenderable(f"cannot be merged with valuesInline: {at or 'it'} looks like an object")


def _holds_list(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_list, value.values()))
    return isinstance(value, list)


def _directive(value: Any) -> tuple[str, Any]:
    """What a mapping says of itself as a patch, and the mapping without it."""
    if not isinstance(value, dict) or _DIRECTIVE not in value:
        return "", value
    return str(value[_DIRECTIVE]), {key: below for key, below in value.items() if key != _DIRECTIVE}


def _is_null(value: Any) -> bool:
    return value in (None, _No.ABSENT, _No.EMPTY)


def _kind(value: Any) -> str:
    if _is_null(value):
        return "nothing"
    if value is _No.ALIAS:
        return "alias"
    if isinstance(value, dict):
        return "mapping"
    return "list" if isinstance(value, list) else "scalar"


def _document(data: bytes) -> Any:
    if len(data) > MAX_INPUT_BYTES:
        raise Unrenderable(f"is larger than {MAX_INPUT_BYTES // 1024**2} MiB")
    try:
        first = next(parsed(data, _Loader), None)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or getattr(error, "reason", None)
        raise Unrenderable(f"cannot be read: {str(problem or 'it is not YAML')[:200]}") from None
    if first is None:
        raise Unrenderable("is empty, and kustomize merges valuesInline with no empty file")
    return first.value


class _Loader(KustomizeLoader):
    """Tells aliases, and fields that have nothing, from values; but for those in lists, which nobody looks into."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._seen: set[int] = set()
        self._merged: set[int] = set()
        self._lists = 0
        self._mappings = 0

    def _build(self, node: Any) -> Any:
        is_alias = id(node) in self._seen
        self._seen.add(id(node))
        if self._lists:
            if id(node) in self._merged:
                raise _refusal(node, "an alias in a list stands for a mapping that is merged")
            return super()._build(node)
        if is_alias:
            return _No.ALIAS
        if isinstance(node, yaml.MappingNode):
            self._merged.add(id(node))
        value = super()._build(node)
        return _No.EMPTY if value is None and node.value == "" else value

    def _sequence(self, node: Any) -> list[Any]:
        self._lists += 1
        try:
            return super()._sequence(node)
        finally:
            self._lists -= 1

    def _mapping(self, node: Any) -> dict[str, Any]:
        for key, _ in node.value:
            self._check(key)
        if not self._lists:
            kept = [(key, value) for key, value in node.value if not self._is_lost(key, value)]
            node = yaml.MappingNode(node.tag, kept)
        self._mappings += 1
        try:
            return super()._mapping(node)
        finally:
            self._mappings -= 1

    def _check(self, key: Any) -> None:
        """Decoded by Go, a mapping below another one must have text keys."""
        is_text = isinstance(key, yaml.ScalarNode) and isinstance(super()._build(key), str)
        if self._mappings and not is_text:
            raise _refusal(key, "the key of a mapping is no text")

    def _is_lost(self, key: Any, value: Any) -> bool:
        if key.value != "<<" or key.style:
            return False
        if id(value) in self._seen:
            return True
        raise _refusal(key, "a merge key (<<) with anything but an alias")


def _refusal(node: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=getattr(node, "start_mark", None))
