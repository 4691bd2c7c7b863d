"""What Argo CD came to, from the cache by which its own processes tell one another.

`app|managed-resources|APPLICATION` holds the objects as the controller compares them, but for hooks, and with the values
of Secrets struck out. `mfst|…|APPLICATION|…` holds what the repo-server made of each source.
"""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

from redis.asyncio import Redis

from bot.model.objects import Manifest, ObjectId

_TRACKING = "argocd.argoproj.io/tracking-id"
_HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
_OWN = frozenset({"PreSync", "Sync", "PostSync", "SyncFail", "PostDelete", "Skip"})
_HELMS = frozenset({"pre-install", "pre-upgrade", "post-install", "post-upgrade", "post-delete"})
"""Others of Helm's, tests among them, are never run by this version."""
IsNamespaced = Callable[[Manifest], bool]


class Cache:
    """`async with Cache(url) as cache`."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._redis.aclose()

    async def objects(
        self, application: str, destination: str, is_namespaced: IsNamespaced
    ) -> dict[ObjectId, Manifest]:
        """The Application's objects; `destination` is the namespace of those that name none."""
        made = {
            identity: manifest
            async for manifest in self._rendered(application)
            for identity in [_placed(manifest, destination, is_namespaced)]
        }
        found: dict[ObjectId, Manifest] = {}
        for entry in await self._read(f"app|managed-resources|{application}|1.8.3") or ():
            target = json.loads(entry.get("targetState") or "null")
            if target is not None:
                identity = _placed(target, destination, is_namespaced)
                is_masked = (identity.group, identity.kind) == ("", "Secret")
                found[identity] = made[identity] if is_masked else target
        hooks = {identity: manifest for identity, manifest in made.items() if _is_hook(manifest)}
        return {identity: _untracked(manifest) for identity, manifest in {**hooks, **found}.items()}

    async def _rendered(self, application: str) -> AsyncIterator[Manifest]:
        async for key in self._redis.scan_iter(f"mfst|*|{application}|*", count=1000):
            held = await self._read(key.decode())
            for text in ((held or {}).get("manifestResponse") or {}).get("manifests") or ():
                yield json.loads(text)

    async def _read(self, key: str) -> Any:
        value = await self._redis.get(key)
        return None if value is None else json.loads(value)


def _placed(manifest: Manifest, destination: str, is_namespaced: IsNamespaced) -> ObjectId:
    """Give the object the namespace that the controller gives it, and say who it is; some have no name."""
    metadata = manifest["metadata"]
    if not is_namespaced(manifest):
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = destination
    group, _, _ = manifest.get("apiVersion", "").rpartition("/")
    return ObjectId(group, manifest["kind"], metadata.get("namespace", ""), metadata.get("name", ""))


def _is_hook(manifest: Manifest) -> bool:
    """Whether the controller takes it out of what it compares, and applies it all the same at some time."""
    annotations = manifest["metadata"].get("annotations") or {}
    own, helms = (_listed(annotations.get(key)) for key in _HOOKS)
    if own == ["Skip"]:
        return False
    return bool(_OWN.intersection(own) or _HELMS.intersection(helms))


def _listed(value: str | None) -> list[str]:
    return [part.strip() for part in (value or "").split(",") if part.strip()]


def _untracked(manifest: Manifest) -> Manifest:
    """Without the mark by which Argo CD knows its own."""
    annotations = {
        key: v for key, v in (manifest["metadata"].get("annotations") or {}).items() if key != _TRACKING
    }
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "annotations"}
    return {**manifest, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}
