"""What a tree's files say of Flux, unrendered: where a search begins, and what is left where nothing can be rendered.

Every file's objects are remembered by its blob, masked, so that a tree that is much the same is not read again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.discover.flux import (
    EXTENSIONS_GROUP,
    HELM_GROUP,
    KUSTOMIZE_GROUP,
    SOURCE_GROUP,
    is_helm_release,
    is_kustomization,
    is_source,
)
from bot.discover.objects import DeclaredObject
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.manifests import ManifestError, documents, flatten
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Severity
from bot.model.tree import EntryKind, UnreadableFile
from bot.planning.expansion import FluxFile, FluxFiles, Previous
from bot.planning.renderings import Renderings

_SUFFIXES = (".yaml", ".yml", ".json")
# NB: the needles end in the version's `v`, so that an annotation of that group does not count.
_NEEDLES = (f"{KUSTOMIZE_GROUP}/v", f"{HELM_GROUP}/v", f"{SOURCE_GROUP}/v", f"{EXTENSIONS_GROUP}/v")
_READ_AT_MOST = 200
"""Files that are read one by one; searching the whole tree takes no longer for more."""


@dataclass(slots=True)
class InFiles:
    """The Flux objects of a tree's files, by what they are."""

    mentioning: frozenset[str]
    kustomizations: list[DeclaredObject] = field(default_factory=list)
    releases: list[DeclaredObject] = field(default_factory=list)
    sources: list[DeclaredObject] = field(default_factory=list)
    fragments: list[DeclaredObject] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @classmethod
    def of(cls, files: FluxFiles) -> "InFiles":
        found = cls(frozenset(files.by_path))
        for _, file in sorted(files.by_path.items()):
            found.diagnostics += file.diagnostics
            for held in file.objects:
                found._sort_in(held)
        return found

    def _sort_in(self, held: DeclaredObject) -> None:
        spec = held.manifest.get("spec")
        fields = spec if isinstance(spec, dict) else {}
        if is_source(held.manifest):
            self.sources.append(held)
        elif is_kustomization(held.manifest) and "sourceRef" in fields:
            # One without a source is a fragment: a patch for others, or a mistake; nothing begins with it.
            self.kustomizations.append(held)
        elif is_helm_release(held.manifest) and ("chart" in fields or "chartRef" in fields):
            self.releases.append(held)
        else:
            self.fragments.append(held)

    def in_files(self, files: frozenset[str]) -> list[DeclaredObject]:
        """What would become a target, as it stands in these files."""
        return [found for found in (*self.kustomizations, *self.releases) if found.file in files]

    @property
    def everything(self) -> list[DeclaredObject]:
        return [*self.kustomizations, *self.releases, *self.sources, *self.fragments]


def place_of(found: DeclaredObject) -> tuple[str, str, str]:
    """Kind, namespace and name, as far as it has them."""
    metadata = found.manifest.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    return str(found.manifest.get("kind")), str(names.get("namespace") or ""), str(names.get("name"))


async def flux_files(
    repository: Repository, tree: Tree, renderings: Renderings, previous: Previous | None
) -> FluxFiles:
    """Every file that mentions Flux, and what it holds."""
    known = previous.expansion.flux if previous is not None else None
    paths = None
    if previous is not None and known is not None and len(previous.changed) <= _READ_AT_MOST:
        paths = await asyncio.to_thread(_amended, known, tree, previous.changed)
    if paths is None:
        paths = await repository.grep(tree.id, _NEEDLES, [f"*{suffix}" for suffix in _SUFFIXES])
    return await asyncio.to_thread(_read, tree, paths, known, renderings)


def _amended(known: FluxFiles, tree: Tree, changed: frozenset[str]) -> frozenset[str] | None:
    """What mentions Flux where only these paths differ from a tree in which that is known; None where one is unreadable."""
    present = [path for path in changed if path.endswith(_SUFFIXES) and _is_file(tree, path)]
    tree.prefetch(present)
    try:
        mentioning = {p for p in present if any(n.encode() in tree.read(p) for n in _NEEDLES)}
    except UnreadableFile:
        return None
    return frozenset((known.by_path.keys() - changed) | mentioning)


def _is_file(tree: Tree, path: str) -> bool:
    entry = tree.entry(path)
    return entry is not None and entry.kind is EntryKind.BLOB


def _read(tree: Tree, paths: frozenset[str], known: FluxFiles | None, renderings: Renderings) -> FluxFiles:
    files: dict[str, FluxFile] = {}
    # A link is read where it leads to.
    blobs = {path: entry.id for path in sorted(paths) if (entry := tree.entry(path)) and _is_file(tree, path)}
    before: Mapping[str, FluxFile] = known.by_path if known is not None else {}
    fresh = [path for path, blob in blobs.items() if path not in before or before[path].blob != blob]
    tree.prefetch(fresh)
    for path, blob in blobs.items():
        same = before.get(path)
        files[path] = same if same and same.blob == blob else _parsed(tree, path, blob, renderings)
    return FluxFiles(files)


def _parsed(tree: Tree, path: str, blob: str, renderings: Renderings) -> FluxFile:
    """A file that does not parse is reported and passed over."""
    try:
        objects = flatten(documents(tree.read(path), file=path), file=path)
    except ManifestError as error:
        return FluxFile(blob, (), (Diagnostic(Severity.WARNING, error.problem, path, error.line),))
    except UnreadableFile as error:
        return FluxFile(blob, (), (Diagnostic(Severity.WARNING, error.message, path),))
    return FluxFile(
        blob,
        tuple(
            DeclaredObject(renderings.masked_manifest(document.value), path, document.line)
            for document in objects
            if is_flux(document.value)
        ),
    )


def is_flux(manifest: Manifest) -> bool:
    return is_source(manifest) or is_kustomization(manifest) or is_helm_release(manifest)


def names_a_place(found: DeclaredObject | None) -> bool:
    """A path that is no text is nowhere, and not the whole repository, as none at all would be."""
    spec = found.manifest.get("spec") if found else None
    return not isinstance(spec, dict) or isinstance(spec.get("path"), str | None)
