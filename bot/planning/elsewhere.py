"""What renderings need that the repository does not hold: charts and artifacts of registries, other repositories, and
what a cluster says of itself.

Nothing is fetched before it is needed, and nothing twice in one piece of work: what moves meanwhile is seen alike by both
sides of a change.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import LongshoreError, Temporary
from bot.git.foreign import ForeignRepositories, Visit
from bot.model.release import Chart, ChartKind
from bot.model.remote import RemoteKind, RemoteRef
from bot.model.rendering import Material
from bot.model.target import GitSource, OciSource, Target
from bot.model.tree import TreeReader
from bot.planning.unpacked import UnpackedTree
from bot.registry.archive import unpack
from bot.registry.downloads import Downloads
from bot.registry.limits import ARTIFACT
from bot.registry.resolved import ResolvedChart
from bot.render.errors import Unrenderable
from bot.render.ground import RemoteTree
from bot.render.helm.dependencies import wanted_dependencies
from bot.render.helm.inputs import Archive, ClusterFacts, ReleaseInputs, ValuesSource
from bot.render.helm.render import chart_tree

_NOT_ASKED = "nothing outside of this repository is asked here"
_SHORT = 12

FactsOf = Callable[[str], Awaitable[ClusterFacts]]
"""What is known of a cluster, by its name. Raises nothing."""


async def nothing_known(_cluster: str) -> ClusterFacts:
    return ClusterFacts()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One per process. What is None is not asked at all."""

    charts: Downloads | None = None
    repositories: ForeignRepositories | None = None
    facts: FactsOf = nothing_known

    @asynccontextmanager
    async def visit(self) -> AsyncIterator["Errand"]:
        """For one piece of work."""
        async with AsyncExitStack() as stack:
            visit = None
            if self.repositories is not None:
                visit = await stack.enter_async_context(self.repositories.visit())
            yield Errand(self.charts, visit, stack, self.facts)

    async def close(self) -> None:
        if self.charts is not None:
            await self.charts.close()


@dataclass(slots=True)
class Errand:
    """Raises the typed errors of `bot.git` and `bot.registry`, which name the place and the way out.

    `is_troubled`: something could not be had that may be had later.
    """

    _charts: Downloads | None = None
    _visit: Visit | None = None
    _stack: AsyncExitStack | None = None
    _facts_of: FactsOf = nothing_known
    _facts: dict[str, ClusterFacts] = field(default_factory=dict)
    _resolved: dict[Chart, ResolvedChart] = field(default_factory=dict)
    _unpacked: dict[OciSource, asyncio.Task[TreeReader]] = field(default_factory=dict)
    is_troubled: bool = False

    def note(self, error: LongshoreError) -> str:
        """What people are told of it."""
        self.is_troubled = self.is_troubled or isinstance(error, Temporary)
        return str(error)

    async def tree(self, source: GitSource | OciSource) -> TreeReader:
        """The files of another repository, or of an artifact."""
        if isinstance(source, GitSource):
            if self._visit is None:
                raise Unrenderable(f"its source is another repository, {source.url}: {_NOT_ASKED}")
            return (await self._visit.tree(source)).tree
        if source not in self._unpacked:
            self._unpacked[source] = asyncio.create_task(self._artifact(source))
        return await self._unpacked[source]

    async def facts(self, cluster: str) -> ClusterFacts:
        """What charts are told of the cluster: the same for the whole of the work, whatever happens to it meanwhile."""
        if cluster not in self._facts:
            # NB: two may ask at once; the first answer is kept for both.
            self._facts.setdefault(cluster, await self._facts_of(cluster))
        return self._facts[cluster]

    async def remotes(self, wanted: Iterable[RemoteRef]) -> dict[RemoteRef, RemoteTree]:
        """What kustomizations build on elsewhere; one that cannot be had says why."""
        return {ref: await self._remote(ref) for ref in sorted(wanted)}

    async def inputs(
        self, tree: TreeReader, target: Target, values: tuple[ValuesSource, ...]
    ) -> tuple[ReleaseInputs, tuple[Material, ...]]:
        """Everything that a release is rendered from beside `tree`, fetched, and what of it to tell people."""
        release = target.release
        assert release is not None
        facts = await self.facts(target.id.cluster)
        if release.chart.kind is ChartKind.TREE:
            wanted = await asyncio.to_thread(wanted_dependencies, chart_tree(tree, target), target)
            found = {each.key: await self._archive(each.chart) for each in wanted if not each.problem}
            archives = {key: archive for key, (_, archive) in found.items()}
            return ReleaseInputs(values, dependencies=archives, facts=facts), _materials(found.values())
        resolved, archive = await self._archive(release.chart)
        # NB: helm-controller puts the artifact's digest behind the version of the charts that an OCIRepository names.
        digest = resolved.revision.rpartition("@")[2].removeprefix("sha256:")
        label = digest[:_SHORT] if release.chart.is_artifact else ""
        return ReleaseInputs(values, archive, label, facts=facts), _materials([(resolved, archive)])

    async def _archive(self, chart: Chart) -> tuple[ResolvedChart, Archive]:
        if self._charts is None:
            raise Unrenderable(f"its chart lies at {chart.url}: {_NOT_ASKED}")
        if chart not in self._resolved:
            self._resolved[chart] = await self._charts.resolve(chart)
        resolved = self._resolved[chart]
        return resolved, Archive(await self._charts.fetch(resolved), resolved.digest)

    async def _artifact(self, source: OciSource) -> TreeReader:
        if self._charts is None or self._stack is None:
            raise Unrenderable(f"its source is {source.url}: {_NOT_ASKED}")
        _, archive = await self._charts.fetch_archive(source)
        home = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="longshore-"))
        await asyncio.to_thread(unpack, archive, Path(home), strip=0, skips_links=True, limits=ARTIFACT)
        return await asyncio.to_thread(UnpackedTree, Path(home))

    async def _remote(self, ref: RemoteRef) -> RemoteTree:
        try:
            if ref.kind is RemoteKind.FILE:
                return RemoteTree(problem="single files are not fetched")
            if self._visit is None:
                return RemoteTree(problem=_NOT_ASKED)
            found = await self._visit.tree(ref)
        except LongshoreError as error:
            return RemoteTree(problem=self.note(error))
        return RemoteTree(found.tree, found.identity)


def _materials(found: Iterable[tuple[ResolvedChart, Archive]]) -> tuple[Material, ...]:
    return tuple(
        sorted(
            Material(f"chart {resolved.name}", resolved.version, archive.digest)
            for resolved, archive in found
        )
    )
