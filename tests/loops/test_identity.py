"""Paths that change hands: what has taken another repository's path is neither planned nor delivered, on either forge."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.cli.worker import steps_of
from bot.cli.world import open_world
from bot.config import Config
from bot.kube import parent as parents
from bot.kube.applyset import Parent
from bot.kube.listing import listed
from bot.kube.parent import Identity
from bot.kube.record import Record
from bot.loops.identity import AnotherRepository
from bot.loops.world import World
from bot.model.keys import SWEEP, BranchKey, PullKey, TargetKey
from bot.model.repo import RepoId
from bot.model.steps import Blocked, Done, StepContext, StepKey, StepResult, Wake
from bot.model.target import TargetId
from bot.store.connection import Store
from tests.loops.conftest import cluster, running_store
from tests.sandbox.cluster import ClusterAccess, observe
from tests.sandbox.forge import StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.repositories import Repository
from tests.stories.manifests import NS, Files, config_map, target, team

PATH = "acme/fleet"
FLEET = RepoId("hub", PATH)
MOVED = RepoId("hub", "acme/moved")
BRANCH = BranchKey(FLEET, "main")
MAX_STEPS = 40
StandIn = StandInGitHub | StandInGitLab
OURS: Files = {
    ".longshore.yaml": team(target("app")),
    "app/a.yaml": config_map("a", NS, level="1"),
    "app/b.yaml": config_map("b", NS, level="1"),
}
THEIRS: Files = {".longshore.yaml": team(target("app")), "app/a.yaml": config_map("a", NS, level="evil")}


@dataclass(slots=True)
class Hands:
    """One path on a forge, whoever has it, and the worker that serves it."""

    forge: StandIn
    repository: Repository
    namespace: str
    cluster: aiohttp.ClientSession
    config: Mapping[str, Any]
    store: Store
    stack: AsyncExitStack
    world: World = field(init=False)
    woken: list[StepKey] = field(default_factory=list)

    async def restart(self, *, beside: str = "", **entry: Any) -> None:
        """With `entry` as what else config.yaml says of the repository, and another one `beside` it."""
        repositories = [{"forge": "hub", "repository": PATH, **entry}]
        repositories += [{"forge": "hub", "repository": beside}] if beside else []
        config = Config.model_validate({**self.config, "repositories": repositories})
        self.world = await self.stack.enter_async_context(open_world(config, self.store))

    async def changes_hands(self, files: Files = THEIRS) -> str:
        """The repository gets another name, and somebody else's gets its path. Its head."""
        self.rename("moved")
        self.repository = await self.forge.create_repo(PATH)
        return await self.push(files)

    def rename(self, name: str) -> None:
        if isinstance(self.forge, StandInGitLab):
            self.forge.rename(self.repository, f"acme/{name}")
        else:
            self.forge.forge.rename(self.repository, name)

    async def push(self, files: Files, branch: str = "main") -> str:
        placed = {
            path: content.replace(NS, self.namespace) if isinstance(content, str) else content
            for path, content in files.items()
        }
        return await self.forge.push(self.repository, branch, placed)

    async def step(self, key: StepKey) -> StepResult:
        async def wake(*wakes: Wake) -> None:
            self.woken += [one.step for one in wakes if one.step not in self.woken]

        async def superseded() -> bool:
            return False

        context = StepContext(key, "run", 1, (), (), wake, superseded)
        return await steps_of(self.world)[key.loop](context, key.key)

    async def deliver(self, repo: RepoId = FLEET) -> None:
        """Everything that a push sets off, until nothing is woken any more."""
        self.woken = [BranchKey(repo, "main").deliver]
        for _ in range(MAX_STEPS):
            if not self.woken:
                return
            await self.step(self.woken.pop(0))
        raise AssertionError(f"still awake after {MAX_STEPS} steps: {self.woken}")

    async def flush(self) -> None:
        await self.store.redis.flushall()

    async def data(self) -> dict[str, str | None]:
        """The level of each ConfigMap in the cluster."""
        place = f"/api/v1/namespaces/{self.namespace}/configmaps"
        found = {name: await observe.read(self.cluster, f"{place}/{name}") for name in ("a", "b")}
        return {name: one["data"]["level"] if one else None for name, one in found.items()}

    async def records(self) -> list[Identity]:
        """Whose records the cluster has."""
        client = await self.world.clusters("staging")
        return await listed(client, self.world.config.clusters["staging"].namespace)

    async def recorded(self) -> list[int | None]:
        """The numbers on them."""
        return [one.source.number for one in await self.records()]

    async def told(self, sha: str) -> str:
        """All that is said on the commit."""
        if isinstance(self.forge, StandInGitLab):
            said = [
                f"{known.state}: {known.description}" for known in self.forge.statuses(self.repository, sha)
            ]
            return "\n".join([*said, *(note.body for note in await self._remarks(sha))])
        runs = self.forge.check_runs(self.repository, sha)
        return "\n".join(f"{run.conclusion}: {run.title}\n{run.summary}" for run in runs)

    async def _remarks(self, sha: str) -> Any:
        remarks = self.world.forge(FLEET).commit_remarks
        assert remarks is not None
        return await remarks.remarks(FLEET, sha)  # type: ignore[arg-type]


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest) -> StandIn:
    running: StandIn = request.getfixturevalue(request.param)
    return running


