"""Flux's objects, and what tells them apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.discover.fields import mapping, text
from bot.discover.names import name_problem, named
from bot.discover.objects import DeclaredObject
from bot.discover.schema import shown
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef

KUSTOMIZE_GROUP = "kustomize.toolkit.fluxcd.io"
HELM_GROUP = "helm.toolkit.fluxcd.io"
SOURCE_GROUP = "source.toolkit.fluxcd.io"
EXTENSIONS_GROUP = "source.extensions.fluxcd.io"

SERVED: Mapping[str, str] = {
    KUSTOMIZE_GROUP: "v1",
    HELM_GROUP: "v2",
    SOURCE_GROUP: "v1",
    EXTENSIONS_GROUP: "v1beta1",
}
OLD: Mapping[str, tuple[str, ...]] = {
    KUSTOMIZE_GROUP: ("v1beta2", "v1beta1"),
    HELM_GROUP: ("v2beta2", "v2beta1"),
    SOURCE_GROUP: ("v1beta2", "v1beta1"),
}
"""Versions that Flux serves no more; repositories still hold them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object it is. `problem` is why the cluster would not take it under this name or in this version."""

    ref: ObjectRef
    group: str
    version: str
    problem: str = ""

    @classmethod
    def of(cls, manifest: Manifest) -> "Identity":
        """Raises Malformed where it cannot be told."""
        namespace, name = named(manifest)
        ref = ObjectRef(str(manifest.get("kind")), namespace, name)
        group, _, version = text(manifest, "apiVersion").rpartition("/")
        return cls(ref, group, version, _identity_problem(ref, group, version))

    @property
    def is_old(self) -> bool:
        return self.version in OLD.get(self.group, ())


def is_kustomization(manifest: Manifest) -> bool:
    return group(manifest) == KUSTOMIZE_GROUP and manifest.get("kind") == "Kustomization"


def is_helm_release(manifest: Manifest) -> bool:
    return group(manifest) == HELM_GROUP and manifest.get("kind") == "HelmRelease"


def is_source(manifest: Manifest) -> bool:
    """Also what makes sources of others."""
    known = group(manifest)
    return known == SOURCE_GROUP or (
        known == EXTENSIONS_GROUP and manifest.get("kind") == "ArtifactGenerator"
    )


def is_of_artifact(found: DeclaredObject) -> bool:
    """Whether its source is made in the cluster, by a generator that may well read this repository."""
    spec = mapping(found.manifest.get("spec"))
    references = (mapping(spec.get(name)) for name in ("sourceRef", "chartRef"))
    return any(reference.get("kind") == "ExternalArtifact" for reference in references)


def group(manifest: Manifest) -> str:
    return text(manifest, "apiVersion").rpartition("/")[0]


def _identity_problem(ref: ObjectRef, group: str, version: str) -> str:
    known = (SERVED.get(group, ""), *OLD.get(group, ()))
    if version not in known:
        return f"apiVersion is {shown(f'{group}/{version}')}: Longshore reads {', '.join(known)}"
    return name_problem(ref.namespace, ref.name)
