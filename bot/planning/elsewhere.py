"""What renderings need that the repository does not hold: charts, artifacts, files, other repositories, and what a
cluster says of itself.

Nothing is fetched before it is needed, and nothing twice in one piece of work: what moves meanwhile is seen alike by both
sides of a change.
"""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.aio import gather_bounded
from bot.errors import LongshoreError, Temporary
from bot.model.inflation import ChartUse
from bot.model.release import Chart, ChartKind
from bot.model.remote import RemoteKind, RemoteRef
from bot.model.rendering import Material
from bot.model.repo import TreeId
from bot.model.target import Composition, GitSource, Ingredient, OciSource, Target
from bot.model.tree import TreeReader
from bot.planning.asked import Answers, FactsOf, Forges, nothing_known
from bot.planning.blamed import naming, source_of
from bot.planning.fetched import Fetched, fetched_charts
from bot.planning.made_of import Source as MadeOf
from bot.planning.made_of import of_artifact, of_commit, of_file, sources_of
from bot.planning.once import Late, Once
from bot.planning.room import ChartRoom
from bot.planning.unpacked import unpacked
from bot.proc.private import make_private
from bot.render.artifact import ArtifactTree
from bot.render.composed import ComposedTree, Holding, Made, Source
from bot.render.errors import Unrenderable
from bot.render.ground import RemoteTree, fetched_file
from bot.render.helm.inputs import Archive, ClusterFacts, ReleaseInputs, ValuesSource
from bot.render.included import Include, with_includes
from bot.render.sparse import with_sparse

if TYPE_CHECKING:
    from bot.git.foreign import ForeignRepositories, ForeignTree, Visit
    from bot.planning.own import Own, OwnTree
    from bot.registry.downloads import Downloads
    from bot.registry.resolved import ResolvedChart