@pytest.fixture
async def hands(
    forge: StandIn, tmp_path: Path, control_plane: ClusterAccess, cluster_namespace: str
) -> AsyncIterator[Hands]:
    repository = await forge.create_repo(PATH)
    key = tmp_path / "key"
    entry: dict[str, Any] = {"gitUrl": forge.url, "webhookSecrets": ["${env:HOOK_SECRET}"]}
    if isinstance(forge, StandInGitLab):
        key.write_text(forge.group_token("acme").bearer.text)
        entry |= {"kind": "gitlab", "token": f"${{file:{key}}}"}
    else:
        app = forge.create_app()
        # On all that the account has, and will have.
        forge.install(app, "acme")
        key.write_text(app.private_key)
        entry |= {"apiUrl": forge.api_url, "app": {"id": app.id, "privateKey": f"${{file:{key}}}"}}
    config = {
        "dataDir": str(tmp_path / "data"),
        "forges": {"hub": entry},
        "clusters": {"staging": cluster(control_plane, cluster_namespace)},
    }
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(running_store(tmp_path / "store"))
        session = await stack.enter_async_context(control_plane.session())
        hands = Hands(forge, repository, cluster_namespace, session, config, store, stack)
        await hands.restart()
        await hands.push(OURS)
        await hands.deliver()
        assert await hands.data() == {"a": "1", "b": "1"}
        yield hands


async def test_what_took_the_path_is_not_delivered_after_a_restart(hands: Hands) -> None:
    before = hands.repository.id
    head = await hands.changes_hands()
    await hands.restart()
    await hands.deliver()
    assert await hands.data() == {"a": "1", "b": "1"}
    assert f"was number {before} until now" in await hands.told(head)
    assert f"`id: {hands.repository.id}`" in (await hands.told(head)).replace("\\", "")


async def test_nor_with_the_store_lost_and_the_data_directory_too(hands: Hands, tmp_path: Path) -> None:
    before = hands.repository.id
    head = await hands.changes_hands()
    await hands.flush()
    hands.config = {**hands.config, "dataDir": str(tmp_path / "other")}
    await hands.restart()
    await hands.deliver()
    # Neither written nor deleted, although the other one declares no `b`.
    assert await hands.data() == {"a": "1", "b": "1"}
    assert await hands.recorded() == [before]
    told = await hands.told(head)
    assert f"was number {before} until now" in told
    assert "waiting for a person" in told
    # Not by the way of the target alone either.
    key = TargetKey(TargetId("staging", "app"), BRANCH)
    await hands.flush()
    assert await hands.step(key.step) == Done()
    assert await hands.data() == {"a": "1", "b": "1"}


async def test_what_a_cluster_knows_is_put_back_into_a_store_that_was_lost(hands: Hands) -> None:
    ours = hands.repository
    await hands.changes_hands()
    await hands.flush()
    await hands.restart()
    assert (await hands.world.located(FLEET)).number == hands.repository.id
    await hands.deliver()
    # By now everything is stopped: plans, and deliveries to clusters that have nothing of it yet.
    with pytest.raises(AnotherRepository, match=f"was number {ours.id} until now"):
        await hands.world.located(FLEET)


async def test_a_record_that_somebody_forged_in_a_cluster_of_ours_stops_that_cluster_alone(
    hands: Hands,
) -> None:
    client, forged = await hands.world.clusters("staging"), TargetId("staging", "forged")
    namespace = hands.world.config.clusters["staging"].namespace
    [real] = await hands.records()
    theirs = Identity(Parent.of(FLEET, forged, namespace), replace(real.source, number=4711), forged)
    await parents.create(client, theirs, Record())
    await hands.push({"app/a.yaml": config_map("a", NS, level="2")})
    await hands.deliver()
    assert (await hands.data())["a"] == "1"
    # Plans, and every other cluster.
    assert (await hands.world.located(FLEET)).number == hands.repository.id


async def test_a_branch_of_it_that_declares_nothing_deletes_nothing(hands: Hands) -> None:
    await hands.changes_hands({"README.md": "nothing to see"})
    await hands.flush()
    await hands.restart()
    await hands.deliver()
    assert await hands.data() == {"a": "1", "b": "1"}


