"""Delivering a target of 500 objects of which none or one changed, against `kubectl apply --server-side`.

Both have delivered the same objects before, each into a namespace of its own on the same control plane. Ours is timed
as the worker does it, with a client that is connected already, until the target is delivered, health included;
rendering is counted or left out as the table says. kubectl gets finished YAML, has its discovery cache, and does not
wait for health.
"""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import Row, Runs, WrongResult
from bench.repos import commit, start
from bench.workload import OBJECTS, as_yaml, manifests
from bot.cli.workshop import make_workshop
from bot.diff.mask import Mask
from bot.engines.base import Order
from bot.engines.claims import Claims
from bot.engines.direct import DirectEngine
from bot.engines.direct.options import Options
from bot.engines.direct.standing import standing
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.kube.client import KubeClient
from bot.kube.clock import SystemClock
from bot.kube.connection import Connection
from bot.kube.lease import Holder
from bot.kube.parent import Source
from bot.model.delivery import Outcome, Phase
from bot.model.objects import ObjectId
from bot.model.rendering import Trust
from bot.model.repo import RepoId
from bot.model.target import EngineKind, Found, Origin, RendererKind, Target, TargetId
from bot.planning.expansion import Traced
from bot.planning.renderings import Renderings
from bot.planning.workshop import Workshop
from bot.proc.programs import find
from bot.render.sandbox import Bounds
from tests.sandbox.cluster import ControlPlane

RATIO = 10.0
TIMEOUT_S = 300.0
NAMESPACES = ("bench-longshore", "bench-kubectl")
_REPO = RepoId("hub", "bench/objects")
_TARGET = Target(
    TargetId("bench", "objects"),
    path="objects",
    renderer=RendererKind.KUSTOMIZE,
    engine=EngineKind.DIRECT,
    origin=Origin(Found.CONFIG),
)
_UNTOUCHED = "nothing changed, known by its content key"
_WITH, _WITHOUT, _PEER = "rendering included", "rendering excluded", "kubectl"


def measure(directory: Path, rounds: int, say: Callable[[str], None]) -> list[Row]:
    return asyncio.run(_measure(directory, rounds, say))


async def _measure(directory: Path, rounds: int, say: Callable[[str], None]) -> list[Row]:
    say(f"deliver: starting a control plane, delivering {OBJECTS} objects for the first time")
    async with _bench(directory) as bench:
        await bench.first()
        for number in range(rounds):
            say(f"deliver: round {number + 1} of {rounds}")
            await bench.untouched()
            await bench.ours("nothing changed", 0)
            bench.peer("nothing changed")
            bench.change()
            await bench.ours("one changed", 1)
            bench.peer("one changed")
        return bench.rows()


@asynccontextmanager
async def _bench(directory: Path) -> "AsyncIterator[_Bench]":
    repo = directory / "repo"
    start(repo)
    workshop = await make_workshop(directory / "cache", Mask(bytes(32)), 512 << 20, Bounds())
    async with await ControlPlane.start() as plane:
        kubeconfig = plane.access.admin_kubeconfig
        async with KubeClient(Connection("bench", kubeconfig)) as client:
            yield _Bench(directory, repo, kubeconfig, client, workshop)


