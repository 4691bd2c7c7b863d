"""What Flux says of its Kustomizations and releases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.objects import Manifest, ObjectId
from oracles.cluster import Cluster
from oracles.trials import NeverSettled, Say

KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io", "Kustomization")
_POLL_S = 1.0
_QUIET_S = 7.0
"""Longer than two retries of whoever failed: what waits for something that came has moved by then."""
_PATIENCE_S = 600.0
_SAY_S = 10.0
_WAITS = frozenset({"DependencyNotReady"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Flux says of one Kustomization or release. `inventory` is what it applied, or left alone on purpose."""

    is_ready: bool
    reason: str
    message: str
    inventory: tuple[ObjectId, ...] = ()

    @property
    def said(self) -> str:
        return f"{self.reason}: {self.message}"

    @property
    def waits(self) -> bool:
        return self.reason in _WAITS

    def moved_from(self, before: Verdict) -> bool:
        """Whether more than the words differ: a message may name a directory that is another one each time."""
        return (self.is_ready, self.reason, self.inventory) != (
            before.is_ready,
            before.reason,
            before.inventory,
        )


async def settled(
    cluster: Cluster, group_version: str, plural: str, say: Say
) -> dict[tuple[str, str], Verdict]:
    """Every object's verdict by namespace and name, once none has changed for a while."""
    url = f"/apis/{group_version}/{plural}"
    known: dict[tuple[str, str], Verdict] = {}
    changed_s = began_s = time.monotonic()
    said_s = 0.0
    while time.monotonic() - began_s < _PATIENCE_S:
        cluster.check()
        items = await cluster.items(url)
        found = {_name(item): verdict for item in items if (verdict := _verdict(item)) is not None}
        moved = any(name not in known or v.moved_from(known[name]) for name, v in found.items())
        known |= found
        if moved or any(_name(i) not in known and not i["spec"].get("suspend") for i in items):
            changed_s = time.monotonic()
        if time.monotonic() - said_s > _SAY_S:
            said_s = time.monotonic()
            say(f"{len(known)} of {len(items)} {plural} have settled")
        if time.monotonic() - changed_s > _QUIET_S:
            return known
        await asyncio.sleep(_POLL_S)
    raise NeverSettled(f"{plural} did not come to rest within {_PATIENCE_S:.0f} s")


def _name(item: Manifest) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _verdict(item: Manifest) -> Verdict | None:
    """None while Flux is still at it."""
    status: Mapping[str, Any] = item.get("status") or {}
    conditions: Iterable[Manifest] = status.get("conditions") or ()
    ready = next((c for c in conditions if c["type"] == "Ready"), None)
    if ready is None or ready["status"] == "Unknown":
        return None
    if ready.get("observedGeneration", 0) != item["metadata"]["generation"]:
        return None
    inventory = (status.get("inventory") or {}).get("entries") or ()
    return Verdict(
        is_ready=ready["status"] == "True",
        reason=ready["reason"],
        message=ready["message"],
        inventory=tuple(_entry(entry["id"]) for entry in inventory),
    )


def _entry(text: str) -> ObjectId:
    """`NAMESPACE_NAME_GROUP_KIND`; a colon in an RBAC name is written as two underscores."""
    namespace, rest = text.split("_", 1)
    name, group, kind = rest.rsplit("_", 2)
    return ObjectId(group, kind, namespace, name.replace("__", ":"))
