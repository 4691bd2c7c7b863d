"""What Flux does to the templates' output: post-renderers in order, common metadata, its own labels, the namespace.

`combined` passes everything through, `separate` hooks for themselves, `nohooks` leaves hooks as the chart made them.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.model.manifests import ManifestError, canonical_json, documents
from bot.model.objects import Manifest
from bot.model.release import Release
from bot.proc.private import private_directory
from bot.render.errors import Unrenderable
from bot.render.helm.output import is_hook
from bot.render.helm.scope import Scopes
from bot.render.sandbox import Sandbox, kustomize_build

NO_HOOKS, SEPARATE = "nohooks", "separate"
_INPUT = "helm-output.yaml"
_TARGET = (
    "group",
    "version",
    "kind",
    "name",
    "namespace",
    "labelSelector",
    "annotationSelector",
)
_IMAGE = ("name", "newName", "newTag", "digest")
_MOST_LAYERS = 20


async def post_rendered(manifests: Sequence[Manifest], release: Release, sandbox: Sandbox) -> list[Manifest]:
    """The templates' objects after all of the release's post-renderers. Raises `Unrenderable`.

    kustomize runs only where there is a patch or an image for it.
    """
    layers = kustomize_layers(release)
    result: list[Manifest] = []
    for group, is_passed in _groups(manifests, release.post_render_strategy):
        if not is_passed or not group:
            result += group
        elif any(layers):
            data = b"\n---\n".join(map(canonical_json, group))
            result += with_flux_metadata(await kustomized(data, layers, sandbox), release)
        else:
            result += with_flux_metadata(group, release)
    return result


def with_flux_metadata(manifests: Iterable[Manifest], release: Release) -> list[Manifest]:
    """Common metadata, and Flux's own labels over it. Raises `Unrenderable`."""
    return [_labelled(_with_metadata(one, release.common_metadata), release.labels) for one in manifests]


def crds_labelled(manifests: Iterable[Manifest], release: Release) -> list[Manifest]:
    """Objects of `crds/` get Flux's labels, and nothing else that a release asks for."""
    return [_labelled(manifest, release.labels) for manifest in manifests]


def with_namespace(manifest: Manifest, namespace: str, scopes: Scopes) -> Manifest:
    """Helm applies what names no namespace into the release's own."""
    metadata = _metadata(manifest)
    if metadata.get("namespace") or scopes.is_cluster_scoped(manifest):
        return manifest
    return {**manifest, "metadata": {**metadata, "namespace": namespace}}


def _groups(manifests: Sequence[Manifest], strategy: str) -> list[tuple[list[Manifest], bool]]:
    if strategy not in (NO_HOOKS, SEPARATE):
        return [(list(manifests), True)]
    rest = [manifest for manifest in manifests if not is_hook(manifest)]
    hooks = [manifest for manifest in manifests if is_hook(manifest)]
    return [(rest, True), (hooks, strategy == SEPARATE)]


def kustomize_layers(release: Release) -> list[dict[str, Any]]:
    """The fields of a kustomization for each post-renderer. Raises `Unrenderable`."""
    if len(release.post_renderers) > _MOST_LAYERS:
        raise Unrenderable(f"postRenderers: there are more than {_MOST_LAYERS}")
    return [_layer(renderer, index) for index, renderer in enumerate(release.post_renderers)]


async def kustomized(data: bytes, layers: Sequence[dict[str, Any]], sandbox: Sandbox) -> list[Manifest]:
    """One build of kustomizations that lie on one another: what each of them makes is what the next one gets."""
    with private_directory() as private:
        root = private / "release"
        await asyncio.to_thread(_write_layers, root, data, layers)
        try:
            output = await kustomize_build(root, str(max(len(layers) - 1, 0)), sandbox)
        except Unrenderable as error:
            raise Unrenderable(f"postRenderers: {error.message}") from None
    try:
        parsed = await asyncio.to_thread(documents, output, file="")
    except ManifestError as error:
        raise Unrenderable(f"postRenderers: what they make is no YAML: {error.problem}") from None
    return [document.value for document in parsed]


def _write_layers(root: Path, data: bytes, layers: Sequence[dict[str, Any]]) -> None:
    for index, layer in enumerate(layers or [{}]):
        directory = root / str(index)
        directory.mkdir(parents=True)
        below = f"../{index - 1}" if index else _INPUT
        (directory / "kustomization.yaml").write_bytes(canonical_json({**layer, "resources": [below]}))
    (root / "0" / _INPUT).write_bytes(data)


def _layer(renderer: Any, index: int) -> dict[str, Any]:
    """The fields of a kustomization that a post-renderer may set, and no other. Raises `Unrenderable`."""
    field = f"postRenderers[{index}]"
    fields = _mapping(renderer, field)
    fields = _mapping(fields.get("kustomize", fields), f"{field}.kustomize")
    layer: dict[str, Any] = {}
    old, older = f"{field}.patchesJson6902", f"{field}.patchesStrategicMerge"
    patches = [
        *(_patch(item, f"{field}.patches") for item in _list(fields.get("patches"), f"{field}.patches")),
        *({"patch": _inline(item)} for item in _list(fields.get("patchesStrategicMerge"), older)),
        *(_patch(item, old) for item in _list(fields.get("patchesJson6902"), old)),
    ]
    images = [
        {key: value for key, value in _mapping(image, f"{field}.images").items() if key in _IMAGE and value}
        for image in _list(fields.get("images"), f"{field}.images")
    ]
    if patches:
        layer["patches"] = patches
    if images:
        layer["images"] = images
    return layer


def _patch(value: Any, field: str) -> dict[str, Any]:
    patch = _mapping(value, field)
    if not patch.get("patch"):
        raise Unrenderable(f"{field}: an entry has no patch")
    made: dict[str, Any] = {"patch": _inline(patch.get("patch"))}
    if patch.get("target") is not None:
        target = _mapping(patch["target"], f"{field}.target")
        made["target"] = {key: target[key] for key in _TARGET if target.get(key)}
    return made


def _inline(patch: Any) -> str:
    """A patch is text, or, in older releases, written out."""
    return patch if isinstance(patch, str) else canonical_json(patch).decode()


def _mapping(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Unrenderable(f"{field} must be a mapping")
    return dict(value)


def _list(value: Any, field: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise Unrenderable(f"{field} must be a list")
    return list(value)


def _with_metadata(manifest: Manifest, common: Mapping[str, Any]) -> Manifest:
    for name in ("labels", "annotations"):
        if common.get(name):
            manifest = _put(manifest, name, _mapping(common[name], f"commonMetadata.{name}"))
    return manifest


def _labelled(manifest: Manifest, labels: Mapping[str, str]) -> Manifest:
    return _put(manifest, "labels", labels) if labels else manifest


def _put(manifest: Manifest, name: str, added: Mapping[str, Any]) -> Manifest:
    metadata = _metadata(manifest)
    present = metadata.get(name) or {}
    if not isinstance(present, dict):
        raise Unrenderable(f"metadata.{name} of an object that the chart renders must be a mapping")
    return {**manifest, "metadata": {**metadata, name: {**present, **added}}}


def _metadata(manifest: Manifest) -> dict[str, Any]:
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        raise Unrenderable("the chart renders an object without metadata")
    return metadata
