"""A Kustomization of Flux as a target.

What cannot be rendered is kept as unknown with the reason, never dropped, and what is known of it is kept beside.
"""

from collections.abc import Mapping
from typing import Any

from bot.discover.fields import duration_s, mapping, path_below, text
from bot.discover.flux.objects import Identity
from bot.discover.flux.patches import patches
from bot.discover.flux.places import Place, place_of
from bot.discover.flux.settings import dependencies, reference, settings, why_contradictory
from bot.discover.flux.sources import Sources
from bot.discover.flux.specs import KUSTOMIZATION, OLD_KUSTOMIZATION
from bot.discover.objects import DeclaredObject
from bot.discover.spec import Spec
from bot.model.manifests import digest
from bot.model.objects import Manifest
from bot.model.target import (
    Decryption,
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
    "images": "images",
    "components": "components",
    "ignoreMissingComponents": "ignoreMissingComponents",
    "buildMetadata": "buildMetadata",
    "commonMetadata": "commonMetadata",
}
_SPOKEN_FOR = frozenset(OLD_KUSTOMIZATION.fields) - {"validation"}
_LEAST_TIMEOUT_S = 30.0
_TIMEOUT_S = 300.0


def kustomization_target(found: DeclaredObject, sources: Sources, cluster: str) -> Target:
    """Read one Kustomization. Raises Malformed where even its name cannot be told."""
    identity = Identity.of(found.manifest)
    spec = Spec.of(found.manifest, OLD_KUSTOMIZATION if identity.is_old else KUSTOMIZATION)
    fields, namespace = spec.fields, identity.ref.namespace
    source = reference(fields.get("sourceRef"), namespace)
    place = place_of(source, sources) if source else Place()
    return Target(
        id=TargetId(cluster, target_name(namespace, identity.ref.name)),
        path=path_below(text(fields, "path")),
        renderer=RendererKind.KUSTOMIZE,
        engine=EngineKind.FLUX,
        origin=Origin(Found.FLUX_KUSTOMIZATION, found.file, found.line),
        prune=fields.get("prune") is True,
        wait=fields.get("wait") is True,
        timeout_s=_timeout_s(fields),
        depends_on=tuple(target_name(d.namespace, d.name) for d in dependencies(fields, namespace)),
        overlay={**_overlay(fields), **unread_overlay(identity, spec)},
        post_build=_post_build(fields.get("postBuild")),
        decryption=_decryption(fields.get("decryption")),
        source=place.git,
        oci_source=place.oci,
        artifact=place.composed,
        ignore=place.ignore,
        includes=place.includes,
        sparse=place.sparse,
        flux=settings(identity, spec, source, _SPOKEN_FOR),
        unknown_because=identity.problem or spec.problem or why_contradictory(spec) or place.unknown_because,
    )


def target_name(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def unread_overlay(identity: Identity, spec: Spec) -> Mapping[str, Any]:
    """What cannot be read stands in the overlay as a digest: a change in it must not look like none."""
    return {"declaration": digest(spec.raw)} if identity.problem or spec.problem else {}


def _overlay(fields: Manifest) -> Mapping[str, Any]:
    overlay = {ours: fields[theirs] for theirs, ours in _OVERLAY_FIELDS.items() if fields.get(theirs)}
    laid = patches(fields)
    if laid:
        overlay["patches"] = laid
    return overlay


def _post_build(value: Manifest | None) -> PostBuild | None:
    if value is None:
        return None
    sources = tuple(
        VariablesFrom(text(entry, "kind"), text(entry, "name"), entry.get("optional") is True)
        for entry in value.get("substituteFrom", ())
    )
    strategy = text(value, "substituteStrategy") or "WithVariables"
    return PostBuild(value.get("substitute", {}), sources, strategy)


def _decryption(value: Manifest | None) -> Decryption | None:
    provider = text(mapping(value), "provider")
    return Decryption(provider, text(mapping(mapping(value).get("secretRef")), "name")) if provider else None


def _timeout_s(fields: Manifest) -> float:
    """Flux leaves half a minute of the interval to the next round, and never gives less than that."""
    interval_s = duration_s(fields.get("interval"), _TIMEOUT_S + _LEAST_TIMEOUT_S)
    return max(duration_s(fields.get("timeout"), interval_s - _LEAST_TIMEOUT_S), _LEAST_TIMEOUT_S)
