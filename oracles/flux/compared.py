"""Whether one object of ours is what Flux applied.

The API server compares: our object is applied once more under Flux's own name, as a dry run. Where both mean the same
it changes nothing: neither a field nor what Flux's manager owns.
"""

import asyncio
import copy
from collections.abc import Mapping
from typing import Any

from bot.kube.normalise import normalised
from bot.model.objects import Manifest, Object
from bot.model.release import Release
from bot.model.target import RendererKind, Target
from bot.render.helm.output import is_hook
from oracles.cluster import Cluster
from oracles.differences import differences

GROUP = "kustomize.toolkit.fluxcd.io"
_TRIES = 3
_SERVERS = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")
_ALWAYS_SENT = frozenset(
    {"f:spec", "f:strategy", "f:updateStrategy", "f:resources", "f:metadata", "f:targetPort"}
)


async def compared(found: Object, target: Target, cluster: Cluster) -> list[str]:
    """What differs, in words. Tried again where something moves: other controllers write to live objects too."""
    why: list[str] = []
    for _ in range(_TRIES):
        why = await _compared_once(found, target, cluster)
        if not why:
            return []
        await asyncio.sleep(0.2)
    return why


async def refused_by_server(found: Object, target: Target, cluster: Cluster) -> str:
    """What the API server has against an object of ours; empty where it takes it."""
    answer = await cluster.dry_run(_as_sent(found, target), _manager(target))
    return f"{found.id}: {answer}" if isinstance(answer, str) else ""


async def _compared_once(found: Object, target: Target, cluster: Cluster) -> list[str]:
    live = await cluster.read(found.api_version, found.id)
    if is_left_alone(found.manifest):
        return [] if live is None else [f"{found.id}: Flux applies what is to be left alone"]
    if live is None:
        return [f"{found.id}: Flux did not apply it"]
    made = await cluster.dry_run(_as_sent(found, target), _manager(target))
    if isinstance(made, str):
        return [f"{found.id}: the server refuses ours: {made}"]
    changed = differences(_comparable(live), _comparable(made), them="Flux")
    if not changed and not is_hook(found.manifest):
        owned = (_without_empty(_owned(side, _manager(target))) for side in (live, made))
        changed = differences(*owned, them="Flux")
    return [f"{found.id}: {change}" for change in changed]


def is_left_alone(manifest: Manifest) -> bool:
    """Whether Flux, asked by a label or annotation of the object, does not apply it at all."""
    metadata = manifest["metadata"]
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    asked = {key: str(value).lower() for key, value in marks.items()}
    return asked.get(f"{GROUP}/reconcile") == "disabled" or asked.get(f"{GROUP}/ssa") == "ignore"


def _manager(target: Target) -> str:
    return "helm-controller" if target.renderer is RendererKind.HELM else "kustomize-controller"


def _as_sent(found: Object, target: Target) -> Manifest:
    """Our object with what Flux adds to every one: whose it is. Releases have that from their rendering."""
    if target.release is not None:
        return _as_helm_sends(found, target.release)
    manifest = copy.deepcopy(normalised(found.manifest, namespace=found.id.namespace))
    namespace, _, name = target.id.name.rpartition("/")
    labels = manifest["metadata"].get("labels") or {}
    manifest["metadata"]["labels"] = {**labels, f"{GROUP}/name": name, f"{GROUP}/namespace": namespace}
    return manifest


def _as_helm_sends(found: Object, release: Release) -> Manifest:
    """What a template gives, with the marks by which Helm knows its own. Hooks and definitions have none."""
    manifest = copy.deepcopy(found.manifest)
    if is_hook(manifest) or manifest["kind"] == "CustomResourceDefinition":
        return manifest
    metadata = manifest["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    marks = {"meta.helm.sh/release-name": release.name, "meta.helm.sh/release-namespace": release.namespace}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **marks}
    return manifest


def _comparable(manifest: Manifest) -> dict[str, Any]:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _SERVERS}
    shown = {key: value for key, value in manifest.items() if key not in {"status", "metadata"}}
    return {**shown, "metadata": metadata}


def _without_empty(owned: Mapping[str, Any]) -> dict[str, Any]:
    """Flux sends built-in kinds as Go has them, whose required structs are there, and so owned, also when empty."""
    return {key: _without_empty(value) for key, value in owned.items() if value or key not in _ALWAYS_SENT}


def _owned(manifest: Manifest, manager: str) -> Mapping[str, Any]:
    """The fields that Flux's manager answers for."""
    for entry in manifest["metadata"].get("managedFields") or ():
        if entry["manager"] == manager and entry["operation"] == "Apply":
            return {"owned": entry["fieldsV1"]}
    return {}
