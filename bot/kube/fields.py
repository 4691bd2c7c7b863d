"""managedFields: who owns what of an object, and how ownership is taken over from kubectl.

Invariant: pure; a hash is over the fields and the version they are written in, never over the time.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from bot.kube.resources import ManagedFields, ObjectMeta
from bot.model.objects import Manifest

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_TAKEN_OVER = re.compile(r"^(kubectl|before-first-apply)")
_KEPT = "flux-client-side-apply"


def applied_by(meta: ObjectMeta, manager: str) -> ManagedFields | None:
    """The entry of a manager's server-side apply."""
    return next(
        (m for m in meta.managers if m.manager == manager and m.operation == "Apply" and not m.subresource),
        None,
    )


def fields_hash(meta: ObjectMeta, manager: str) -> str:
    """A hash of what the manager owns here; empty when it owns nothing."""
    entry = applied_by(meta, manager)
    if entry is None:
        return ""
    fields = msgspec.json.decode(entry.fieldsV1)
    canonical = msgspec.json.encode([entry.apiVersion, fields], order="sorted")
    return hashlib.sha256(canonical).hexdigest()[:32]


def is_taken_over(manager: str) -> bool:
    """Whether a manager is a person's kubectl, whose fields Git takes over as Flux does it."""
    return _TAKEN_OVER.match(manager) is not None and manager != _KEPT


def taken_over(live: Manifest, manager: str) -> list[dict[str, Any]] | None:
    """The JSON patch that moves what kubectl owns to `manager`; None where kubectl owns nothing.

    NB: fields left to an Update manager can never be removed by server-side apply (kubernetes#99003).
    """
    entries: list[dict[str, Any]] = live["metadata"].get("managedFields") or []
    theirs = [e for e in entries if is_taken_over(e.get("manager", "")) and not e.get("subresource")]
    if not theirs:
        return None
    ours = [e for e in entries if e.get("manager") == manager and e.get("operation") == "Apply"]
    rest = [e for e in entries if e not in theirs and e not in ours]
    merged: dict[str, Any] = {}
    for entry in [*ours, *theirs]:
        merged = _union(merged, entry.get("fieldsV1") or {})
    first = (ours or theirs)[0]
    entry = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": first["apiVersion"],
        "fieldsType": "FieldsV1",
        "fieldsV1": merged,
    }
    patch: list[dict[str, Any]] = [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": [*rest, entry]},
    ]
    if LAST_APPLIED in (live["metadata"].get("annotations") or {}):
        escaped = LAST_APPLIED.replace("/", "~1")
        patch.append({"op": "remove", "path": f"/metadata/annotations/{escaped}"})
    return patch


def unserved_versions(live: Manifest, served: Iterable[str]) -> list[dict[str, Any]] | None:
    """The JSON patch that repairs entries written in a version no longer served; None where there are none.

    NB: one such entry makes the server refuse every later apply (flux2#5715).
    """
    entries: Sequence[dict[str, Any]] = live["metadata"].get("managedFields") or []
    group = live["apiVersion"].rpartition("/")[0]
    known = set(served)

    def is_stale(entry: dict[str, Any]) -> bool:
        version = entry.get("apiVersion", "")
        return bool(version.rpartition("/")[0] == group and version not in known)

    if not any(is_stale(e) for e in entries):
        return None
    repaired = [{**e, "apiVersion": live["apiVersion"]} if is_stale(e) else e for e in entries]
    return [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": repaired},
    ]


def _union(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for key, value in other.items():
        mine = result.get(key)
        result[key] = _union(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return result
