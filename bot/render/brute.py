"""Renders from a full checkout, with no trace and no allow-list: the judge of the quick way.

It shares with the quick way only the sandbox, the overlay's arithmetic and the parsing of the output. What a
directory without a kustomization holds is found again here, from files on disk.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from bot.model.manifests import canonical_json
from bot.model.rendering import Rendering, TraceEntry, TraceKind
from bot.model.target import Found, RendererKind, Target
from bot.model.tree import EntryKind, TreeReader
from bot.proc.private import private_directory
from bot.render.argocd.brute import render_source
from bot.render.argocd.stock_helm import Ground
from bot.render.artifact import ArtifactTree, ignore_of
from bot.render.brute_remotes import lay_out
from bot.render.build import build
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.files import write_everything
from bot.render.finish import finished
from bot.render.given import NOTHING, Given
from bot.render.ground import REMOTE_ROOT
from bot.render.helm.brute import render_release_by_force
from bot.render.inflation.judge import build_by_kustomize, charts_of
from bot.render.objects import Source, rendering
from bot.render.overlay import declared, generated, lay_over
from bot.render.prepare import ROOT_NAME
from bot.render.render import failed, given_objects
from bot.render.sandbox import Sandbox

MAX_CHECKOUT_BYTES = 2 * 1024 * 1024 * 1024


@asynccontextmanager
async def checkout(tree: TreeReader) -> AsyncIterator["Checkout"]:
    """The whole tree on disk, for as long as the block lasts. Submodules and files over the reader's cap are left out."""
    with private_directory() as private:
        yield Checkout(tree, private)


class Checkout:
    """Targets of Flux are rendered one at a time: what Flux lays over is written into the checkout and taken back."""

    def __init__(self, tree: TreeReader, private: Path) -> None:
        self._tree = tree
        self._private = private
        self._writing = asyncio.Lock()
        self._laying_over = asyncio.Lock()

    async def render(self, target: Target, sandbox: Sandbox, given: Given = NOTHING) -> Rendering:
        if target.unknown_because:
            return failed(target.unknown_because, target)
        if target.renderer is RendererKind.GIVEN:
            return given_objects(target)
        is_flux = target.origin.found in {Found.FLUX_KUSTOMIZATION, Found.FLUX_HELM_RELEASE}
        try:
            async with self._writing:
                root = await asyncio.to_thread(self._root, target, for_flux=is_flux)
                if given.remotes:
                    await asyncio.to_thread(lay_out, root, given.remotes, _write_whole)
            if target.renderer is RendererKind.HELM:
                return await render_release_by_force(root, target, given.release, sandbox)
            if target.renderer is RendererKind.DETECT:
                async with self._laying_over:
                    return await self._of_argocd(root, target, sandbox, given)
            async with self._laying_over if is_flux else nullcontext():
                return finished(await self._render(target, root, sandbox, given), target, given)
        except Unrenderable as error:
            return failed(error.message, target, file=error.file, line=error.line)

    async def _render(self, target: Target, root: Path, sandbox: Sandbox, given: Given) -> Rendering:
        directory = (root / target.path).resolve()
        if not (directory.is_dir() and directory.is_relative_to(root)):
            raise Unrenderable(f"{target.path!r} is not a directory of the repository")
        if target.renderer is RendererKind.PLAIN:
            sources = [
                Source(f.read_bytes(), str(f.relative_to(root))) for f in _plain_files(directory, root)
            ]
            return rendering(sources)
        below = str(directory.relative_to(root))
        if target.origin.found is not Found.FLUX_KUSTOMIZATION and charts_of(root, directory):
            return await build_by_kustomize(root, below, given.charts, sandbox)
        restore = _lay_over(directory, target)
        try:
            decryptor = given.decryptor if target.decryption else None
            return await build(root, below, sandbox, decryptor)
        finally:
            for file, data in restore.items():
                file.unlink(missing_ok=True)
                if data is not None:
                    file.write_bytes(data)

    async def _of_argocd(self, root: Path, target: Target, sandbox: Sandbox, given: Given) -> Rendering:
        refs = {
            name: root if tree.id == self._tree.id else await asyncio.to_thread(self._ref, tree)
            for name, tree in given.release.refs.items()
        }
        return await render_source(self._tree, Ground(root, refs), target, given, sandbox)

    def _ref(self, tree: TreeReader) -> Path:
        """The whole of another source, written when first asked for."""
        root = self._private / f"source {tree.id}" / ROOT_NAME
        if not root.exists():
            root.mkdir(parents=True)
            _write_whole(tree, root)
        return root.resolve()

    def _root(self, target: Target, *, for_flux: bool) -> Path:
        """Written when first asked for. Flux does not get everything that is in the tree."""
        name = f"artifact {hash(ignore_of(target))}" if for_flux else "tree"
        root = self._private / name / ROOT_NAME
        if not root.exists():
            root.mkdir(parents=True)
            _write_whole(ArtifactTree.of(self._tree, target) if for_flux else self._tree, root)
        return root.resolve()


def _write_whole(tree: TreeReader, root: Path) -> None:
    write_everything(tree, _everything(tree), root, max_total_bytes=MAX_CHECKOUT_BYTES)


def _everything(tree: TreeReader) -> Iterator[TraceEntry]:
    pending = [""]
    while pending:
        directory = pending.pop()
        for name, entry in tree.listing(directory):
            path = f"{directory}/{name}" if directory else name
            match entry.kind:
                case EntryKind.TREE:
                    pending.append(path)
                case EntryKind.BLOB:
                    yield TraceEntry(path, TraceKind.FILE, entry.mode, entry.id)
                case EntryKind.LINK:
                    yield TraceEntry(path, TraceKind.LINK, entry.mode, entry.id)
                case EntryKind.SUBMODULE:
                    pass


def _lay_over(directory: Path, target: Target) -> dict[Path, bytes | None]:
    """Write the kustomization as Flux would; returns what to put back: bytes, or None for a file that was not there."""
    present = [directory / name for name in KUSTOMIZATION_FILES if (directory / name).is_file()]
    is_flux = target.origin.found is Found.FLUX_KUSTOMIZATION
    if not is_flux or len(present) > 1 or (present and not target.overlay):
        return {}
    file = present[0] if present else directory / KUSTOMIZATION_FILES[0]
    if file.is_symlink():
        raise Unrenderable("an overlay over a linked kustomization cannot be checked")
    before = file.read_bytes() if present else None
    base = (
        declared(before)
        if before is not None
        else generated([f"./{path.relative_to(directory)}" for path in _flux_walk(directory)])
    )
    components = [
        text
        for text in target.overlay.get("components") or []
        if target.overlay.get("ignoreMissingComponents") is not True or (directory / text).exists()
    ]
    file.write_bytes(canonical_json(lay_over(base, target.overlay, components)))
    return {file: before}


def _flux_walk(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.iterdir(), key=lambda p: os.fsencode(p.name)):
        if path.is_file():
            if path.suffix in {".yaml", ".yml"}:
                yield path
        elif any((path / name).is_file() for name in KUSTOMIZATION_FILES):
            yield path
        elif path.name != REMOTE_ROOT:
            yield from _flux_walk(path)


def _plain_files(directory: Path, root: Path) -> list[Path]:
    found: dict[Path, None] = {}
    for parent, names, files in os.walk(directory):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            if name.endswith((".yaml", ".yml", ".json")):
                file = (Path(parent) / name).resolve()
                if not (file.is_file() and file.is_relative_to(root)):
                    raise Unrenderable(f"{name} does not lead to a file of the repository")
                found[file] = None
    return list(found)
