"""Flux in a search: its sources, variables and values, and what of its targets is taken over from another search."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from bot.discover.flux import (
    helm_release_target,
    is_helm_release,
    is_of_artifact,
    is_source,
    kustomization_target,
    notices,
)
from bot.discover.objects import DeclaredObject, Malformed, cluster_of
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic
from bot.model.target import Target, TargetId
from bot.planning.controller import Start
from bot.planning.expansion import Finding, Previous, Traced
from bot.planning.flux.declarations import Declarations, Known
from bot.planning.flux.files import InFiles, is_flux
from bot.planning.flux.reuse import Reuse
from bot.planning.flux.roots import starts, taken_for_this
from bot.planning.flux.sources import ClusterSources
from bot.planning.flux.standing import standing
from bot.planning.flux.values import Values
from bot.planning.flux.variables import Variables
from bot.render.helm.inputs import ValuesSource


class Flux:
    """Kustomizations and HelmReleases of one tree, and what they name."""

    def __init__(
        self,
        files: InFiles,
        finding: Finding,
        declarations: Declarations,
        previous: Previous | None = None,
    ) -> None:
        self._files = files
        self._tree = declarations.tree
        self._renderings = declarations.renderings
        self._previous = previous
        self._variables = Variables(declarations, is_strict=finding.is_strict)
        self._values = Values(declarations)
        self._sources = ClusterSources(finding.repository, files.sources)
        self._reuse = Reuse(previous, finding, self._tree) if previous and previous.expansion.files else None
        self._clusters: dict[str, list[Traced]] = defaultdict(list)
        self._by_name: dict[TargetId, Traced] = {}

    @property
    def mentioning(self) -> frozenset[str]:
        return self._files.mentioning

    @property
    def in_files(self) -> Iterable[DeclaredObject]:
        return self._files.everything

    def is_ours(self, manifest: Manifest) -> bool:
        return is_flux(manifest)

    def declares_target(self, manifest: Manifest) -> bool:
        return not is_source(manifest)

    async def starts(self) -> tuple[list[Start], list[Diagnostic]]:
        if self._previous is None and self._files.kustomizations:
            self._renderings.warm_up()
        pending, left_out = await starts(self._files.kustomizations, self._reads)
        said = taken_for_this(pending, self._sources, self._tree)
        return pending, [*self._files.diagnostics, *left_out, *said]

    def lacks(self, found: DeclaredObject, cluster: str) -> bool:
        return self._sources.lacks(found, cluster)

    def kept(self, found: DeclaredObject, cluster: str) -> Traced | None:
        return self._reuse.of(found, cluster, self._sources) if self._reuse else None

    async def target(self, found: DeclaredObject, cluster: str) -> Target:
        read = helm_release_target if is_helm_release(found.manifest) else kustomization_target
        target = self._tied(found, read(found, self._sources.of(cluster), cluster))
        if target.flux is None or target.flux.source is None:
            return target
        where = self._sources.declared_at(target.flux.source, cluster)
        return replace(target, flux=replace(target.flux, source_at=where))

    def _tied(self, found: DeclaredObject, target: Target) -> Target:
        """What nobody knows how it is made may be made of any file: no other tree is known to give the same one."""
        if target.artifact is not None or not is_of_artifact(found):
            return target
        return replace(target, overlay={**target.overlay, "artifact": self._tree.id})

    async def look(
        self, found: DeclaredObject, target: Target, cluster: str, *, is_last_word: bool
    ) -> Traced | None:
        parent = self._by_name.get(found.parent) if found.parent else None
        known = Known(self._clusters[cluster], parent)
        substitution = None
        values: tuple[ValuesSource, ...] = ()
        providers: tuple[TargetId, ...] | None = ()
        if target.post_build is not None and not target.unknown_because:
            put_in = await self._variables.substitution(target, known, is_last_word=is_last_word)
            if put_in is None:
                return None
            substitution, providers = put_in
        if target.release is not None and not target.unknown_because:
            sources = await self._values.sources(target, known, is_last_word=is_last_word)
            if sources is None:
                return None
            values, providers = sources
        traced = await self._renderings.trace(self._tree, target, self._previous, substitution, values)
        return replace(traced, notices=notices(found, self._sources.of(cluster)), providers=providers)

    def note(self, traced: Traced) -> None:
        name = traced.target.id
        self._by_name[name] = traced
        self._clusters[name.cluster].append(traced)
        if self._reuse is not None:
            self._reuse.note(traced)

    def hold(self, cluster: str, held: Iterable[DeclaredObject]) -> None:
        self._sources.add(cluster, held)

    def standing(self, parent: Traced) -> list[DeclaredObject]:
        return standing(parent, self._files)

    async def _reads(self, found: DeclaredObject) -> frozenset[str]:
        try:
            cluster = cluster_of(found.file)
            target = kustomization_target(found, self._sources.of(cluster), cluster)
        except Malformed:
            return frozenset()
        if target.unknown_because and (not target.path or is_of_artifact(found)):
            return frozenset()
        traced = await self._renderings.trace(self._tree, target, None)
        if target.artifact is not None:
            return traced.files
        return frozenset(entry.path for entry in traced.trace.entries)
