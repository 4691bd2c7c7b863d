"""What a source is: what it says itself, or what Argo CD takes its directory for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import EntryKind, TreeReader
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES

_CHART = "Chart.yaml"


class SourceKind(StrEnum):
    HELM = "helm"
    KUSTOMIZE = "kustomize"
    DIRECTORY = "directory"
    PLUGIN = "plugin"


@dataclass(frozen=True, slots=True)
class Detected:
    kind: SourceKind
    entries: tuple[TraceEntry, ...] = ()


def explicit(source: Mapping[str, Any]) -> SourceKind | None:
    """What the source names, None where it names nothing. Raises `Unrenderable` where it names several.

    However empty: what the controller takes away is gone already, and what a file lays over it is not.
    """
    named = [kind for kind in SourceKind if source.get(kind.value) is not None]
    if len(named) > 1:
        raise Unrenderable(
            f"{' and '.join(named)} are both set, and a source is only one of them; remove one, also from .argocd-source "
            "files"
        )
    return named[0] if named else None


def detected(tree: TreeReader, directory: str) -> Detected:
    """What the files of `directory`, a real directory, say: the last name in their order that says anything decides."""
    kind, names = SourceKind.DIRECTORY, []
    listed = sorted(tree.listing(directory), key=lambda item: item[0].encode("utf-8", "surrogateescape"))
    for name, entry in listed:
        if entry.kind in {EntryKind.TREE, EntryKind.SUBMODULE}:
            continue
        if name.endswith(_CHART):
            kind = SourceKind.HELM
        elif name in KUSTOMIZATION_FILES:
            kind = SourceKind.KUSTOMIZE
        else:
            continue
        names.append(name)
    digest = hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()
    return Detected(kind, (TraceEntry(directory, TraceKind.LISTING, "detected", digest),))