MOST_ARTIFACTS = 100
MOST_FILES = 200
MOST_UNPACKED_BYTES = 2 << 30
MOST_FILE_BYTES = 128 << 20
"""Of all files together, which stay in memory for as long as the work lasts."""
ON_OUR_SIDE = "something went wrong on our side"
_NOT_ASKED = "nothing outside of this repository is asked here"
_AT_ONCE = 8
_UNPACKED_AT_ONCE = 2
_SHORT = 12
_HERE = GitSource("")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One per process. What is None is not asked at all."""

    downloads: "Late[Downloads] | None" = None
    repositories: "Late[ForeignRepositories] | None" = None
    facts: FactsOf = nothing_known
    forges: Forges | None = None
    own: "Own | None" = None

    @asynccontextmanager
    async def visit(self) -> AsyncIterator["Errand"]:
        """For one piece of work."""
        async with AsyncExitStack() as stack:
            errand = Errand(self, stack)
            try:
                yield errand
            finally:
                await errand.end()

    async def close(self) -> None:
        if self.downloads is not None and self.downloads.opened is not None:
            await self.downloads.opened.close()


class Errand:
    """Raises the typed errors of `bot.git` and `bot.registry`, which name the place and the way out.

    `is_troubled`: something could not be had that may be had later.
    """

    def __init__(self, elsewhere: Elsewhere | None = None, stack: AsyncExitStack | None = None) -> None:
        """Without a `stack` to open things in, nobody is asked for files."""
        self._elsewhere = elsewhere or Elsewhere()
        self._stack = stack
        self._visit: Once[None, Visit] = Once()
        self._resolved: Once[Chart, ResolvedChart] = Once()
        self._artifacts: Once[OciSource, TreeReader] = Once()
        self._composed: Once[tuple[TreeId, Composition], ComposedTree] = Once()
        self._files: Once[str, RemoteTree] = Once()
        self._facts: Once[str, ClusterFacts] = Once()
        self._made_of: dict[MadeOf, Material] = {}
        self._unpacking = asyncio.Semaphore(_UNPACKED_AT_ONCE)
        self._unpacked_bytes = 0
        self._file_bytes = 0
        self._room = ChartRoom()
        self.answers = Answers(self._elsewhere.forges)
        self.is_troubled = False

    async def end(self) -> None:
        asked = (self._resolved, self._artifacts, self._files, self._facts, self._visit)
        for each in (self._composed, *asked):
            await each.end()
        await self.answers.end()

    def note(self, error: Exception) -> str:
        """What people are told of it. What nobody foresaw is one target's trouble, and logged."""
        if not isinstance(error, LongshoreError):
            log.error("a rendering broke", exc_info=error)
            self.is_troubled = True
            return f"{ON_OUR_SIDE} ({type(error).__name__}); it is in the log, please report it"
        self.is_troubled = self.is_troubled or isinstance(error, Temporary)
        return str(error)

    async def tree(
        self, here: TreeReader, source: GitSource | OciSource | None, own: GitSource = _HERE
    ) -> TreeReader:
        """The files of a source: another repository, an artifact, or `here`, the repository itself, as `own` has it."""
        if source is None:
            return await self._of_source(here, own, here)
        if isinstance(source, GitSource):
            return await self._git(source, here)
        if len(self._artifacts) >= MOST_ARTIFACTS and source not in self._artifacts:
            raise Unrenderable(f"it is one of more than {MOST_ARTIFACTS} artifacts")
        return await self._artifacts.get(source, lambda: self._artifact(source))

    async def composed(self, here: TreeReader, composition: Composition) -> ComposedTree:
        """What a generator makes of `here` and of other sources."""
        return await self._composed.get((here.id, composition), lambda: self._compose(here, composition))

    async def _compose(self, here: TreeReader, composition: Composition) -> ComposedTree:
        from bot.render.copies import compose  # noqa: PLC0415 - few repositories compose artifacts

        sources: dict[str, Holding] = {}
        for each in composition.ingredients:
            with naming(f"{composition.generator} copies from @{each.alias}"):
                sources[each.alias] = await self._holding(here, each)
        return await asyncio.to_thread(compose, composition, sources)

    async def _holding(self, here: TreeReader, ingredient: Ingredient) -> Holding:
        if ingredient.composed is not None:
            made = await self.composed(here, ingredient.composed)
            return Made(ArtifactTree(made, is_composed=True), made)
        source = ingredient.git or ingredient.oci
        assert source is not None
        return Source(ArtifactTree(await self.tree(here, source), source.ignore), source.url)

    async def facts(self, cluster: str) -> ClusterFacts:
        """What charts are told of the cluster: the same for the whole of the work, whatever happens to it meanwhile."""

        async def ask() -> ClusterFacts:
            return await self._elsewhere.facts(cluster)

        return await self._facts.get(cluster, ask)

    async def remotes(self, wanted: Iterable[RemoteRef]) -> dict[RemoteRef, RemoteTree]:
        """What kustomizations build on elsewhere; one that cannot be had says why."""
        refs = sorted(wanted)
        return dict(zip(refs, await gather_bounded(_AT_ONCE, self._remote, refs), strict=True))

    def materials(self, target: Target, remotes: Iterable[RemoteRef]) -> tuple[Material, ...]:
        """What of other sources and remote bases has been fetched for it."""
        wanted = (*sources_of(target), *remotes)
        return tuple(sorted({self._made_of[one] for one in wanted if one in self._made_of}))

    async def inputs(self, tree: TreeReader, target: Target, values: tuple[ValuesSource, ...]) -> Fetched:
        """Everything that a release is rendered from beside `tree`."""
        release = target.release
        assert release is not None
        facts = await self.facts(target.id.cluster)
        if release.chart.kind is ChartKind.TREE:
            return await self._dependencies(tree, target, ReleaseInputs(values, facts=facts))
        with naming(source_of(target)):
            resolved, archive = await self._archive(release.chart)
        # NB: helm-controller puts the artifact's digest behind the version of the charts that an OCIRepository names.
        digest = resolved.revision.rpartition("@")[2].removeprefix("sha256:")
        label = digest[:_SHORT] if release.chart.is_artifact else ""
        return fetched_charts(ReleaseInputs(values, archive, label, facts=facts), [resolved])

    async def charts(self, uses: Iterable[ChartUse]) -> "tuple[dict[Chart, Archive], tuple[Material, ...]]":
        """The charts that kustomizations inflate and that the tree does not hold, and what of them to tell people."""
        wanted = list(dict.fromkeys(use.chart for use in uses if use.chart is not None))
        found = await gather_bounded(_AT_ONCE, self._archive, wanted)
        archives = {chart: archive for chart, (_, archive) in zip(wanted, found, strict=True)}
        return archives, fetched_charts(ReleaseInputs(), [resolved for resolved, _ in found]).materials

    async def _dependencies(self, tree: TreeReader, target: Target, inputs: ReleaseInputs) -> Fetched:
        """All of those that are missing, whatever the values say of them: source-controller packs them all."""
        from bot.render.helm.dependencies import wanted_dependencies  # noqa: PLC0415 - only a difference needs it

        wanted = await asyncio.to_thread(wanted_dependencies, tree, target)
        bad = next((each for each in wanted if each.problem), None)
        if bad is not None:
            raise Unrenderable(f"the chart's dependency {bad.key[:80]!r}: {bad.problem}")
        found = await gather_bounded(_AT_ONCE, self._archive, (each.chart for each in wanted))
        archives = {each.key: archive for each, (_, archive) in zip(wanted, found, strict=True)}
        given = ReleaseInputs(inputs.values, dependencies=archives, facts=inputs.facts)
        return fetched_charts(given, [resolved for resolved, _ in found])

    async def _archive(self, chart: Chart) -> "tuple[ResolvedChart, Archive]":
        downloads = self._downloads()
        if downloads is None:
            raise Unrenderable(f"the chart lies at {chart.url}: {_NOT_ASKED}")
        self._room.admit(chart)
        resolved = await self._resolved.get(chart, lambda: downloads.resolve(chart))
        if resolved.version:
            resolved.version_in_cluster(resolved.version)
        archive = Archive(await downloads.fetch(resolved), resolved.digest)
        self._room.note(resolved.digest, archive.path.stat().st_size)
        if chart.kind is ChartKind.REPOSITORY:
            self._room.note(chart.url, await asyncio.to_thread(downloads.index_bytes, chart.url))
        return resolved, archive

    async def _git(self, source: GitSource, here: TreeReader) -> TreeReader:
        if not source.url:
            return await self._of_source(here, source, here)
        own = self._elsewhere.own
        found: ForeignTree | OwnTree | None = await own.tree(source) if own is not None else None
        if found is None:
            visit = await self._repositories()
            if visit is None:
                raise Unrenderable(f"{source.url} is another repository: {_NOT_ASKED}")
            found = await visit.tree(source)
        self._made_of[source] = of_commit(source, found)
        return await self._of_source(found.tree, source, here)

    async def _of_source(self, tree: TreeReader, source: GitSource, here: TreeReader) -> TreeReader:
        """What it checks out, with what it includes."""
        if source.sparse:
            tree = await asyncio.to_thread(with_sparse, tree, source.sparse)
        laid = [
            Include(
                ArtifactTree(await self._git(one.source, here), one.source.ignore), one.from_path, one.to_path
            )
            for one in source.includes
        ]
        return await asyncio.to_thread(with_includes, tree, laid) if laid else tree

    async def _artifact(self, source: OciSource) -> TreeReader:
        downloads = self._downloads()
        if downloads is None or self._stack is None:
            raise Unrenderable(f"the artifact lies at {source.url}: {_NOT_ASKED}")
        found, archive = await downloads.fetch_archive(source)
        self._made_of[source] = of_artifact(found)
        async with self._unpacking:
            if self._unpacked_bytes > MOST_UNPACKED_BYTES:
                raise Unrenderable(f"it is one of artifacts of more than {MOST_UNPACKED_BYTES >> 30} GiB")
            home = await asyncio.to_thread(make_private)
            self._stack.push_async_callback(asyncio.to_thread, shutil.rmtree, home, ignore_errors=True)
            tree = await unpacked(archive, home)
            self._unpacked_bytes += tree.size_bytes
        return tree

    async def _remote(self, ref: RemoteRef) -> RemoteTree:
        try:
            if ref.kind is RemoteKind.FILE:
                file = await self._files.get(ref.url, lambda: self._file(ref.url))
                if file.identity:
                    self._made_of[ref] = of_file(file.identity)
                return file
            visit = await self._repositories()
            if visit is None:
                return RemoteTree(problem=_NOT_ASKED)
            found = await visit.tree(ref)
            self._made_of[ref] = of_commit(ref, found)
        except LongshoreError as error:
            return RemoteTree(problem=self.note(error))
        return RemoteTree(found.tree, found.identity)

    async def _file(self, url: str) -> RemoteTree:
        downloads = self._downloads()
        if downloads is None:
            return RemoteTree(problem=_NOT_ASKED)
        if len(self._files) > MOST_FILES or self._file_bytes > MOST_FILE_BYTES:
            return RemoteTree(
                problem=f"it is one of more than {MOST_FILES} files, or {MOST_FILE_BYTES >> 20} MiB of them"
            )
        data = await downloads.fetch_file(url)
        self._file_bytes += len(data)
        return await asyncio.to_thread(fetched_file, url, data)

    def _downloads(self) -> "Downloads | None":
        return self._elsewhere.downloads() if self._elsewhere.downloads is not None else None

    async def _repositories(self) -> "Visit | None":
        repositories, stack = self._elsewhere.repositories, self._stack
        if repositories is None or stack is None:
            return None
        return await self._visit.get(None, lambda: stack.enter_async_context(repositories().visit()))