async def test_what_the_operator_means_is_delivered_whatever_had_the_path_before(hands: Hands) -> None:
    head = await hands.changes_hands()
    await hands.restart(id=hands.repository.id)
    await hands.deliver()
    # What was delivered is no commit of this one: that is for a person to accept, as with any branch that was rewritten.
    assert "does not contain" in await hands.told(head)
    client, target_id = await hands.world.clusters("staging"), TargetId("staging", "app")
    record = Parent.of(FLEET, target_id, hands.world.config.clusters["staging"].namespace)
    await parents.say(client, record, parents.ACCEPT, head)
    await hands.deliver()
    assert await hands.data() == {"a": "evil", "b": None}
    assert await hands.recorded() == [hands.repository.id]
    # From here on it is the one that is held.
    await hands.flush()
    await hands.restart()
    await hands.push({"app/a.yaml": config_map("a", NS, level="3")})
    await hands.deliver()
    assert await hands.data() == {"a": "3", "b": None}


async def test_another_number_than_the_operator_wrote_down_is_neither_planned_nor_delivered(
    hands: Hands,
) -> None:
    await hands.restart(id=hands.repository.id + 1)
    pushed = await hands.push({"app/a.yaml": config_map("a", NS, level="2")})
    assert isinstance(await hands.step(BRANCH.deliver), Blocked)
    assert f"means number {hands.repository.id + 1}" in await hands.told(pushed)
    with pytest.raises(AnotherRepository):
        async with hands.world.mirror(FLEET):
            pass
    assert await hands.data() == {"a": "1", "b": "1"}


async def test_a_pull_request_of_what_took_the_path_is_told_so_in_place_of_a_plan(hands: Hands) -> None:
    before = hands.repository.id
    await hands.changes_hands()
    await hands.push({"app/a.yaml": config_map("a", NS, level="worse")}, "change")
    pull = await hands.forge.open_pull(hands.repository, "change")
    await hands.restart()
    assert await hands.step(PullKey(FLEET, pull.number).plan) == Done()
    (comment,) = await hands.world.forge(FLEET).comments(FLEET, pull.number)
    assert f"number {before} until now" in comment.body
    assert "level" not in comment.body


async def test_the_sweep_remembers_the_one_that_is_held_and_says_which(hands: Hands) -> None:
    sweep, number = StepKey(SWEEP, str(FLEET)), hands.repository.id
    await hands.flush()
    await hands.restart()
    with capture_logs() as logs:
        await hands.step(sweep)
        await hands.step(sweep)
    held = [one for one in logs if one["event"] == "repository_held"]
    assert [(one["repo"], one["number"], one["by"]) for one in held] == [(str(FLEET), number, "sight")]
    await hands.changes_hands()
    await hands.restart()
    with capture_logs() as logs:
        await hands.step(sweep)
    assert [one["repo"] for one in logs if one["event"] == "another_repository"] == [str(FLEET)]
    assert await hands.world.identities.names.path_of("hub", number) == PATH
    assert await hands.world.identities.names.path_of("hub", hands.repository.id) is None


@pytest.mark.parametrize("forge", ["gitlab"], indirect=True)
async def test_a_project_that_was_only_renamed_is_delivered_on(hands: Hands, forge: StandInGitLab) -> None:
    forge.rename(hands.repository, "acme/moved")
    await hands.flush()
    await hands.restart(id=hands.repository.id)
    await hands.push({"app/a.yaml": config_map("a", NS, level="2")})
    await hands.deliver()
    assert await hands.data() == {"a": "2", "b": "1"}


async def test_what_was_delivered_goes_along_with_a_repository_whose_new_path_is_written_down(
    hands: Hands,
) -> None:
    hands.rename("moved")
    await hands.restart(repository=MOVED.path)
    await hands.push({"app/a.yaml": config_map("a", NS, level="2"), "app/b.yaml": None})
    await hands.deliver(MOVED)
    assert await hands.data() == {"a": "2", "b": None}
    # Under its own name alone.
    assert [one.source.repo for one in await hands.records()] == [MOVED]
    await hands.push({"app/a.yaml": config_map("a", NS, level="3")})
    await hands.deliver(MOVED)
    assert await hands.data() == {"a": "3", "b": None}


async def test_nothing_goes_along_while_the_old_path_is_named_as_well(hands: Hands) -> None:
    hands.rename("moved")
    await hands.restart(repository=MOVED.path, beside=PATH)
    await hands.push({"app/a.yaml": config_map("a", NS, level="2"), "app/b.yaml": None})
    await hands.deliver(MOVED)
    assert await hands.data() == {"a": "1", "b": "1"}


async def test_a_number_alone_proves_nothing_where_the_history_is_another_one(hands: Hands) -> None:
    hands.repository = await hands.forge.create_repo(MOVED.path)
    await hands.push(THEIRS)
    await hands.restart(repository=MOVED.path)
    # As on another forge that was given the same name.
    client, (record,) = await hands.world.clusters("staging"), await hands.records()
    number = {parents.REPOSITORY_ID: str(hands.repository.id)}
    place = (record.parent.namespace, record.parent.name)
    await client.merge(parents.CONFIG_MAP, *place, {"metadata": {"annotations": number}})
    await hands.deliver(MOVED)
    assert await hands.data() == {"a": "1", "b": "1"}
