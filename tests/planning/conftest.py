"""A repository, and everything that planning a change in it needs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.diff.mask import Mask
from bot.git.repository import Repository
from bot.model.plan import Plan, Side, TargetPlan
from bot.model.programs import Programs
from bot.model.target import TargetId
from bot.planning.elsewhere import Elsewhere, Errand
from bot.planning.exhaustive import ExhaustiveRenderings
from bot.planning.expand import expand, expand_both
from bot.planning.expansion import Expansion, Finding
from bot.planning.memory import Memory
from bot.planning.plan import look, make_plan
from bot.planning.renderings import Renderings
from bot.planning.verify import Verification, verify
from bot.planning.workshop import Workshop
from bot.proc.protections import protections
from bot.render.cache import RenderingCache
from bot.render.sandbox import Sandbox
from tests.git.conftest import server as git_server  # noqa: F401 - a fixture
from tests.git.repos import Work

MIB = 1 << 20


@dataclass
class Bench:
    """Plans changes of one repository. `rendered` names the targets that were really rendered, in order."""

    work: Work
    home: Path
    finding: Finding = field(default_factory=Finding)
    rendered: list[str] = field(default_factory=list)
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    programs: Programs = field(default_factory=Programs)

    def workshop(self) -> Workshop:
        return Workshop(
            sandbox=replace(Sandbox.here(), programs=self.programs),
            protections=protections(),
            tools={"kustomize": "test"},
            mask=Mask(b"m" * 32),
            cache=RenderingCache(self.home / "renderings", 64 * MIB),
            memory=Memory(self.home / "expansions"),
            gate=asyncio.Semaphore(2),
            elsewhere=self.elsewhere,
        )

    def renderings(self, errand: Errand | None = None) -> Renderings:
        def note(text: str) -> None:
            self.rendered.append(text.partition(": ")[2])

        return Renderings(self.workshop(), on_progress=note, errand=errand)

    async def side(self, repository: Repository, revision: str) -> Side:
        sha = await repository.resolve(revision)
        return Side(revision, await repository.tree_of(sha), sha)

    async def plan(self, base: str = "HEAD~1", head: str = "HEAD") -> Plan:
        async with Repository.open(self.work.path) as repository:
            return await self._plan(repository, base, head)

    async def _plan(self, repository: Repository, base: str, head: str) -> Plan:
        sides = await self.side(repository, base), await self.side(repository, head)
        async with self.elsewhere.visit() as errand:
            renderings = self.renderings(errand)
            return await make_plan(await look(repository, *sides, self.finding, renderings), renderings)

    async def verified(self, base: str = "HEAD~1", head: str = "HEAD") -> tuple[Plan, Verification]:
        async with Repository.open(self.work.path) as repository:
            plan = await self._plan(repository, base, head)
            async with ExhaustiveRenderings.open(self.workshop()) as exhaustive:
                return plan, await verify(repository, plan, self.finding, exhaustive)

    async def expansions(self, base: str, head: str) -> tuple[Expansion, Expansion]:
        """The head found from what the base was known to be, and found from nothing."""
        async with Repository.open(self.work.path) as repository:
            before = await repository.tree((await self.side(repository, base)).tree)
            after = await repository.tree((await self.side(repository, head)).tree)
            _, quick = await expand_both(repository, before, after, self.finding, self.renderings())
            return quick, await expand(repository, after, self.finding, self.renderings())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Work.init(tmp_path / "work"), tmp_path / "home")


def target(plan: Plan, name: str, cluster: str = "") -> TargetPlan:
    return next(t for t in plan.targets if t.target.id == TargetId(cluster, name))


def statuses(plan: Plan) -> Mapping[str, str]:
    return {str(t.target.id): t.status.value for t in plan.targets}


def config_map(name: str, value: str = "1", namespace: str = "") -> str:
    where = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{where}}}\ndata: {{key: '{value}'}}\n"


def kustomization(*resources: str, more: str = "") -> str:
    return f"resources: [{', '.join(resources)}]\n{more}"
