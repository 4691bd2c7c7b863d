"""Lays a finder's fields over a kustomization, as Flux's controller does before it builds.

Scalars replace, lists are appended, images are merged by name and field by field with tag and digest as one unit;
labels and annotations of `commonMetadata` are set on the objects after the build.
"""

from collections.abc import Mapping
from typing import Any

from bot.model.manifests import ManifestError, documents
from bot.model.objects import Manifest
from bot.render.errors import Unrenderable

_REPLACED = ("namespace", "namePrefix", "nameSuffix")
_APPENDED = ("patches", "buildMetadata")
_GENERATED: Mapping[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


def declared(data: bytes) -> dict[str, Any]:
    """The kustomization that a file holds. Raises `Unrenderable`."""
    try:
        parsed = documents(data, file="")
    except ManifestError as error:
        raise Unrenderable(error.problem) from None
    value = parsed[0].value if parsed else {}
    if not isinstance(value, dict):
        raise Unrenderable("a kustomization is a mapping")
    return value


def generated(resources: list[str]) -> dict[str, Any]:
    """The kustomization that Flux makes for a directory without one. Raises `Unrenderable`."""
    for name in resources:
        if any("\udc80" <= letter <= "\udcff" for letter in name):
            raise Unrenderable(f"{name!r} cannot be named in a kustomization: it is not UTF-8")
    return {**_GENERATED, "resources": resources}


def lay_over(
    kustomization: Mapping[str, Any], overlay: Mapping[str, Any], components: list[str]
) -> dict[str, Any]:
    """`components` are those of the overlay that exist. Expects fields that the trace has accepted."""
    result = {**_GENERATED, **kustomization}
    result |= {name: overlay[name] for name in _REPLACED if overlay.get(name)}
    for name in _APPENDED:
        if overlay.get(name):
            result[name] = [*(result.get(name) or []), *overlay[name]]
    if components:
        result["components"] = [*(result.get("components") or []), *components]
    if overlay.get("images"):
        result["images"] = _merged_images(result.get("images") or [], overlay["images"])
    return result


def with_common_metadata(manifest: Manifest, common: Mapping[str, Any]) -> Manifest:
    """A copy of the manifest that carries the common labels and annotations, which win over its own."""
    metadata = dict(manifest.get("metadata") or {})
    for name in ("labels", "annotations"):
        if common.get(name):
            metadata[name] = {**(metadata.get(name) or {}), **common[name]}
    return {**manifest, "metadata": metadata}


def _merged_images(declared: list[Any], laid: list[Any]) -> list[Any]:
    result = [dict(image) for image in declared]
    for image in laid:
        same = next((known for known in result if known.get("name") == image.get("name")), None)
        if same is None:
            result.append(dict(image))
            continue
        if image.get("newTag") or image.get("digest"):
            same.pop("newTag", None)
            same.pop("digest", None)
        same.update({key: value for key, value in image.items() if value})
    return result
