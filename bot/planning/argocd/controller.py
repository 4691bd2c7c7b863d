"""Argo CD in a search: Applications, the ApplicationSets that generate them, and the projects and clusters they name."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.aio import gather_bounded
from bot.discover.argocd import (
    ArgoContext,
    application_set_target,
    application_target,
    is_application,
    is_application_set,
    notices,
)
from bot.discover.objects import DeclaredObject, Malformed
from bot.git.tree import Tree
from bot.model.argocd import ArgoCluster
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic
from bot.model.target import Target, TargetId
from bot.planning.argocd.clusters import ControlPlane, home_of
from bot.planning.argocd.files import InFiles, declares_applications, is_argocd
from bot.planning.argocd.here import taken_for_this
from bot.planning.argocd.links import remarks_on_links
from bot.planning.argocd.reuse import Reuse, read_against
from bot.planning.argocd.roots import roots
from bot.planning.argocd.world import World
from bot.planning.controller import Start
from bot.planning.expansion import Finding, Previous, Traced
from bot.planning.files import place_of
from bot.planning.renderings import Renderings
from bot.render.applicationset import Generated, generate

_AT_ONCE = 16
_MOST_GENERATED = 10_000
"""By all ApplicationSets of one search, those that are generated again for more clusters counted again."""
_Place = tuple[str, tuple[str, str, str]]
"""The cluster that holds an object; the object's kind, namespace and name."""