@dataclass(slots=True)
class _Bench:
    directory: Path
    repo: Path
    kubeconfig: Path
    client: KubeClient
    workshop: Workshop
    runs: Runs = field(default_factory=Runs)
    edition: int = 0

    async def first(self) -> None:
        for namespace in NAMESPACES:
            self._kubectl("create", "namespace", namespace)
        self._write()
        await self._deliver()
        self._apply()

    def change(self) -> None:
        """One ConfigMap has another value from now on, for both."""
        self.edition += 1
        self._write()

    async def untouched(self) -> None:
        """What the delivery loop does for a target that a push did not touch."""
        commit(self.repo, "elsewhere")
        with self.runs.timed(_UNTOUCHED):
            async with Repository.open(self.repo) as repository:
                _, traced = await self._traced(repository)
            found = await standing(self.client, _REPO, _TARGET.id)
        if found is None or found.content_key != traced.key:
            raise WrongResult("the cluster's record has another content key")

    async def ours(self, what: str, changed: int) -> None:
        commit(self.repo, f"{what} {self.edition}")  # a new revision, also where it changes nothing
        began = time.perf_counter()
        rendering_s, written = await self._deliver()
        whole_s = time.perf_counter() - began
        if written != changed:
            raise WrongResult(f"{what}: {written} objects were written")
        self.runs.add(f"{what}, {_WITH}", whole_s)
        self.runs.add(f"{what}, {_WITHOUT}", whole_s - rendering_s)

    def peer(self, what: str) -> None:
        with self.runs.timed(f"{what}, {_PEER}"):
            self._apply()

    async def _deliver(self) -> tuple[float, int]:
        """To the end. How long rendering took of it, and how many objects were written."""
        began = time.perf_counter()
        order = await self._order()
        rendering_s = time.perf_counter() - began
        engine = DirectEngine(self.client, Holder("bench", SystemClock()), Options())
        async with asyncio.timeout(TIMEOUT_S):
            while (step := await engine.step(order)).again_after_s is not None:  # noqa: ASYNC110 - as the queue would
                await asyncio.sleep(step.again_after_s)
            if step.delivery.phase is Phase.PRUNING:
                step = await engine.prune(order)
        if step.delivery.phase is not Phase.DELIVERED:
            raise WrongResult(f"{step.delivery.phase.value}: {step.delivery.reason}")
        return rendering_s, sum(step.delivery.count(o) for o in (Outcome.CREATED, Outcome.CONFIGURED))

    async def _order(self) -> Order:
        """As the target loop makes it."""
        async with Repository.open(self.repo) as repository:
            head = (await repository.branch("main")).sha
            tree, traced = await self._traced(repository)
            rendering = await self._renderings.whole(tree, traced)
        claims = Claims.of(_REPO, {_TARGET.id: rendering})
        masked = self._renderings.mask(rendering)
        return Order(Source(_REPO, "main"), _TARGET, head, rendering, masked, claims, _admit_all, traced.key)

    async def _traced(self, repository: Repository) -> tuple[Tree, Traced]:
        head = (await repository.branch("main")).sha
        tree = await repository.tree(await repository.tree_of(head))
        return tree, await self._renderings.trace(tree, _TARGET, None)

    @property
    def _renderings(self) -> Renderings:
        return Renderings(self.workshop, Trust.TRUSTED)

    def _write(self) -> None:
        for namespace, directory in zip(NAMESPACES, (self.repo / _TARGET.path, self.directory), strict=True):
            directory.mkdir(exist_ok=True)
            (directory / "objects.yaml").write_text(as_yaml(manifests(namespace, self.edition)))
        (self.repo / _TARGET.path / "kustomization.yaml").write_text("resources:\n  - objects.yaml\n")
        commit(self.repo, f"edition {self.edition}")

    def _apply(self) -> None:
        self._kubectl("apply", "--server-side", "--filename", str(self.directory / "objects.yaml"))

    def _kubectl(self, *arguments: str) -> None:
        argv: list[str | Path] = [find("kubectl"), f"--cache-dir={self.directory / 'kubectl'}", *arguments]
        environment = {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.directory)}
        subprocess.run(argv, check=True, capture_output=True, env=environment, timeout=TIMEOUT_S)

    def rows(self) -> list[Row]:
        untouched = self.runs.of(_UNTOUCHED), self.runs.of(f"nothing changed, {_PEER}")
        return [
            Row("deliver", f"{OBJECTS} objects, {_UNTOUCHED}", *untouched, ratio_at_least=RATIO),
            *self._stepped(),
        ]

    def _stepped(self) -> list[Row]:
        return [
            Row(
                "deliver",
                f"{OBJECTS} objects, {what}, {rendering}",
                self.runs.of(f"{what}, {rendering}"),
                self.runs.of(f"{what}, {_PEER}"),
                ratio_at_least=RATIO,
            )
            for what in ("nothing changed", "one changed")
            for rendering in (_WITH, _WITHOUT)
        ]


def _admit_all(identity: ObjectId, *, namespaced: bool) -> bool:  # noqa: ARG001 - the engine names it
    return True
