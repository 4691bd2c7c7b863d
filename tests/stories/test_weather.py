"""Everything at once, at random and repeatable: whatever the order, the end is the same."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.model.steps import StepKey
from tests.sandbox.cluster import ClusterAccess
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.faults import Faults, Phase
from tests.stories.manifests import NS, config_map
from tests.stories.story import DELIVER, PLAN
from tests.stories.town import Forge, identity_on
from tests.stories.universe import Universe, universe

pytestmark = [pytest.mark.timeout(240)]

SEED = 7
BAD_WEATHER_S = 20.0
PAUSE_S = 0.7
CONVERGES_WITHIN_S = 90.0
CLUSTER_PATHS = ("/configmaps", "/leases")


class Weather:
    """What may happen to a universe; every choice comes from the seed."""

    def __init__(self, here: Universe, seed: int) -> None:
        self.here, self.story = here, here.story
        self.random = random.Random(seed)
        self.pulls: list[Pull] = []

    async def blow(self) -> str:
        happening: Callable[[], Awaitable[object]] = self.random.choices(
            (self.push, self.open, self.merge, self.kill, self.flush, self.forge_fault, self.cluster_fault),
            weights=(3, 3, 2, 2, 1, 4, 4),
        )[0]
        await happening()
        return happening.__name__

    async def push(self) -> None:
        await self.here.change()

    async def open(self) -> None:
        name = f"extra-{len(self.pulls)}"
        pull = await self.story.open({f"app/{name}.yaml": config_map(name, NS, level="1")})
        self.pulls.append(pull)
        if self.random.random() < 0.7:  # the rest of the webhooks is lost
            await self.here.wake(StepKey("plan", self.story.key(pull)))

    async def merge(self) -> None:
        still_open = [pull for pull in self.pulls if pull.is_open]
        if still_open:
            await self.story.merge(self.random.choice(still_open))

    async def kill(self) -> None:
        await self.here.worker.kill()
        await self.here.worker.start()

    async def flush(self) -> None:
        await self.here.store.redis.flushall()

    async def forge_fault(self) -> None:
        self._strike(self.story.town.forge.faults, "GET|POST|PATCH", self.random.choice(self._forge_paths))

    @property
    def _forge_paths(self) -> tuple[str, ...]:
        at = self.story.town.sight.paths
        return (at.comments, at.checks, "/deployments", at.pull, "git-upload-pack", "/access_tokens")

    async def cluster_fault(self) -> None:
        self._strike(self.here.proxy.faults, "GET|PUT|PATCH|DELETE", self.random.choice(CLUSTER_PATHS))

    def _strike(self, faults: Faults, methods: str, path: str) -> None:
        phases: tuple[Phase, ...] = ("before", "after")
        phase = self.random.choice(phases)
        match self.random.choice(("limit", "answer", "reset")):
            case "limit":
                faults.rate_limit(f"({methods})", path)
            case "answer":
                faults.answer(f"({methods})", path, self.random.choice((500, 502, 503)), phase=phase)
            case _:
                faults.reset(f"({methods})", path, phase=phase)


@pytest.mark.parametrize("seed", [SEED])
async def test_a_random_mix_of_everything_ends_as_if_nothing_had_happened(
    tmp_path: Path, forge: Forge, control_plane: ClusterAccess, seed: int
) -> None:
    async with universe(tmp_path / "here", forge, control_plane, identity_on(forge), sweep="3s") as here:
        weather, story, happened = Weather(here, seed), here.story, list[str]()
        async with asyncio.timeout(BAD_WEATHER_S * 4):
            clock = asyncio.get_running_loop()
            until_s = clock.time() + BAD_WEATHER_S
            while clock.time() < until_s:
                happened.append(await weather.blow())
                await asyncio.sleep(PAUSE_S)
        forge.faults._requests.clear()
        here.proxy.faults._requests.clear()
        if not here.worker.process.is_running:
            await here.worker.start()
        sha = await here.change()
        what = f"seed {seed}: {happened}"

        def is_calm() -> bool:
            verdict = story.verdict(sha, DELIVER)
            plans = [story.verdict(p.head_sha, PLAN) for p in weather.pulls if p.is_open]
            return (
                verdict is not None
                and verdict.conclusion == "success"
                and all(plan is not None and plan.conclusion == "success" for plan in plans)
                and all(story.said(p, "plan" if p.is_open else "delivery") for p in weather.pulls)
            )

        await story.until(is_calm, what, within_s=CONVERGES_WITHIN_S)
        objects = await story.live("configmaps")
        assert objects is not None
        live = {o["metadata"]["name"]: o["data"].get("level") for o in objects["items"]}
        del live["kube-root-ca.crt"]
        extra = {f"extra-{n}": "1" for n, pull in enumerate(weather.pulls) if not pull.is_open}
        assert live == {**here.settings, **extra}, what
        for pull in weather.pulls:
            assert len(story.said(pull, "plan")) <= 1, what
            assert len(story.said(pull, "delivery")) == (0 if pull.is_open else 1), what
        made = [(environment, commit) for environment, commit, _ in story.deployments()]
        assert len(made) == len(set(made)), what
