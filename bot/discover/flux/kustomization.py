"""Flux Kustomizations as targets."""

from collections.abc import Mapping
from typing import Any

from bot.discover.flux.fields import duration_s, mapping, path_below, text
from bot.discover.flux.objects import FluxObject, MalformedFlux
from bot.discover.flux.sources import Sources
from bot.model.objects import Manifest
from bot.model.target import (
    EngineKind,
    Found,
    Origin,
    PostBuild,
    RendererKind,
    Target,
    TargetId,
    VariablesFrom,
)

_OVERLAY_FIELDS = {
    "targetNamespace": "namespace",
    "namePrefix": "namePrefix",
    "nameSuffix": "nameSuffix",
    "patches": "patches",
    "images": "images",
    "components": "components",
    "commonMetadata": "commonMetadata",
}
_NOT_BUILT = ("decryption", "ignoreMissingComponents", "buildMetadata")


def kustomization_target(found: FluxObject, sources: Sources, cluster: str) -> Target:
    """Read one Kustomization. Raises MalformedFlux where even its name cannot be told."""
    metadata = mapping(found.manifest.get("metadata"))
    name = text(metadata, "name")
    if not name:
        raise MalformedFlux("metadata.name is missing or not a string")
    namespace = text(metadata, "namespace")
    spec = mapping(found.manifest.get("spec"))
    path = path_below(spec.get("path"))
    return Target(
        id=TargetId(cluster, f"{namespace}/{name}" if namespace else name),
        path=path or "",
        renderer=RendererKind.KUSTOMIZE,
        engine=EngineKind.FLUX,
        origin=Origin(Found.FLUX_KUSTOMIZATION, found.file, found.line),
        prune=spec.get("prune") is True,
        wait=spec.get("wait") is True,
        timeout_s=duration_s(spec.get("timeout")),
        depends_on=_depends_on(spec.get("dependsOn"), namespace),
        overlay=_overlay(spec),
        post_build=_post_build(spec.get("postBuild")),
        unknown_because=_unknown_because(spec, sources, namespace) or ("" if path is not None else _BAD_PATH),
    )


_BAD_PATH = "spec.path must be a path inside the repository"


def _unknown_because(spec: Manifest, sources: Sources, namespace: str) -> str:
    reference = mapping(spec.get("sourceRef"))
    kind, name = text(reference, "kind"), text(reference, "name")
    if not (kind and name):
        return "spec.sourceRef needs a kind and a name"
    foreign = sources.why_foreign(kind, text(reference, "namespace") or namespace, name)
    if foreign:
        return foreign
    unbuilt = [field for field in _NOT_BUILT if spec.get(field)]
    if unbuilt:
        return f"spec.{unbuilt[0]} is not supported yet"
    wrong = [
        f"spec.{field} must be a {wanted.__name__}"
        for field, wanted in _OVERLAY_TYPES.items()
        if field in spec and not isinstance(spec[field], wanted)
    ]
    return wrong[0] if wrong else _why_no_post_build(spec.get("postBuild"))


_OVERLAY_TYPES: Mapping[str, type] = {
    "targetNamespace": str,
    "namePrefix": str,
    "nameSuffix": str,
    "patches": list,
    "images": list,
    "components": list,
    "commonMetadata": dict,
}


_VARIABLE_KINDS = ("ConfigMap", "Secret")


def _post_build(value: object) -> PostBuild | None:
    """What `spec.postBuild` declares, as far as it can be read."""
    if not isinstance(value, dict):
        return None
    entries = value.get("substituteFrom")
    sources = [
        VariablesFrom(text(entry, "kind"), text(entry, "name"), entry.get("optional") is True)
        for entry in map(mapping, entries if isinstance(entries, list) else ())
    ]
    strategy = text(value, "substituteStrategy") or "WithVariables"
    return PostBuild(mapping(value.get("substitute")), tuple(sources), strategy)


def _why_no_post_build(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        return "spec.postBuild must be a dict"
    for name, wanted in (("substitute", dict), ("substituteFrom", list)):
        if value.get(name) is not None and not isinstance(value[name], wanted):
            return f"spec.postBuild.{name} must be a {wanted.__name__}"
    post_build = _post_build(value)
    assert post_build is not None
    for index, source in enumerate(post_build.sources):
        if source.kind not in _VARIABLE_KINDS or not source.name:
            return f"spec.postBuild.substituteFrom[{index}] needs a kind (ConfigMap or Secret) and a name"
    if post_build.strategy not in ("WithVariables", "Always"):
        return f"spec.postBuild.substituteStrategy is {post_build.strategy!r}, not WithVariables or Always"
    return ""


def _overlay(spec: Manifest) -> Mapping[str, Any]:
    """What is laid over, and what should be: a change in a field that is not built must not look like no change."""
    unbuilt = {field: spec[field] for field in _NOT_BUILT if spec.get(field)}
    return unbuilt | {ours: spec[theirs] for theirs, ours in _OVERLAY_FIELDS.items() if spec.get(theirs)}


def _depends_on(value: object, namespace: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    names = []
    for entry in map(mapping, value):
        name, where = text(entry, "name"), text(entry, "namespace") or namespace
        if name:
            names.append(f"{where}/{name}" if where else name)
    return tuple(names)
