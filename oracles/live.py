"""What the control plane holds: what Flux says of its Kustomizations, and what it applied."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.model.objects import Manifest, ObjectId

KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io", "Kustomization")
_POLL_S = 1.0
_QUIET_S = 7.0
"""Longer than two retries of whoever failed: what waits for something that came has moved by then."""
_PATIENCE_S = 600.0
_SAY_S = 10.0
_WAITS = frozenset({"DependencyNotReady"})


class NeverSettled(Exception):
    """Flux did not come to a verdict."""


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


@dataclass(frozen=True, slots=True)
class Kind:
    """How the API server serves a kind in one version."""

    path: str
    plural: str
    namespaced: bool

    def url(self, namespace: str, name: str) -> str:
        place = f"/namespaces/{namespace}" if self.namespaced else ""
        return f"{self.path}{place}/{self.plural}/{name}"


@dataclass(slots=True)
class Cluster:
    """A session as administrator; `check` raises when a controller has ended, `stop` ends them all."""

    session: aiohttp.ClientSession
    check: Callable[[], None]
    stop: Callable[[], Awaitable[None]]
    _kinds: dict[str, dict[str, Kind]] = field(default_factory=dict)

    async def kind(self, api_version: str, kind: str) -> Kind | None:
        served = self._kinds.get(api_version)
        if served is None or kind not in served:
            served = self._kinds[api_version] = await self._served(api_version)
        return served.get(kind)

    async def _served(self, api_version: str) -> dict[str, Kind]:
        path = f"/api/{api_version}" if api_version == "v1" else f"/apis/{api_version}"
        async with self.session.get(path) as response:
            if response.status == 404:
                return {}
            found = (await response.json())["resources"]
        return {r["kind"]: Kind(path, r["name"], r["namespaced"]) for r in found if "/" not in r["name"]}

    async def create(self, manifest: Manifest) -> None:
        """Put it there as a person would: by `kubectl create`."""
        kind = await self.kind(manifest["apiVersion"], manifest["kind"])
        assert kind is not None, manifest["kind"]
        metadata = manifest["metadata"]
        url = kind.url(metadata.get("namespace", ""), metadata["name"]).rpartition("/")[0]
        async with self.session.post(url, json=manifest) as response:
            if response.status not in {201, 409}:
                raise NeverSettled(f"{manifest['kind']} {metadata['name']}: {await response.text()}")

    async def read(self, api_version: str, of: ObjectId) -> Manifest | None:
        kind = await self.kind(api_version, of.kind)
        if kind is None:
            return None
        async with self.session.get(kind.url(of.namespace, of.name)) as response:
            if response.status == 404:
                return None
            found: Manifest = await response.json()
            return found

    async def dry_run(self, manifest: Manifest, manager: str) -> Manifest | str:
        """What server-side apply would make of it, or why the server refuses."""
        kind = await self.kind(manifest["apiVersion"], manifest["kind"])
        if kind is None:
            return f"no kind {manifest['kind']} in {manifest['apiVersion']}"
        namespace = manifest["metadata"].get("namespace", "")
        if kind.namespaced and not namespace:
            return "namespace not specified"
        how = {"fieldManager": manager, "force": "true", "dryRun": "All"}
        headers = {"Content-Type": "application/apply-patch+yaml"}
        url = kind.url(namespace, manifest["metadata"]["name"])
        async with self.session.patch(
            url, params=how, data=json.dumps(manifest), headers=headers
        ) as response:
            answer: Manifest = await response.json(content_type=None)
            return answer if response.status in {200, 201} else str(answer.get("message", answer))

    async def _items(self, url: str) -> list[Manifest]:
        """Empty, too, while the server is not ready to list a kind that it was just taught."""
        async with self.session.get(url) as response:
            return (await response.json())["items"] or [] if response.status == 200 else []

    async def settled(
        self, group_version: str, plural: str, say: Callable[[str], None]
    ) -> dict[tuple[str, str], Verdict]:
        """Every object's verdict by namespace and name, once none has changed for a while."""
        url = f"/apis/{group_version}/{plural}"
        known: dict[tuple[str, str], Verdict] = {}
        changed_s = began_s = time.monotonic()
        said_s = 0.0
        while time.monotonic() - began_s < _PATIENCE_S:
            self.check()
            items = await self._items(url)
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
