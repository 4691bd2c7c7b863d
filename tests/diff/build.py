"""Small manifests and renderings for the tests of this room."""

from typing import Any

from bot.diff.mask import Mask
from bot.model.objects import Manifest, Object
from bot.model.rendering import MaskedRendering, Rendering

MASK = Mask(b"a key for tests, 32 bytes of it..")


def manifest(kind: str = "ConfigMap", name: str = "web", **fields: Any) -> Manifest:
    groups = {
        "ConfigMap": "v1", "Secret": "v1", "Namespace": "v1", "Service": "v1", "Deployment": "apps/v1",
        "CustomResourceDefinition": "apiextensions.k8s.io/v1", "SealedSecret": "bitnami.com/v1alpha1",
        "ExternalSecret": "external-secrets.io/v1", "HelmRelease": "helm.toolkit.fluxcd.io/v2",
    }  # fmt: skip
    namespace = fields.pop("namespace", "")
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **fields.pop("metadata", {})}
    return {"apiVersion": groups[kind], "kind": kind, "metadata": metadata, **fields}


def rendering(*manifests: Manifest) -> Rendering:
    return Rendering(tuple(Object.of(m) for m in manifests))


def masked(*manifests: Manifest) -> MaskedRendering:
    return MASK.mask(rendering(*manifests))
