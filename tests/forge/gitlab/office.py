"""A worker's world on a strict GitLab, and its loops one step at a time."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.worker import steps_of
from bot.cli.world import open_world
from bot.config import Config
from bot.loops.world import World as Worker
from bot.model.keys import PullKey
from bot.model.repo import RepoId
from bot.model.steps import StepContext, StepKey, StepResult, Wake
from bot.store.connection import Store
from tests.loops.conftest import running_store
from tests.sandbox.forge.core.conversations import Pull
from tests.stories.manifests import config_map, target, team

if TYPE_CHECKING:
    from tests.forge.gitlab.conftest import World

FLEET = RepoId("lab", "acme/platform/fleet")
CHECK = "longshore/plan"
FILES = {
    ".longshore.yaml": team(target("app")),
    "app/a.yaml": config_map("a", "shop", level="1"),
    ".sops.yaml": "creation_rules:\n  - path_regex: secrets/.*\n",
}
CHANGE = {"app/a.yaml": config_map("a", "shop", level="2")}


@dataclass
class Office:
    """A worker's world; steps run one after the other, when they are told to."""

    outside: "World"
    store: Store
    config: dict[str, Any]
    stack: AsyncExitStack
    worker: Worker = field(init=False)
    woken: list[StepKey] = field(default_factory=list)
    is_superseded: bool = False

    async def open(self, **forge: Any) -> None:
        """Start the worker, with other settings of the forge than usual where they are named."""
        lab = {**self.config["forges"]["lab"], **forge}
        config = Config.model_validate({**self.config, "forges": {"lab": lab}})
        self.worker = await self.stack.enter_async_context(open_world(config, self.store))

    async def step(self, key: StepKey, *reasons: str) -> StepResult:
        async def wake(*wakes: Wake) -> None:
            self.woken += [one.step for one in wakes]

        async def superseded() -> bool:
            return self.is_superseded

        context = StepContext(key, "run", 1, reasons, (), wake, superseded)
        return await steps_of(self.worker)[key.loop](context, key.key)

    async def plan(self, pull: Pull, *reasons: str) -> StepResult:
        return await self.step(PullKey(FLEET, pull.number).plan, *reasons)

    async def opened(self, files: dict[str, str] = CHANGE, branch: str = "change") -> Pull:
        await self.outside.gitlab.push(self.outside.fleet, branch, files)
        return await self.outside.gitlab.open_pull(self.outside.fleet, branch)

    def states(self, sha: str) -> list[str]:
        return [
            known.state
            for known in self.outside.gitlab.statuses(self.outside.fleet, sha)
            if known.context == CHECK
        ]

    def said(self, pull: Pull) -> list[str]:
        return [remark.body for remark in self.outside.gitlab.remarks(pull)]


@asynccontextmanager
async def opened_office(world: "World", tmp_path: Path) -> AsyncIterator[Office]:
    token = tmp_path / "token"
    token.write_text(world.token.bearer.text)
    config = {
        "dataDir": str(tmp_path / "data"),
        "forges": {
            "lab": {
                "kind": "gitlab",
                "gitUrl": world.gitlab.url,
                "token": f"${{file:{token}}}",
                "webhookSecrets": ["${env:HOOK_SECRET}"],
            }
        },
        "repositories": [{"forge": "lab", "repository": FLEET.path}],
        "clusters": {
            "staging": {
                "environment": "staging",
                "kubeVersion": "1.34.2",
                "allow": [{"repository": FLEET.path, "branches": ["*"], "namespaces": ["shop"]}],
            }
        },
        "sandbox": {"forks": "always"},
    }
    await world.gitlab.push(world.fleet, "main", FILES)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(running_store(tmp_path / "store"))
        office = Office(world, store, config, stack)
        await office.open()
        yield office
