"""A bot that can be killed at any write: one worker, its own store, one repository, and a way to the API server that counts.

Invariant: every write to the forge and to the cluster that others could see passes `Universe.note`, which numbers it.
"""

import asyncio
import os
import re
import secrets
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bot.model.steps import StepKey, Wake
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.queue import Queue
from tests.sandbox.cluster import ClusterAccess
from tests.sandbox.forge import Seen
from tests.sandbox.forge.core.conversations import Pull
from tests.stories.apiproxy import ApiProxy, api_proxy
from tests.stories.bot import LoneWorker
from tests.stories.manifests import NS, config_map, target, team
from tests.stories.patience import NeverCame
from tests.stories.story import DELIVER, PLAN, Story
from tests.stories.town import Forge, Identity, Plan, Town, cluster, config_of

_PATIENCE_S = 120.0
_TIMES = re.compile(r"planned in [\d.]+ m?s")


@dataclass(frozen=True, slots=True)
class Kill:
    """At the `number`th write of a round, before it takes effect or after it."""

    number: int
    phase: Literal["before", "after"]


@dataclass(eq=False, slots=True)
class Universe:
    story: Story
    worker: LoneWorker
    proxy: ApiProxy
    store: Store
    config: Mapping[str, Any]
    written: list[str] = field(default_factory=list)
    """The writes of this round, in order."""
    kill: Kill | None = None
    _numbers: dict[tuple[str, int], int] = field(default_factory=dict)
    _round: int = 1000
    """Large, so that it can be told from every other number in a comment."""

    def note_forge(self, seen: Seen) -> None:
        if self.story.town.sight.is_about(self.story.repo, seen.path):
            self._note("forge", seen)

    def note_cluster(self, seen: Seen) -> None:
        self._note("cluster", seen)

    def _note(self, place: str, seen: Seen) -> None:
        if not seen.is_write:
            return
        if seen.phase == "before":
            self.written.append(f"{place} {seen.method} {seen.path}")
            self._numbers[place, seen.number] = len(self.written)
        at = self._numbers.get((place, seen.number), 0)
        if self.kill is not None and self.kill == Kill(at, seen.phase):
            self.kill = None
            os.kill(self.worker.process.pid, signal.SIGKILL)
            raise ConnectionResetError

    @asynccontextmanager
    async def second_worker(self, directory: Path, access: ClusterAccess) -> AsyncIterator[LoneWorker]:
        """Beside the same store, with a way to the cluster of its own."""
        async with api_proxy(access) as proxy:
            worker = LoneWorker(directory, url=self.worker.store_url)
            staging = {
                **self.config["clusters"]["staging"],
                "kubeconfig": str(proxy.kubeconfig(directory / "proxy.kubeconfig")),
            }
            worker.configure({**self.config, "clusters": {"staging": staging}})
            await worker.start()
            try:
                yield worker
            finally:
                await worker.stop()

    async def wake(self, step: StepKey) -> None:
        """As the web process would."""
        await Queue(self.store).wake(Wake(step, "a webhook", supersedes=True))

    async def found(self) -> None:
        """The state that every round starts from."""
        await self.story.push({".longshore.yaml": team(target("app")), **self._settings(self._round)})
        await self.wake(self._branch)
        await self.story.delivered()

    async def round(self, kill: Kill | None = None) -> dict[str, Any]:
        """A pull request that changes one object, adds one and takes one out: planned, merged, delivered.

        Its end as anybody can see it, with what differs from round to round by nature called the same.
        """
        self._round += 1
        now, story = self._round, self.story
        self.written.clear()
        self._numbers.clear()
        self.kill = kill
        pull = await story.open({**self._settings(now), f"app/new-{now - 1}.yaml": None})
        await self.wake(StepKey("plan", story.key(pull)))
        await self._converged(lambda: self._is_planned(pull), f"round {now}, {kill}: planned")
        sha = await story.merge(pull)
        await self.wake(self._branch)
        await self.wake(StepKey("plan", story.key(pull)))
        await self._converged(lambda: self._is_delivered(pull, sha), f"round {now}, {kill}: delivered")
        assert self.kill is None, f"{kill} was never reached: {self.written}"
        return await self._seen(pull, sha)

    @property
    def settings(self) -> dict[str, str]:
        """The ConfigMaps of the state as it was pushed last, and the level of each."""
        return {"settings": str(self._round), f"new-{self._round}": str(self._round)}

    def _settings(self, number: int) -> dict[str, str]:
        """One object that every round changes, and one that it adds and the next takes out."""
        return {
            "app/settings.yaml": config_map("settings", NS, level=str(number)),
            f"app/new-{number}.yaml": config_map(f"new-{number}", NS, level=str(number)),
        }

    async def change(self) -> str:
        """The next state, pushed without a pull request."""
        self._round += 1
        sha = await self.story.push({**self._settings(self._round), f"app/new-{self._round - 1}.yaml": None})
        await self.wake(self._branch)
        return sha

    async def _converged(self, look: Any, what: str) -> None:
        """Until it looks so, with the worker started again whenever it is dead."""

        async def step() -> bool:
            if not self.worker.process.is_running:
                await self.worker.start()
            return bool(look())

        try:
            await self.story.comes_to(step, what, within_s=_PATIENCE_S)
        except NeverCame:
            self.worker.process.send(signal.SIGUSR1)
            await asyncio.sleep(1)  # for its words to be in the log
            raise NeverCame(f"{what}\n{self.story.dump()}\n{self.worker.log.tail('task_waits')}") from None

    def _is_planned(self, pull: Pull) -> bool:
        verdict = self.story.verdict(pull.head_sha, PLAN)
        return bool(self.story.said(pull, "plan")) and verdict is not None and verdict.conclusion is not None

    def _is_delivered(self, pull: Pull, sha: str) -> bool:
        verdict = self.story.verdict(sha, DELIVER)
        return (
            verdict is not None and verdict.conclusion is not None and bool(self.story.said(pull, "delivery"))
        )

    async def _seen(self, pull: Pull, sha: str) -> dict[str, Any]:
        story = self.story
        sight = story.town.sight
        verdicts = [(sha == at, v) for at in (pull.head_sha, sha) for v in sight.verdicts(story.repo, at)]
        newest = {(v.name, is_merge): (v.conclusion, v.title) for is_merge, v in verdicts}
        objects = await story.live("configmaps") or {}
        parents = await story.live(f"/api/v1/namespaces/{story.town.state_namespace}/configmaps") or {}
        return {
            "comments": [
                self._plain(comment.body.partition("\n")[2], pull, sha)
                for comment in story.town.forge.remarks(pull)
            ],
            "checks": newest,
            "unfinished checks": [v.name for _, v in verdicts if v.conclusion is None],
            "deployments": [(where, state) for where, at, state in story.deployments() if at == sha],
            "objects": {
                self._told(o["metadata"]["name"]): self._told(o["data"]["level"])
                for o in objects["items"]
                if "level" in o["data"]
            },
            "records": [
                (a["longshore.dev/phase"], a["longshore.dev/revision"] == sha, a["longshore.dev/objects"])
                for a in (p["metadata"].get("annotations", {}) for p in parents["items"])
                if a.get("longshore.dev/repository", "").endswith(story.repo.full_name)
            ],
        }

    def _plain(self, body: str, pull: Pull, sha: str) -> str:
        """A comment without what changes from round to round."""
        text = _TIMES.sub("planned in a while", body)
        text = re.sub(r"\b[0-9a-f]{10}(\.\.[0-9a-f]{10})?\b", "COMMIT", text)
        text = re.sub(r"\(http[^)]*\)", "(URL)", text).replace(self.story.name, "STORY")
        text = re.sub(rf"[#!]{pull.number}\b", "#N", text)
        return self._told(text)

    def _told(self, text: str) -> str:
        return text.replace(str(self._round), "NOW").replace(str(self._round - 1), "BEFORE")

    @property
    def _branch(self) -> StepKey:
        return StepKey("deliver", self.story.branch_key)


