"""What tells the elements of a Kubernetes list apart: the merge keys of the API, by the name of the field.

Inserting a container must not make every container after it look changed. Where no key fits all elements of both
sides the list is a sequence; nothing is ever matched by a key that is not unique on both sides.
"""

from collections.abc import Sequence
from typing import Any

_DEFAULTS = {"protocol": "TCP", "pathType": "", "namespace": "", "effect": "", "valuesKey": "values.yaml"}
_GENERIC = (("name",),)
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "volumeClaimTemplates": (("metadata.name",),),
    "hostAliases": (("ip",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "conditions": (("type",),),
    "ownerReferences": (("uid",), ("kind", "name")),
    "subjects": (("kind", "namespace", "name"),),
    "items": (("key",),),
    "rules": (("host",),),
    "paths": (("path", "pathType"),),
    "tls": (("secretName",),),
    "dependsOn": (("namespace", "name"),),
    "valuesFrom": (("kind", "name", "valuesKey"),),
    "substituteFrom": (("kind", "name"),),
    "sourceRefs": (("kind", "namespace", "name"),),
    "matchExpressions": (("key", "operator"),),
}
_SETS = frozenset({
    "verbs", "resources", "resourceNames", "apiGroups", "apiVersions", "operations", "nonResourceURLs", "finalizers",
    "accessModes", "hosts", "hostnames", "shortNames", "categories", "policyTypes", "namespaces",
    "loadBalancerSourceRanges", "externalIPs", "add", "drop", "groups", "users", "required", "enum",
})  # fmt: skip

IN_SEQUENCE = frozenset({"initContainers"})
"""Keyed lists that are worked through in order, so that it matters where a new element stands."""

Element = dict[str, Any]


def by_key(name: str, old: Sequence[Any], new: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Both lists by what identifies their elements (`name=web`), or None where nothing does."""
    if not all(isinstance(item, dict) for item in (*old, *new)):
        return None
    for keys in (*_KEYS.get(name, ()), *_GENERIC):
        before, after = _indexed(keys, old), _indexed(keys, new)
        if before is not None and after is not None:
            return before, after
    return None


def as_sets(
    name: str, old: Sequence[Any], new: Sequence[Any]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Both lists of text by their elements (`=get`), where the field is a set and no element comes twice."""
    if name not in _SETS or not all(isinstance(item, str) for item in (*old, *new)):
        return None
    before = {f"={quoted(item)}": item for item in old}
    after = {f"={quoted(item)}": item for item in new}
    return (before, after) if len(before) == len(old) and len(after) == len(new) else None


def quoted(text: str) -> str:
    """The text as it stands between brackets of a path: in quotes where it could be misread."""
    if text and not any(c in _MISREAD or not c.isprintable() for c in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


_MISREAD = frozenset("[]=,\"'\\ ")


def _indexed(keys: tuple[str, ...], items: Sequence[Element]) -> dict[str, Element] | None:
    indexed: dict[str, Element] = {}
    for item in items:
        identity = _identity(keys, item)
        if identity is None or identity in indexed:
            return None
        indexed[identity] = item
    return indexed


def _identity(keys: tuple[str, ...], item: Element) -> str | None:
    parts = []
    for key in keys:
        value = _lookup(item, key)
        if value is None:
            value = _DEFAULTS.get(key)
        if not isinstance(value, str | int) or isinstance(value, bool):
            return None
        if value != "":
            parts.append(f"{key}={quoted(str(value))}")
    return ",".join(parts) or None


def _lookup(item: Element, path: str) -> Any:
    value: Any = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
