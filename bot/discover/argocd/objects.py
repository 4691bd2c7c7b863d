"""Argo CD's objects, and what tells them apart from others of its group."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.discover.fields import mapping, text
from bot.discover.flux.specs import NAME, NAMESPACE
from bot.discover.objects import Malformed
from bot.discover.schema import ListOf, MapOf, Shape, Text, problems, shown
from bot.model.argocd import ArgoRef
from bot.model.objects import Manifest

GROUP = "argoproj.io"
"""Also that of Rollouts, Workflows, Events: only the kinds below are Argo CD's."""

SERVED = "v1alpha1"
APPLICATION, APPLICATION_SET, PROJECT = "Application", "ApplicationSet", "AppProject"
SECRET_TYPE = "argocd.argoproj.io/secret-type"  # noqa: S105 - the name of a label

_TEXTS = MapOf(Text(is_block=True))
_METADATA: Mapping[str, Shape] = {
    "labels": _TEXTS,
    "annotations": _TEXTS,
    "finalizers": ListOf(Text(at_least=1)),
}
_PARTS_OF_IDENTITIES = frozenset(" /:#@")
"""What the texts that name a target are taken apart at."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object it is. `problem` is why the cluster would not take it under this name or in this version."""

    ref: ArgoRef
    problem: str = ""

    @classmethod
    def of(cls, manifest: Manifest) -> "Identity":
        """Raises Malformed where it cannot be told."""
        metadata = manifest.get("metadata")
        if not isinstance(metadata, dict):
            raise Malformed("metadata is missing or not a mapping")
        name, namespace = metadata.get("name"), metadata.get("namespace")
        if not isinstance(name, str) or not name:
            raise Malformed("metadata.name is missing or not text")
        if namespace is not None and not isinstance(namespace, str):
            raise Malformed("metadata.namespace is not text")
        for field, value in (("name", name), ("namespace", namespace or "")):
            if value and not _may_identify(value):
                raise Malformed(f"metadata.{field} is {shown(value)}, which cannot name anything")
        ref = ArgoRef(str(manifest.get("kind")), namespace or "", name)
        return cls(ref, _version_problem(manifest) or _name_problem(ref) or _metadata_problem(metadata))

    @property
    def target_name(self) -> str:
        return f"{self.ref.namespace}/{self.ref.name}" if self.ref.namespace else self.ref.name


def is_application(manifest: Manifest) -> bool:
    return _is(manifest, APPLICATION)


def is_application_set(manifest: Manifest) -> bool:
    return _is(manifest, APPLICATION_SET)


def is_project(manifest: Manifest) -> bool:
    return _is(manifest, PROJECT)


def texts(manifest: Manifest, field: str) -> Mapping[str, str]:
    """Labels or annotations, those of them that are text."""
    written = mapping(mapping(manifest.get("metadata")).get(field))
    return {k: v for k, v in written.items() if isinstance(k, str) and isinstance(v, str)}


def _is(manifest: Manifest, kind: str) -> bool:
    return manifest.get("kind") == kind and text(manifest, "apiVersion").rpartition("/")[0] == GROUP


def _may_identify(value: str) -> bool:
    return len(value) <= NAME.at_most and value.isprintable() and _PARTS_OF_IDENTITIES.isdisjoint(value)


def _version_problem(manifest: Manifest) -> str:
    written = text(manifest, "apiVersion")
    if written.rpartition("/")[2] == SERVED:
        return ""
    return f"apiVersion is {shown(written)}: Longshore reads {GROUP}/{SERVED}"


def _metadata_problem(metadata: Manifest) -> str:
    return next(
        (
            problem
            for field, shape in _METADATA.items()
            if metadata.get(field) is not None
            for problem in problems(metadata[field], shape, f"metadata.{field}")
        ),
        "",
    )


def _name_problem(ref: ArgoRef) -> str:
    return next(
        (
            problem
            for field, value, shape in (("name", ref.name, NAME), ("namespace", ref.namespace, NAMESPACE))
            if value
            for problem in problems(value, shape, f"metadata.{field}")
        ),
        "",
    )