@asynccontextmanager
async def universe(
    directory: Path, forge: Forge, access: ClusterAccess, identity: Identity, *, sweep: str = "10m"
) -> AsyncIterator[Universe]:
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(api_proxy(access))
        cluster_session = await stack.enter_async_context(access.session())
        keeper = EmbeddedStore(directory / "store")
        await keeper.start()
        stack.push_async_callback(keeper.stop)
        store = Store.open(keeper.url)
        stack.push_async_callback(store.close)
        worker = LoneWorker(directory / "bot", url=keeper.url)
        namespace = f"longshore-{secrets.token_hex(4)}"
        town = Town(forge, access, cluster_session, worker, identity, namespace, has_web=False)
        story = await town.story("universe")
        way = proxy.kubeconfig(directory / "proxy.kubeconfig")
        plan = Plan(
            clusters=lambda town: {"staging": cluster(town, "staging", way)},
            settings={"schedules": {"sweep": sweep}},
        )
        config = dict(config_of(town, plan))
        # It serves its own repository and no other universe's.
        config["repositories"] = [{"forge": "hub", "repository": story.repo.full_name}]
        del config["clusters"]["production"]
        worker.configure(config)
        made = Universe(story, worker, proxy, store, config)
        forge.faults.on_request.append(made.note_forge)
        proxy.faults.on_request.append(made.note_cluster)
        await worker.start()
        stack.push_async_callback(worker.stop)
        await made.found()
        yield made
