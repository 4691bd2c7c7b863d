"""Flux's objects, and what tells them apart."""

import re
from dataclasses import dataclass

from bot.discover.flux.fields import mapping
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Severity

KUSTOMIZE_GROUP = "kustomize.toolkit.fluxcd.io"
SOURCE_GROUP = "source.toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class FluxObject:
    """A Flux object and where it was read: a file, or the rendering of the Kustomization called `parent`."""

    manifest: Manifest
    file: str | None
    line: int | None
    parent: str | None = None


def is_kustomization(manifest: Manifest) -> bool:
    return group(manifest) == KUSTOMIZE_GROUP and manifest.get("kind") == "Kustomization"


def is_source(manifest: Manifest) -> bool:
    return group(manifest) == SOURCE_GROUP


def is_of_artifact(found: FluxObject) -> bool:
    """Whether its source is made in the cluster, by a generator that may well read this repository."""
    reference = mapping(mapping(found.manifest.get("spec")).get("sourceRef"))
    return reference.get("kind") == "ExternalArtifact"


class MalformedFlux(ValueError):
    """A Flux object that lacks what identifies it; the message names the field."""


def cluster_label(path: str) -> str:
    """The cluster that a path below `clusters/NAME` stands for in the usual layout; empty elsewhere.

    A label for people, to tell targets of one name apart: it grants nothing.
    """
    found = re.match(r"(?:.*/)?clusters/([^/]+)(?:/|$)", path)
    return found[1] if found else ""


def suspended_notice(found: FluxObject) -> tuple[Diagnostic, ...]:
    if mapping(found.manifest.get("spec")).get("suspend") is not True:
        return ()
    message = "is suspended: Flux applies nothing until it is resumed"
    return (Diagnostic(Severity.NOTICE, message, found.file, found.line),)


def group(manifest: Manifest) -> str:
    return str(manifest.get("apiVersion", "")).rpartition("/")[0]
