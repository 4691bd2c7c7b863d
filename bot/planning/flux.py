"""Flux Kustomizations of a tree, to the fixpoint: what a Kustomization renders may be Kustomizations again.

Only a target that reads a file which mentions Flux at all can bring forth another one, so only those are rendered
while looking. Where one of them cannot be rendered, its children are taken from the files as they stand, and it is
said: a child is never dropped because its parent is unknown.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.discover.flux import (
    KUSTOMIZE_GROUP,
    SOURCE_GROUP,
    FluxObject,
    MalformedFlux,
    Sources,
    cluster_label,
    is_kustomization,
    is_of_artifact,
    is_source,
    kustomization_target,
    suspended_notice,
)
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.manifests import ManifestError, documents, flatten
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Severity, TraceKind
from bot.model.target import Target, TargetId
from bot.model.tree import EntryKind, UnreadableFile
from bot.planning.expansion import Finding, Previous, Traced
from bot.planning.renderings import Renderings
from bot.planning.variables import Variables

_Found = tuple[FluxObject, str]
"""A Kustomization and the cluster it is for."""

_MAX_TARGETS = 5_000
_SUFFIXES = (".yaml", ".yml", ".json")
_READ_AT_MOST = 200
"""Files that are read one by one; searching the whole tree takes no longer for more."""


@dataclass(slots=True)
class FluxFiles:
    """Every Flux object that stands in a file of the tree, unrendered. `files` may hold a Kustomization."""

    files: frozenset[str]
    kustomizations: list[FluxObject] = field(default_factory=list)
    sources: list[Manifest] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


async def flux_files(repository: Repository, tree: Tree) -> FluxFiles:
    """Read what mentions Flux. A file that does not parse is reported and passed over."""
    # NB: the needles end in the version's `v`, so that an annotation of that group does not count.
    pathspecs = [f"*{suffix}" for suffix in _SUFFIXES]
    with_kustomizations, with_sources = await asyncio.gather(
        repository.grep(tree.id, (f"{KUSTOMIZE_GROUP}/v",), pathspecs),
        repository.grep(tree.id, (f"{SOURCE_GROUP}/v",), pathspecs),
    )
    found = FluxFiles(with_kustomizations)
    paths = with_kustomizations | with_sources if with_kustomizations else frozenset[str]()
    regular = sorted(path for path in paths if (e := tree.entry(path)) and e.kind is EntryKind.BLOB)
    tree.prefetch(regular)
    for path in regular:
        try:
            objects = flatten(documents(tree.read(path), file=path), file=path)
        except ManifestError as error:
            found.diagnostics.append(Diagnostic(Severity.WARNING, error.problem, path, error.line))
        except UnreadableFile as error:
            found.diagnostics.append(Diagnostic(Severity.WARNING, error.message, path))
        else:
            for document in objects:
                _sort_in(found, document.value, path, document.line)
    return found


def may_mention_flux(tree: Tree, paths: Sequence[str]) -> bool:
    """Whether `flux_files` could find a Kustomization in one of these files. What cannot be read may hold one."""
    found = [path for path in paths if path.endswith(_SUFFIXES) and tree.entry(path)]
    if len(found) > _READ_AT_MOST:
        return True
    tree.prefetch(found)
    try:
        return any(f"{KUSTOMIZE_GROUP}/v".encode() in tree.read(path) for path in found)
    except UnreadableFile:
        return True


def _sort_in(found: FluxFiles, manifest: Manifest, path: str, line: int) -> None:
    if is_source(manifest):
        found.sources.append(manifest)
    elif is_kustomization(manifest) and "sourceRef" in (manifest.get("spec") or {}):
        # One without a source is a patch for others, not an object of its own.
        found.kustomizations.append(FluxObject(manifest, path, line))


class FluxWalk:
    """One search to the fixpoint over one tree."""

    def __init__(
        self,
        tree: Tree,
        files: FluxFiles,
        finding: Finding,
        renderings: Renderings,
        variables: Variables,
        previous: Previous | None,
    ) -> None:
        self._tree = tree
        self._files = files
        self._renderings = renderings
        self._previous = previous
        self._finding = finding
        self._sources = Sources.of(files.sources, finding.repository)
        self._variables = variables
        self._rendered_sources: list[Manifest] = []
        self.targets: dict[TargetId, Traced] = {}
        self.diagnostics: list[Diagnostic] = list(files.diagnostics)
        self.settled = True
        self.whole = not files.diagnostics

    async def run(self) -> None:
        """A Kustomization whose variables nobody has declared so far waits until all others have been looked at."""
        pending = self._roots()
        waiting: list[_Found] = []
        while pending or waiting:
            is_last_word = not pending
            found, cluster = (pending or waiting).pop()
            target = self._target(found, cluster)
            if target is None:
                continue
            substitution = None
            if target.post_build is not None and not target.unknown_because:
                substitution = await self._variables.substitution(
                    target, self._of_cluster(cluster), is_last_word=is_last_word
                )
                if substitution is None:
                    waiting.append((found, cluster))
                    continue
            traced = self._renderings.trace(self._tree, target, self._previous, substitution)
            self.targets[target.id] = traced
            self.diagnostics += suspended_notice(found)
            pending += [(child, cluster) for child in await self._children(traced)]

    def _tied(self, found: FluxObject, target: Target) -> Target:
        """An artifact may be generated of any file of the repository: no other tree is known to give the same one."""
        if not is_of_artifact(found):
            return target
        return replace(target, overlay={**target.overlay, "artifact": self._tree.id})

    def _of_cluster(self, cluster: str) -> list[Traced]:
        return [traced for name, traced in self.targets.items() if name.cluster == cluster]

    def _target(self, found: FluxObject, cluster: str) -> Target | None:
        """Read it, unless it is a target already or there are far too many."""
        try:
            target = self._tied(found, kustomization_target(found, self._sources, cluster))
        except MalformedFlux as error:
            self._remark(Severity.ERROR, str(error), found)
            return None
        known = self.targets.get(target.id)
        if known is not None:
            if known.target != target and found.parent != known.target.id.name:
                self._remark(Severity.WARNING, f"{target.id} is declared more than once", found)
            return None
        if len(self.targets) == _MAX_TARGETS:
            self._remark(
                Severity.ERROR, f"more than {_MAX_TARGETS} Kustomizations; the rest is not planned", found
            )
            return None
        return target

    async def _children(self, parent: Traced) -> list[FluxObject]:
        read = {e.path for e in parent.trace.entries if e.kind is TraceKind.FILE}
        relevant = read & self._files.files
        if not relevant and not self._renderings.exhaustive:
            return []
        rendering = await self._renderings.masked(self._tree, parent)
        name = parent.target.id.name
        if rendering.failed:
            self.settled = self.settled and bool(parent.target.unknown_because or parent.trace.is_refused)
            # What is not built yet is read from the files on both sides; what broke may hide a child on one.
            self.whole = self.whole and bool(parent.target.unknown_because or not relevant)
            return self._children_in_files(relevant, parent.target)
        manifests = [found.manifest for found in rendering.objects]
        new_sources = [manifest for manifest in manifests if is_source(manifest)]
        if new_sources:
            self._rendered_sources += new_sources
            self._sources = Sources.of(
                [*self._files.sources, *self._rendered_sources], self._finding.repository
            )
        return [FluxObject(m, *self._place(m), name) for m in manifests if is_kustomization(m)]

    def _children_in_files(self, files: Iterable[str], parent: Target) -> list[FluxObject]:
        wanted = set(files)
        children = [found for found in self._files.kustomizations if found.file in wanted]
        if children:
            message = (
                f"{parent.id} cannot be rendered, so the {len(children)} Kustomizations it holds are planned "
                "as their files stand"
            )
            self.diagnostics.append(
                Diagnostic(Severity.WARNING, message, parent.origin.file, parent.origin.line)
            )
        return children

    def _place(self, manifest: Manifest) -> tuple[str | None, int | None]:
        """The file a rendered Kustomization was written in, where its name tells."""
        name = (manifest.get("metadata") or {}).get("name")
        for found in self._files.kustomizations:
            if (found.manifest.get("metadata") or {}).get("name") == name:
                return found.file, found.line
        return None, None

    def _roots(self) -> list[tuple[FluxObject, str]]:
        """Where Flux starts: what a bootstrap left behind, else what no other Kustomization reads."""
        candidates = self._files.kustomizations
        bootstraps = [found for found in candidates if _is_bootstrap(found)]
        if bootstraps:
            return [
                (found, cluster_label(_spec_path(found)) or _last(_spec_path(found))) for found in bootstraps
            ]
        reads = {index: self._reads(found) for index, found in enumerate(candidates)}
        unread = [
            found
            for index, found in enumerate(candidates)
            if not any(found.file in files for other, files in reads.items() if other != index)
            or found.file in reads[index]
        ]
        return [(found, cluster_label(found.file or "")) for found in self._in_use(unread)]

    def _in_use(self, unread: list[FluxObject]) -> list[FluxObject]:
        """One without a namespace waits for a kustomization to give it one: where nothing reads it, nobody applies it."""
        placed = [found for found in unread if (found.manifest.get("metadata") or {}).get("namespace")]
        if not placed:
            return unread
        for found in unread:
            if found not in placed:
                self._remark(
                    Severity.NOTICE, "names no namespace and nothing refers to it: taken as not in use", found
                )
        return placed

    def _reads(self, found: FluxObject) -> frozenset[str]:
        try:
            target = kustomization_target(found, self._sources, "")
        except MalformedFlux:
            return frozenset()
        if target.unknown_because and not target.path:
            return frozenset()
        trace = self._renderings.trace(self._tree, target, None).trace
        return frozenset(entry.path for entry in trace.entries)

    def _remark(self, severity: Severity, message: str, found: FluxObject) -> None:
        self.diagnostics.append(Diagnostic(severity, message, found.file, found.line))


def _is_bootstrap(found: FluxObject) -> bool:
    """`flux bootstrap` writes one Kustomization called flux-system into a directory of that name."""
    directory = (found.file or "").rpartition("/")[0].rpartition("/")[2]
    return directory == "flux-system" and (found.manifest.get("metadata") or {}).get("name") == "flux-system"


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _spec_path(found: FluxObject) -> str:
    path = (found.manifest.get("spec") or {}).get("path")
    return path.strip("./") if isinstance(path, str) else ""