class ArgoCD:
    """Applications and ApplicationSets of one tree, and what they name."""

    def __init__(
        self,
        files: InFiles,
        finding: Finding,
        tree: Tree,
        renderings: Renderings,
        previous: Previous | None = None,
    ) -> None:
        self._files = files
        self._finding, self._taken = taken_for_this(finding, files.declaring, tree)
        self._tree = tree
        self._renderings = renderings
        self._previous = previous
        self._reuse = Reuse(previous, self._finding) if previous is not None else None
        self._planes: dict[str, ControlPlane] = {}
        self._generated: dict[int, Generated] = {}
        """By the identity of the object that declares the set: two may bear one name."""
        self._applications = 0
        self._traced: dict[TargetId, Traced] = {}
        self._read: dict[_Place, tuple[DeclaredObject, str, Target]] = {}
        self._made: dict[_Place, tuple[Manifest, Sequence[ArgoCluster], Generated]] = {}
        self._against: dict[str, tuple[ArgoContext, str]] = {}

    @property
    def mentioning(self) -> frozenset[str]:
        return self._files.mentioning

    @property
    def in_files(self) -> Iterable[DeclaredObject]:
        return (*self._files.declaring, *self._files.named)

    def is_ours(self, manifest: Manifest) -> bool:
        return is_argocd(manifest)

    def declares_target(self, manifest: Manifest) -> bool:
        return declares_applications(manifest)

    def _plane(self, cluster: str) -> ControlPlane:
        if cluster not in self._planes:
            self._planes[cluster] = ControlPlane(cluster, self._files, self._finding)
        return self._planes[cluster]

    async def starts(self) -> tuple[list[Start], list[Diagnostic]]:
        candidates = self._files.declaring
        read = await gather_bounded(_AT_ONCE, self._reads, candidates)
        chosen = roots(candidates, dict(enumerate(read)))
        return [(found, home_of(found.file, self._finding)) for found in chosen], [
            *self._files.diagnostics,
            *self._taken,
            *(await asyncio.to_thread(remarks_on_links, self._tree) if candidates else ()),
        ]

    async def _reads(self, found: DeclaredObject) -> frozenset[str]:
        cluster = home_of(found.file, self._finding)
        try:
            if is_application(found.manifest):
                return await self._files_of(found, cluster)
            target = await self.target(found, cluster)
            made = [DeclaredObject(each, None, None, target.id) for each in target.manifests]
            return frozenset[str]().union(*[await self._files_of(each, cluster) for each in made])
        except Malformed:
            return frozenset()

    async def _files_of(self, found: DeclaredObject, cluster: str) -> frozenset[str]:
        """Raises Malformed."""
        known = self._read_alike(found, cluster)
        if known is not None and self._reuse is not None and self._reuse.is_untouched(known):
            return known.files
        return (await self._trace(self._application(found, cluster))).files

    def _read_alike(self, found: DeclaredObject, cluster: str) -> Traced | None:
        if self._reuse is None:
            return None
        return self._reuse.read_alike(found, cluster, self._read_against(cluster))

    def _read_against(self, cluster: str) -> str:
        """Remembered, for the same context."""
        plane = self._plane(cluster)
        known = self._against.get(cluster)
        if known is None or known[0] is not plane.context:
            known = self._against[cluster] = plane.context, read_against(plane)
        return known[1]

    def _application(self, found: DeclaredObject, cluster: str) -> Target:
        """Raises Malformed."""
        before = self._read_alike(found, cluster)
        # What is unknown may be so because of what could not be had.
        if before is not None and before.found == found and not before.target.unknown_because:
            return before.target
        return self._newly_read(found, cluster)

    def _newly_read(self, found: DeclaredObject, cluster: str) -> Target:
        """Remembered: to know where a search begins, what it will find is read before. Raises Malformed."""
        against = self._read_against(cluster)
        place = cluster, place_of(found)
        known = self._read.get(place)
        if known is None or known[:2] != (found, against) or not against:
            target = application_target(found, self._plane(cluster).context, cluster)
            known = self._read[place] = found, against, target
        return known[2]

    async def _trace(self, target: Target) -> Traced:
        """Remembered: to know where a search begins, what it will find is traced before."""
        known = self._traced.get(target.id)
        if known is None or known.target != target:
            known = self._traced[target.id] = await self._renderings.trace(self._tree, target, self._previous)
        return known

    def lacks(self, found: DeclaredObject, cluster: str) -> bool:
        """Whose generators ask for clusters waits for whoever declares them."""
        return is_application_set(found.manifest) and self._plane(cluster).may_get_more

    def kept(self, found: DeclaredObject, cluster: str) -> Traced | None:
        known = self._reuse.of(found, cluster, self._read_against(cluster)) if self._reuse else None
        if known is None or (cluster, place_of(found)) in self._made:
            return known
        return known if self._admits(len(known.target.manifests)) else None

    async def target(self, found: DeclaredObject, cluster: str) -> Target:
        if is_application(found.manifest):
            return self._application(found, cluster)
        generated = await self._generate(found, cluster)
        target = application_set_target(found, cluster, generated.applications, _why(generated))
        self._generated[id(found)] = generated
        return target

    async def _generate(self, found: DeclaredObject, cluster: str) -> Generated:
        """Remembered, for the same clusters."""
        plane = self._plane(cluster)
        clusters = plane.clusters
        place = cluster, place_of(found)
        known = self._made.get(place)
        if known is None or (known[0], known[1]) != (found.manifest, clusters):
            made = await self._newly_generated(found, cluster)
            if not self._admits(len(made.applications)):
                problem = f"the ApplicationSets of the repository generate more than {_MOST_GENERATED:,} Applications"
                made = replace(made, applications=(), problem=problem, hint="", field="")
            known = self._made[place] = found.manifest, clusters, made
        return known[2]

    async def _newly_generated(self, found: DeclaredObject, cluster: str) -> Generated:
        against = self._read_against(cluster)
        before = self._reuse.generated_alike(found, cluster, against) if self._reuse else None
        if before is not None:
            return Generated(before.target.manifests, before.trace.entries, remarks=before.notices)
        plane = self._plane(cluster)
        world = World(self._tree, self._finding, self._renderings, plane.clusters, plane.hiding)
        return await generate(found.manifest, world, self._renderings.templates())

    def _admits(self, applications: int) -> bool:
        self._applications += applications
        return self._applications <= _MOST_GENERATED

    async def look(
        self,
        found: DeclaredObject,
        target: Target,
        cluster: str,
        *,
        is_last_word: bool,  # noqa: ARG002 - as the protocol has it
    ) -> Traced | None:
        against = self._read_against(cluster)
        generated = self._generated.get(id(found))
        if generated is not None and is_application_set(found.manifest):
            traced = self._renderings.given(
                self._tree,
                target,
                generated.entries,
                is_asked_for=generated.is_open,
                is_known=not target.unknown_because or generated.is_empty,
            )
            told = (
                replace(each, file=each.file or found.file, line=each.line or found.line)
                for each in generated.remarks
            )
            return replace(traced, notices=tuple(dict.fromkeys(told)), against=against)
        traced = await self._trace(target)
        return replace(traced, notices=self._notices(found, cluster), against=against)

    def _notices(self, found: DeclaredObject, cluster: str) -> tuple[Diagnostic, ...]:
        """As of now, also where the object stands elsewhere."""
        before = self._read_alike(found, cluster)
        if before is not None and before.found == found:
            return before.notices
        return notices(found, self._plane(cluster).context)

    def note(self, traced: Traced) -> None:
        """Nothing that Argo CD looks for depends on what else was found."""

    def hold(self, cluster: str, held: Iterable[DeclaredObject]) -> None:
        named = [o for o in held if not declares_applications(o.manifest) and is_argocd(o.manifest)]
        if named:
            self._plane(cluster).add(named)

    def standing(self, parent: Traced) -> list[DeclaredObject]:
        if parent.target.source or parent.target.oci_source:
            return []
        files = parent.files
        return [found for found in self._files.declaring if found.file in files]


def _why(generated: Generated) -> str:
    """Why nobody knows its Applications, with the field and the way out; empty where they are known."""
    if not generated.problem:
        return ""
    place = f"{generated.field}: " if generated.field else ""
    return place + generated.problem + (f"; {generated.hint}" if generated.hint else "")
