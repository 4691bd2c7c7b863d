"""Argo CD's objects, and what tells them apart from others of its group."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.discover.fields import mapping, text
from bot.discover.names import name_problem, named
from bot.discover.schema import ListOf, MapOf, Shape, Text, problems, shown
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef

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


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object it is. `problem` is why the cluster would not take it under this name or in this version."""

    ref: ObjectRef
    problem: str = ""

    @classmethod
    def of(cls, manifest: Manifest) -> "Identity":
        """Raises Malformed where it cannot be told."""
        namespace, name = named(manifest)
        ref = ObjectRef(str(manifest.get("kind")), namespace, name)
        return cls(
            ref, _version_problem(manifest) or name_problem(namespace, name) or _metadata_problem(manifest)
        )

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


def _version_problem(manifest: Manifest) -> str:
    written = text(manifest, "apiVersion")
    if written.rpartition("/")[2] == SERVED:
        return ""
    return f"apiVersion is {shown(written)}: Longshore reads {GROUP}/{SERVED}"


def _metadata_problem(manifest: Manifest) -> str:
    metadata = mapping(manifest.get("metadata"))
    return next(
        (
            problem
            for field, shape in _METADATA.items()
            if metadata.get(field) is not None
            for problem in problems(metadata[field], shape, f"metadata.{field}")
        ),
        "",
    )
