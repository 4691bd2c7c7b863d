"""What the control plane of an oracle holds."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp

from bot.model.objects import Manifest, ObjectId
from oracles.trials import NeverSettled


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
            served = self._kinds[api_version] = await self.served(api_version)
        return served.get(kind)

    async def versions(self) -> list[str]:
        """Every group and version, as an object names it."""
        async with self.session.get("/apis") as response:
            groups = (await response.json())["groups"]
        return ["v1", *(version["groupVersion"] for group in groups for version in group["versions"])]

    async def served(self, api_version: str) -> dict[str, Kind]:
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

    async def items(self, url: str) -> list[Manifest]:
        """Empty, too, while the server is not ready to list a kind that it was just taught."""
        async with self.session.get(url) as response:
            return (await response.json())["items"] or [] if response.status == 200 else []
