"""A delivery branch as it is now: its commit, its targets, and what each of them declares."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.config import RepositoryConfig
from bot.forge.base import Located
from bot.git.errors import UnknownRevision
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.loops.world import World
from bot.model.keys import BranchKey
from bot.model.rendering import Diagnostic, Severity
from bot.model.repo import Sha
from bot.model.target import TargetId
from bot.planning.expand import expand_one
from bot.planning.expansion import Expansion, Finding, Traced
from bot.planning.renderings import Renderings


@dataclass(frozen=True, slots=True)
class Head:
    """`targets` are those with a cluster; one without is planned and goes nowhere. `located` is the repository as the
    forge has it, which may be called otherwise by now.
    """

    source: BranchKey
    located: Located
    sha: Sha
    tree: Tree
    repository: Repository
    expansion: Expansion
    finding: Finding
    renderings: Renderings

    @property
    def targets(self) -> dict[TargetId, Traced]:
        return {name: traced for name, traced in self.expansion.targets.items() if name.cluster}

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Why it is not known what the branch declares: then nothing has vanished, and nothing is deleted for it."""
        return tuple(_placed(d) for d in self.expansion.diagnostics if d.severity is Severity.ERROR)

    async def earlier(self) -> Mapping[TargetId, Traced]:
        """The targets of the commit before, on this branch; none for the first."""
        commits = await self.repository.first_parents(self.sha, 2)
        if len(commits) < 2:
            return {}
        tree = await self.repository.tree(await self.repository.tree_of(commits[1].sha))
        return (await expand_one(self.repository, tree, self.finding, self.renderings)).targets

    def changed_since(self, earlier: Mapping[TargetId, Traced]) -> frozenset[TargetId]:
        """Targets whose content differs from that of `earlier`."""
        now = self.expansion.targets
        return frozenset(
            name for name in earlier.keys() | now.keys() if _key(earlier, name) != _key(now, name)
        )


@asynccontextmanager
async def head_of(world: World, source: BranchKey, entry: RepositoryConfig) -> AsyncIterator[Head | None]:
    """The branch as the forge has it now; None when it does not exist (any more). Raises AnotherRepository."""
    located = await world.located(source.repo)
    async with world.mirror(source.repo, located=located) as repository:
        try:
            branch = await repository.branch(source.branch)
        except UnknownRevision:
            yield None
            return
        finding = await world.finding(source.repo, entry, source.branch)
        tree = await repository.tree(await repository.tree_of(branch.sha))
        async with world.visit(source.repo, repository, source.deliver) as errand:
            renderings = world.trusted_renderings(entry, errand)
            expansion = await expand_one(repository, tree, finding, renderings)
            yield Head(source, located, branch.sha, tree, repository, expansion, finding, renderings)


def _key(targets: Mapping[TargetId, Traced], name: TargetId) -> str:
    traced = targets.get(name)
    return traced.key if traced else ""


def _placed(diagnostic: Diagnostic) -> str:
    place = f"{diagnostic.file}:{diagnostic.line}" if diagnostic.line else diagnostic.file
    return f"{place}: {diagnostic.message}" if place else diagnostic.message
