"""The loops on real parts, without queue and processes: a strict GitHub, an API server, a store, the world of a worker."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.cli.worker import steps_of
from bot.cli.world import open_world
from bot.config import Config
from bot.loops.world import World
from bot.model.keys import BranchKey, PullKey
from bot.model.repo import RepoId
from bot.model.steps import Again, StepContext, StepKey, StepResult, Wake
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from tests.sandbox.cluster import ClusterAccess, observe
from tests.sandbox.forge import StandInGitHub
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import Installation
from tests.sandbox.forge.github.checks import CheckRun
from tests.stories.manifests import NS, Files

MAX_STEPS = 60


@dataclass(slots=True)
class House:
    """One repository, `acme/fleet`, and the loops that serve it. Steps run one after the other, when they are told to."""

    github: StandInGitHub
    repository: Repository
    installation: Installation
    namespace: str
    cluster: aiohttp.ClientSession
    config: Mapping[str, Any]
    store: Store
    stack: AsyncExitStack
    world: World = field(init=False)
    woken: list[StepKey] = field(default_factory=list)
    is_superseded: bool = False

    async def open(self, **override: Any) -> None:
        """Start the worker's world, with other settings than usual where they are named."""
        config = Config.model_validate({**self.config, **override})
        self.world = await self.stack.enter_async_context(open_world(config, self.store))

    @property
    def repo(self) -> RepoId:
        return RepoId("hub", self.repository.full_name)

    @property
    def branch(self) -> BranchKey:
        return BranchKey(self.repo, "main")

    async def step(self, key: StepKey, *, attempt: int = 1) -> StepResult:
        async def wake(*wakes: Wake) -> None:
            self.woken += [w.step for w in wakes if w.step not in self.woken]

        async def superseded() -> bool:
            return self.is_superseded

        context = StepContext(key, "run", attempt, (), (), wake, superseded)
        return await steps_of(self.world)[key.loop](context, key.key)

    async def deliver(self) -> int:
        """Everything that a push sets off, until nothing is woken any more. How many steps that took."""
        self.woken = [self.branch.deliver]
        for count in range(MAX_STEPS):
            if not self.woken:
                return count
            key = self.woken.pop(0)
            if isinstance(await self.step(key), Again) and key != self.branch.deliver:
                self.woken.append(key)
        raise AssertionError(f"still awake after {MAX_STEPS} steps: {self.woken}")

    async def plan(self, pull: Pull, *, attempt: int = 1) -> StepResult:
        return await self.step(PullKey(self.repo, pull.number).plan, attempt=attempt)

    async def push(self, files: Files, branch: str = "main") -> str:
        placed = {
            path: content.replace(NS, self.namespace) if isinstance(content, str) else content
            for path, content in files.items()
        }
        return await self.github.push(self.repository, branch, placed)

    async def pull(self, files: Files, branch: str = "change", **how: Any) -> Pull:
        await self.push(files, branch)
        return await self.github.open_pull(self.repository, branch, **how)

    def check(self, sha: str, name: str) -> CheckRun:
        """The newest of the bot's checks of this name."""
        return [run for run in self.github.check_runs(self.repository, sha) if run.name == name][-1]

    async def data(self, name: str) -> Mapping[str, str] | None:
        found = await observe.read(self.cluster, f"/api/v1/namespaces/{self.namespace}/configmaps/{name}")
        return found["data"] if found else None


@pytest.fixture
async def house(
    tmp_path: Path, github: StandInGitHub, control_plane: ClusterAccess, cluster_namespace: str
) -> AsyncIterator[House]:
    repository = await github.create_repo("acme/fleet")
    app = github.create_app()
    installation = github.install(app, "acme", [repository])
    key = tmp_path / "app.pem"
    key.write_text(app.private_key)
    forge = {
        "apiUrl": github.api_url,
        "gitUrl": github.url,
        "app": {"id": app.id, "privateKey": f"${{file:{key}}}"},
        "webhookSecrets": ["${env:HOOK_SECRET}"],
    }
    config = {
        "dataDir": str(tmp_path / "data"),
        "forges": {"hub": forge},
        "repositories": [{"forge": "hub", "repository": "acme/fleet"}],
        "clusters": {
            "staging": cluster(control_plane, cluster_namespace),
        },
    }
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(running_store(tmp_path / "store"))
        session = await stack.enter_async_context(control_plane.session())
        house = House(github, repository, installation, cluster_namespace, session, config, store, stack)
        await house.open()
        yield house


def cluster(access: ClusterAccess, namespace: str, **override: Any) -> dict[str, Any]:
    allow = {"repository": "acme/*", "branches": ["*"], "namespaces": [namespace]}
    return {
        "kubeconfig": str(access.admin_kubeconfig),
        "environment": "staging",
        "namespace": f"longshore-{secrets.token_hex(4)}",
        "allow": [allow],
        **override,
    }


@asynccontextmanager
async def running_store(directory: Path) -> AsyncIterator[Store]:
    server = EmbeddedStore(directory)
    await server.start()
    store = Store.open(server.url)
    try:
        yield store
    finally:
        await store.close()
        await server.stop()
