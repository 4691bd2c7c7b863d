"""What kustomize gets to read of a target: the files of its trace, with what a controller lays over them, on disk or down a
pipe.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.model.manifests import canonical_json
from bot.model.rendering import Trace, TraceKind
from bot.model.target import Target
from bot.model.tree import TreeReader, UnreadableFile
from bot.render.argocd.edits import edited
from bot.render.artifact import ArtifactTree
from bot.render.builder import asked
from bot.render.contents import is_lfs_pointer
from bot.render.directory import Resource, scan_for_flux
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.files import MAX_TOTAL_BYTES, write_files
from bot.render.overlay import declared, generated, lay_over
from bot.render.paths import Above, follow, join
from bot.render.rewrite import rewrite_uses

ROOT_NAME = "repository"
"""The directory's name can reach the output (ValueAddTransformer defaults to it), so it is always the same."""


def prepare(tree: TreeReader, target: Target, trace: Trace, root: Path) -> str:
    """Write what kustomize will read; returns the directory to build. Raises `Unrenderable`."""
    root.mkdir()
    write_files(tree, trace.entries, root)
    rewrite_uses(root, trace.remotes)
    directory = follow(tree, target.path).path
    (root / directory).mkdir(parents=True, exist_ok=True)
    found = [root / directory / name for name in KUSTOMIZATION_FILES]
    laid = laid_over(
        tree, target, directory, {file.name: file.read_bytes() for file in found if file.is_file()}
    )
    if laid is not None:
        put(root / directory, laid)
    return directory


def put(directory: Path, laid: tuple[str, bytes]) -> None:
    """A link in its place is replaced, and what it leads to stays as it is."""
    name, data = laid
    (directory / name).unlink(missing_ok=True)
    (directory / name).write_bytes(data)


def question(tree: TreeReader, target: Target, trace: Trace) -> bytes | None:
    """The same for a program that stays. None for what needs a directory, and for what cannot be read: `prepare` says why."""
    if trace.remotes or trace.charts:
        return None
    try:
        files = _contents(tree, trace)
        directory = follow(tree, target.path).path
        if files is None:
            return None
        below = f"{directory}/" if directory else ""
        present = {name: files[below + name] for name in KUSTOMIZATION_FILES if below + name in files}
        laid = laid_over(tree, target, directory, present)
    except (Unrenderable, UnreadableFile):
        return None
    if laid is not None:
        files[below + laid[0]] = laid[1]
    return asked(files, directory, ROOT_NAME)


def _contents(tree: TreeReader, trace: Trace) -> dict[str, bytes] | None:
    """The files by their paths; None where there is a link, or more than fits."""
    if any(entry.kind is TraceKind.LINK for entry in trace.entries):
        return None
    paths = [entry.path for entry in trace.entries if entry.kind is TraceKind.FILE]
    tree.prefetch(paths)
    files, size = {}, 0
    for path in paths:
        files[path] = data = tree.read(path)
        size += len(data)
        if size > MAX_TOTAL_BYTES or is_lfs_pointer(data):
            return None
    return files


def laid_over(
    tree: TreeReader, target: Target, directory: str, present: Mapping[str, bytes]
) -> tuple[str, bytes] | None:
    """The kustomization file that the controller writes, None where it leaves the one that is there. Raises `Unrenderable`."""
    if present and not target.overlay:
        return None
    name = next(iter(present), KUSTOMIZATION_FILES[0])
    base = declared(present[name]) if present else _generated(tree, target, directory)
    lay = edited if target.argocd is not None else lay_over
    # JSON is YAML.
    return name, canonical_json(lay(base, target.overlay, _components(tree, target, directory)))


def _generated(tree: TreeReader, target: Target, directory: str) -> dict[str, Any]:
    below = len(directory) + 1 if directory else 0
    scanned = scan_for_flux(ArtifactTree.of(tree, target), directory)
    found = [f.path[below:] for f in scanned if isinstance(f, Resource)]
    return generated([f"./{path}" for path in found])


def _components(tree: TreeReader, target: Target, directory: str) -> list[str]:
    named = list(target.overlay.get("components") or [])
    if target.overlay.get("ignoreMissingComponents") is not True:
        return named
    return [text for text in named if _exists(tree, directory, text)]


def _exists(tree: TreeReader, directory: str, text: str) -> bool:
    try:
        return follow(tree, join(directory, text)).entry is not None
    except Above:
        return False
