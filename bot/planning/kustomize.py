"""Kustomize roots of a tree, with what each kustomization file says remembered by its blob."""

from collections.abc import Mapping
from dataclasses import replace

from bot.discover.kustomize import KustomizationFile, roots
from bot.git.tree import Tree
from bot.model.target import Target
from bot.planning.expansion import KnownReferences
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.references import directories, references


def kustomize_targets(
    tree: Tree, known: Mapping[str, KnownReferences]
) -> tuple[tuple[Target, ...], Mapping[str, KnownReferences]]:
    """The roots, and what every kustomization file refers to. `known` are the files of a tree that is much the same."""
    files = tree.named(KUSTOMIZATION_FILES)
    blobs = {file: entry.id for file in files if (entry := tree.entry(file))}
    tree.prefetch(file for file, blob in blobs.items() if not _holds(known, file, blob))
    found = {
        file: known[file] if _holds(known, file, blob) else KnownReferences(blob, references(tree, file))
        for file, blob in blobs.items()
    }
    graph = {
        file.rpartition("/")[0]: KustomizationFile(
            file, directories(tree, entry.references.paths), entry.references.is_component
        )
        for file, entry in found.items()
    }
    return roots(graph), found


def on_other_side(root: Target, kustomizations: Mapping[str, KnownReferences]) -> Target | None:
    """The same directory on the side of a change where it is no root, None where there is nothing that could be one."""
    for name in KUSTOMIZATION_FILES:
        file = f"{root.path}/{name}" if root.path else name
        if file in kustomizations and not kustomizations[file].references.is_component:
            return replace(root, origin=replace(root.origin, file=file))
    return None


def _holds(known: Mapping[str, KnownReferences], file: str, blob: str) -> bool:
    return file in known and known[file].blob == blob
