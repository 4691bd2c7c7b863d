"""A worker that dies, sleeps or loses its cluster: the next one ends what it began."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from bot.aio import gather_bounded
from bot.engines.base import Step
from bot.engines.direct.engine import DirectEngine
from bot.kube.client import KubeClient
from bot.kube.connection import Connection
from bot.kube.parent import CONFIG_MAP, read
from bot.kube.resources import Write
from bot.model.delivery import Outcome, Phase
from bot.model.objects import Manifest
from bot.model.target import Target
from tests.engines.direct.world import TestClock, World, config_map, deliver, make_target
from tests.sandbox.cluster.background import BackgroundPlane


class Killed(BaseException):
    """The process is gone: nothing may catch it."""


class Killer:
    """Ends the process at its nth write, and lets nothing out after that."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.writes: list[str] = []

    async def admit(self, write: Write) -> float | None:
        self.writes.append(str(write))
        if len(self.writes) >= self.at:
            raise Killed
        return None


def manifests(world: World, life: str, names: str, **data: str) -> list[Manifest]:
    """Something for each of the three stages."""
    fresh = f"{world.namespace}-{life}"
    rbac, scheduling = "rbac.authorization.k8s.io/v1", "scheduling.k8s.io/v1"
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fresh}},
        {"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": fresh}, "rules": []},
        {"apiVersion": scheduling, "kind": "PriorityClass", "metadata": {"name": fresh}, "value": 1},
        *(config_map(fresh, name, **data) for name in names),
    ]


async def life(world: World, engine: DirectEngine, name: str, target: Target) -> Step:
    """Delivered, then changed: one object less, one more, one different."""
    await deliver(engine, world.order(manifests(world, name, "abc"), target=target))
    return await deliver(engine, world.order(manifests(world, name, "abd", k="2"), target=target, revision=2))


@pytest.mark.timeout(180)  # some twenty lives, on a machine that may be busy
async def test_killed_at_any_write_the_next_worker_ends_it(world: World) -> None:
    count = Killer(at=10_000)
    await life(world, world.engine(count), "t0", make_target("t0"))
    total = len(count.writes)
    assert total > 15
    client = world.client()
    killed = await gather_bounded(8, lambda n: die_and_recover(world, client, n), range(1, total + 1))
    # The first life alone had to make the namespace of our state, and waits write a record now and then.
    assert sum(killed) >= total - 4


async def die_and_recover(world: World, client: KubeClient, number: int) -> bool:
    """Die at the nth write of a life; whether it had so many."""
    name, target = f"t{number}", make_target(f"t{number}")
    killer, clock = Killer(number), TestClock()
    with suppress(Killed):
        await life(world, world.engine(client=client.gated(killer), worker="dead"), name, target)
    heir = world.engine(client=client, worker="heir", clock=clock)
    order = world.order(manifests(world, name, "abd", k="2"), target=target, revision=2)
    first = await heir.step(order)
    if first.delivery.phase is Phase.PRUNING:
        first = await heir.prune(order)
    if first.delivery.phase is Phase.WAITING:
        clock.advance(40)
    step = await deliver(heir, order)
    last = killer.writes[-1]
    assert step.delivery.phase is Phase.DELIVERED, (last, step)
    held = await read(client, world.parent(target))
    assert held is not None
    fresh = f"{world.namespace}-{name}"
    assert {e.name for e in held.record.entries if e.kind == "ConfigMap"} == set("abd"), last
    assert all(e.uid and not e.outcome.startswith("?") for e in held.record.entries), last
    live = {m.name for m in await client.list_metadata(CONFIG_MAP, namespace=fresh)}
    assert live - {"kube-root-ca.crt"} == set("abd"), last
    assert (held.record.revision, len(held.record.entries)) == (order.revision, 6), last
    return len(killer.writes) >= number


class Sleeper:
    """Stops in front of its nth apply until it is woken."""

    def __init__(self, at: int) -> None:
        self._left = at
        self.asleep, self.woken = asyncio.Event(), asyncio.Event()

    async def admit(self, write: Write) -> float | None:
        if write.verb == "apply":
            self._left -= 1
            if self._left == 0:
                self.asleep.set()
                await self.woken.wait()
        return None


