"""What web and worker take: the bot as it runs in production, after its start and after the work of the other benches.

Between a stand-in GitHub and a control plane it plans a change of one overlay and one of the base of 39 in the fleet
of 300 kustomizations, delivers 500 objects twice, and takes a thousand deliveries at once. One run: memory has no
spread to speak of.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.fleet import Change, edited, files
from bench.intake import DELIVERIES, burst
from bench.measure import Row, Unit
from bench.processes import peak_mib, share_mib
from bench.workload import OBJECTS, as_yaml, manifests
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.queue import Queue
from tests.sandbox.cluster import ControlPlane
from tests.stories.bot import HOOK_SECRET
from tests.stories.manifests import target, team
from tests.stories.patience import until
from tests.stories.story import PLAN, Story
from tests.stories.town import Town, founded

LIMIT_MIB = 150.0
PATIENCE_S = 300.0


def measure(directory: Path, _rounds: int, say: Callable[[str], None]) -> list[Row]:
    return asyncio.run(_measure(directory, say))


async def _measure(directory: Path, say: Callable[[str], None]) -> list[Row]:
    say("memory: starting a control plane, a stand-in GitHub and the bot")
    async with await ControlPlane.start() as plane, founded(directory / "town", None, plane.access) as town:
        scales = _Scales(town)
        scales.weigh("started")
        say("memory: planning changes of the fleet")
        fleet = await _plan(town)
        say(f"memory: delivering {OBJECTS} objects, twice")
        await _deliver(town)
        say(f"memory: {DELIVERIES} deliveries at once")
        await _take(town, fleet)
        scales.weigh("after the work")
        return scales.rows


@dataclass(slots=True)
class _Scales:
    town: Town
    rows: list[Row] = field(default_factory=list)

    def weigh(self, when: str) -> None:
        for role in ("web", "worker"):
            pid = _pid(self.town, role)
            for what, mib in (("now", share_mib(pid)), ("at most so far", peak_mib(pid))):
                shown = f"{role}, {when}: {what}"
                self.rows.append(Row("memory", shown, (mib,), unit=Unit.MEBIBYTES, at_most=LIMIT_MIB))


def _pid(town: Town, role: str) -> int:
    """Of the process that has the role now, as the supervisor told it."""
    told = [e for e in town.bot.log.events if e.get("event") == "role_started" and e["role"] == role]
    return int(told[-1]["pid"])


async def _plan(town: Town) -> Story:
    story = await town.story("fleet", files())
    for change in (Change.OVERLAY, Change.BASE):
        pull = await story.open(edited(change, 1), change.value)

        def is_planned(sha: str = pull.head_sha) -> bool:
            verdict = story.verdict(sha, PLAN)
            return verdict is not None and verdict.conclusion is not None

        await story.until(lambda: is_planned() or None, f"{change.value} is planned", within_s=PATIENCE_S)
        await story.planned(pull, f"{change.targets} of ", conclusion="success")
    return story


async def _deliver(town: Town) -> None:
    story = await town.story("objects")
    for edition in range(2):
        sha = await story.push(
            {
                ".longshore.yaml": team(target("objects", renderer="kustomize")),
                "objects/kustomization.yaml": "resources:\n  - objects.yaml\n",
                "objects/objects.yaml": as_yaml(manifests(story.name, edition)),
            }
        )
        await story.delivered(sha, within_s=PATIENCE_S)


async def _take(town: Town, story: Story) -> None:
    """Every one is about a pull request that the worker looks for in vain; it is done when the queue is empty."""
    await burst(town.bot.port, secret=HOOK_SECRET, repository=story.repo.full_name)
    store = Store.open(EmbeddedStore(town.bot.data_dir).url)
    try:
        queue = Queue(store)

        async def is_idle() -> bool:
            status = await queue.status()
            return status.interactive + status.running == 0

        await until(is_idle, "all deliveries are worked off", within_s=PATIENCE_S, dump=town.bot.log.tail)
    finally:
        await store.close()