async def overtake(world: World, *, clock_runs_on: bool) -> tuple[Step, Step, World]:
    """One worker sleeps in front of its last apply; another takes over and delivers the next revision."""
    ns, clock = world.namespace, TestClock()
    sleeper = Sleeper(at=2)
    slow = world.engine(sleeper, worker="slow", clock=clock)
    old = world.order([config_map(ns, "a", k="old"), config_map(ns, "b", k="old")])
    slept = asyncio.create_task(slow.step(old))
    await sleeper.asleep.wait()
    fast_clock = TestClock()
    fast = world.engine(worker="fast", clock=fast_clock)
    new = world.order([config_map(ns, "a", k="new"), config_map(ns, "b", k="new")], revision=2)
    waiting = await fast.step(new)
    assert waiting.delivery.phase is Phase.WAITING
    assert "slow delivers" in waiting.delivery.reason
    fast_clock.advance(40)
    step = await deliver(fast, new)
    if clock_runs_on:
        clock.advance(40)
    sleeper.woken.set()
    return step, await slept, world


async def test_a_worker_that_slept_writes_nothing_when_it_wakes(world: World) -> None:
    step, slept, _ = await overtake(world, clock_runs_on=True)
    assert step.delivery.phase is Phase.DELIVERED
    assert slept.delivery.phase is Phase.WAITING
    assert "lease ran out" in slept.delivery.reason
    for name in "ab":
        live = await world.client().find(CONFIG_MAP, world.namespace, name)
        assert live is not None
        assert live["data"] == {"k": "new"}


async def test_a_worker_whose_clock_slept_too_is_stopped_by_the_fence(world: World) -> None:
    step, slept, _ = await overtake(world, clock_runs_on=False)
    assert step.delivery.phase is Phase.DELIVERED
    assert slept.delivery.phase is Phase.WAITING
    held = await read(world.client(), world.parent())
    assert held is not None
    assert held.record.revision == step.delivery.revision
    # Its one late write is seen by the next delivery, because the record says what the object was.
    again = await deliver(
        world.engine(worker="third"),
        world.order([config_map(world.namespace, n, k="new") for n in "ab"], revision=3),
    )
    assert again.delivery.phase is Phase.DELIVERED
    live = await world.client().find(CONFIG_MAP, world.namespace, "b")
    assert live is not None
    assert live["data"] == {"k": "new"}


async def test_two_steps_of_one_worker_do_not_run_at_once(world: World) -> None:
    engine = world.engine()
    order = world.order([config_map(world.namespace, f"c{n}") for n in range(20)])
    steps = await asyncio.gather(engine.step(order), engine.step(order))
    assert sorted(s.delivery.phase.value for s in steps) == ["delivered", "waiting"]


@pytest_asyncio.fixture
async def frail(own_control_plane: BackgroundPlane) -> AsyncIterator[World]:
    """A world whose API server may be stopped."""
    path = await asyncio.to_thread(lambda: own_control_plane.access.admin_kubeconfig)
    made = World(path, "default")
    yield made
    await made.close()


def impatient(world: World, *gates: Any) -> KubeClient:
    client = KubeClient(
        Connection("test", world.kubeconfig, request_timeout_s=1.0), clock=world.clock, gates=gates
    )
    world.clients.append(client)
    return client


async def test_an_api_server_that_hangs_is_unknown_until_it_answers(
    frail: World, own_control_plane: BackgroundPlane
) -> None:
    engine = frail.engine(client=impatient(frail))
    target = make_target("hangs")
    assert (
        await deliver(engine, frail.order([config_map("default", "a")], target=target))
    ).again_after_s is None
    own_control_plane.pause()
    try:
        order = frail.order([config_map("default", "b")], target=target, revision=2)
        step = await engine.step(order)
    finally:
        own_control_plane.resume()
    assert step.delivery.phase is Phase.UNKNOWN
    assert "did not answer within 1 s" in step.delivery.reason
    assert step.again_after_s is not None
    step = await deliver(engine, order)
    assert step.delivery.phase is Phase.BLOCKED or step.delivery.count(Outcome.CREATED) == 1


async def test_an_api_server_that_dies_in_the_middle_is_gone_on_with(
    frail: World, own_control_plane: BackgroundPlane
) -> None:
    class Dying:
        """Ends the API server in front of the third apply."""

        left = 3

        async def admit(self, write: Write) -> float | None:
            if write.verb == "apply":
                self.left -= 1
                if self.left == 0:
                    await asyncio.to_thread(own_control_plane.kill_apiserver)
            return None

    engine = frail.engine(client=impatient(frail, Dying()), concurrency=1)
    order = frail.order([config_map("default", f"d{n}") for n in range(6)], target=make_target("dies"))
    step = await engine.step(order)
    assert step.delivery.phase is Phase.UNKNOWN
    await asyncio.to_thread(own_control_plane.restart_apiserver)
    frail.clock.advance(40)
    step = await deliver(frail.engine(worker="worker-1"), order)
    assert step.delivery.phase is Phase.DELIVERED, step
    assert step.delivery.count(Outcome.CREATED) == 6
