"""Pruning on the real API server: what goes, what stays, and what asks first."""

import asyncio
import uuid
from typing import Any

from bot.engines.base import Order, Step
from bot.engines.claims import Claims
from bot.engines.direct import Removal
from bot.engines.direct.standing import standing
from bot.kube.applyset import PART_OF_LABEL
from bot.kube.lease import LEASE
from bot.kube.listing import listed, vanished
from bot.kube.parent import CONFIG_MAP, NAMESPACE, allow_prune, read
from bot.model.delivery import Outcome, Phase
from bot.model.objects import Digest, Manifest, Object, ObjectId
from bot.model.rendering import Rendering
from tests.engines.direct.world import (
    REPO,
    SOURCE,
    World,
    admit_all,
    config_map,
    crd,
    deliver,
    make_target,
    sha,
)


def outcomes(step: Step) -> dict[str, Outcome]:
    return {r.id.name: r.outcome for r in step.delivery.results}


def many(world: World, count: int) -> list[Manifest]:
    return [config_map(world.namespace, f"c{n}") for n in range(count)]


async def exists(world: World, name: str, namespace: str = "") -> bool:
    return await world.client().find_metadata(CONFIG_MAP, namespace or world.namespace, name) is not None


async def test_what_is_declared_no_more_goes(world: World) -> None:
    engine = world.engine()
    await deliver(engine, world.order(many(world, 4)))
    step = await deliver(engine, world.order(many(world, 3), revision=2))
    assert step.delivery.phase is Phase.DELIVERED
    assert outcomes(step)["c3"] is Outcome.PRUNED
    assert not await exists(world, "c3")
    assert step.delivery.count(Outcome.UNCHANGED) == 3
    known = await standing(world.client(), REPO, make_target().id, world.state_namespace)
    assert known is not None
    assert {i.name for i in known.inventory} == {"c0", "c1", "c2"}
    assert known.last is not None
    assert known.last.results == step.delivery.results


async def test_nothing_goes_before_every_target_has_applied(world: World) -> None:
    engine = world.engine()
    await deliver(engine, world.order(many(world, 4)))
    order = world.order(many(world, 3), revision=2)
    step = await engine.step(order)
    assert (step.delivery.phase, step.again_after_s) == (Phase.PRUNING, None)
    assert (await engine.step(order)).delivery.phase is Phase.PRUNING
    assert await exists(world, "c3")


async def test_prunes_only_what_it_owns(world: World) -> None:
    """An operator copies our labels to what it generates; a person copies a whole object."""
    ns, client, engine = world.namespace, world.client(), world.engine()
    await deliver(engine, world.order(many(world, 4)))
    live = await client.find(CONFIG_MAP, ns, "c3")
    assert live is not None
    for name in ("copied", "generated"):
        foreign = config_map(ns, name)
        foreign["metadata"]["labels"] = live["metadata"]["labels"]
        await client.create(CONFIG_MAP, foreign)
    step = await deliver(engine, world.order(many(world, 3), revision=2))
    assert step.delivery.phase is Phase.DELIVERED
    assert not await exists(world, "c3")
    assert await exists(world, "copied")
    assert await exists(world, "generated")


async def test_an_object_that_was_made_again_by_somebody_else_stays(world: World) -> None:
    ns, client, engine = world.namespace, world.client(), world.engine()
    await deliver(engine, world.order(many(world, 4)))
    live = await client.find(CONFIG_MAP, ns, "c3")
    assert live is not None
    await client.delete(CONFIG_MAP, ns, "c3", uid=live["metadata"]["uid"])
    theirs = config_map(ns, "c3")
    theirs["metadata"]["labels"] = live["metadata"]["labels"]
    await client.create(CONFIG_MAP, theirs)
    step = await deliver(engine, world.order(many(world, 3), revision=2))
    assert outcomes(step)["c3"] is Outcome.KEPT
    assert await exists(world, "c3")


async def test_an_object_that_a_controller_took_over_stays(world: World) -> None:
    ns, client, engine = world.namespace, world.client(), world.engine()
    await deliver(engine, world.order(many(world, 4)))
    owner = await client.create(CONFIG_MAP, config_map(ns, "owner"))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    await client.merge(CONFIG_MAP, ns, "c3", {"metadata": {"ownerReferences": [reference]}})
    step = await deliver(engine, world.order(many(world, 3), revision=2))
    assert outcomes(step)["c3"] is Outcome.KEPT
    assert await exists(world, "c3")


async def test_an_object_that_opted_out_stays_and_is_forgotten(world: World) -> None:
    ns, engine = world.namespace, world.engine()
    kept = config_map(ns, "c3")
    kept["metadata"]["annotations"] = {"longshore.dev/prune": "disabled"}
    await deliver(engine, world.order([*many(world, 3), kept]))
    step = await deliver(engine, world.order(many(world, 3), revision=2))
    assert outcomes(step)["c3"] is Outcome.KEPT
    again = await deliver(engine, world.order(many(world, 3), revision=3))
    assert "c3" not in outcomes(again)


async def test_a_target_with_prune_off_forgets_and_says_so(world: World) -> None:
    engine = world.engine()
    target = make_target(prune=False)
    await deliver(engine, world.order(many(world, 4), target=target))
    step = await deliver(engine, world.order(many(world, 3), target=target, revision=2))
    assert step.delivery.phase is Phase.DELIVERED
    assert outcomes(step)["c3"] is Outcome.KEPT
    assert await exists(world, "c3")


async def test_nothing_goes_when_prune_is_switched_off_meanwhile(world: World) -> None:
    engine = world.engine()
    await deliver(engine, world.order(many(world, 4)))
    await engine.step(world.order(many(world, 3), revision=2))
    step = await engine.prune(world.order(many(world, 3), revision=2, target=make_target(prune=False)))
    assert step.delivery.phase is Phase.DELIVERED
    assert outcomes(step)["c3"] is Outcome.KEPT
    assert await exists(world, "c3")


async def test_what_can_no_longer_be_placed_is_not_taken_for_undeclared(world: World) -> None:
    def admits(identity: ObjectId, *, namespaced: bool) -> bool:
        return identity.name != "c1"

    engine = world.engine()
    await deliver(engine, world.order(many(world, 4)))
    await engine.step(world.order(many(world, 3), revision=2))
    step = await engine.prune(world.order(many(world, 3), revision=2, admits=admits))
    assert step.delivery.phase is Phase.FAILED
    assert await exists(world, "c1")
    assert await exists(world, "c3")


async def test_one_unknown_target_blocks_what_it_could_still_declare(world: World) -> None:
    engine = world.engine()
    await deliver(engine, world.order(many(world, 4)))
    rendering = Rendering(tuple(Object.of(m) for m in many(world, 3)))
    mine, broken = make_target().id, make_target("broken").id
    unsure = Claims.of(REPO, {mine: rendering, broken: None}, namespace=world.state_namespace)
    step = await deliver(engine, world.order(many(world, 3), revision=2, claims=unsure))
    assert step.delivery.phase is Phase.DELIVERED
    assert outcomes(step)["c3"] is Outcome.KEPT
    assert await exists(world, "c3")
    step = await deliver(engine, world.order(many(world, 3), revision=3))
    assert outcomes(step)["c3"] is Outcome.PRUNED
    assert not await exists(world, "c3")


async def blocked(world: World, order: Order) -> Digest:
    step = await deliver(world.engine(), order)
    assert step.delivery.phase is Phase.BLOCKED, step
    assert step.delivery.guard is not None
    assert step.delivery.guard.digest in step.delivery.reason
    return step.delivery.guard.digest


async def test_a_target_that_renders_nothing_asks_first(world: World) -> None:
    await deliver(world.engine(), world.order(many(world, 2)))
    digest = await blocked(world, world.order([], revision=2))
    assert await exists(world, "c0")
    await allow_prune(world.client(), world.parent(), Digest("sha256:of-something-else"))
    assert (await world.engine().prune(world.order([], revision=2))).delivery.phase is Phase.BLOCKED
    await allow_prune(world.client(), world.parent(), digest)
    step = await world.engine().prune(world.order([], revision=2))
    assert step.delivery.phase is Phase.DELIVERED
    assert step.delivery.guard is None
    assert outcomes(step) == {"c0": Outcome.PRUNED, "c1": Outcome.PRUNED}
    assert not await exists(world, "c0")


async def test_far_less_than_before_asks_first(world: World) -> None:
    await deliver(world.engine(), world.order(many(world, 10)))
    await blocked(world, world.order(many(world, 4), revision=2))
    assert await exists(world, "c9")
    # A revision that declares them again ends the question.
    step = await deliver(world.engine(), world.order(many(world, 10), revision=3))
    assert step.delivery.phase is Phase.DELIVERED


async def test_a_permission_fits_no_other_set(world: World) -> None:
    await deliver(world.engine(), world.order(many(world, 3)))
    digest = await blocked(world, world.order([], revision=2))
    await allow_prune(world.client(), world.parent(), digest)
    live = await world.client().find(CONFIG_MAP, world.namespace, "c0")
    assert live is not None
    await world.client().delete(CONFIG_MAP, world.namespace, "c0", uid=live["metadata"]["uid"])
    step = await world.engine().prune(world.order([], revision=2))
    assert step.delivery.phase is Phase.BLOCKED
    assert step.delivery.guard is not None
    assert step.delivery.guard.digest != digest


async def test_a_namespace_with_strangers_in_it_asks_first_and_an_empty_one_goes(world: World) -> None:
    fresh = f"{world.namespace}-own"
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fresh}}
    inside = config_map(fresh, "inside")
    stays = many(world, 4)
    await deliver(world.engine(), world.order([*stays, namespace, inside]))
    stranger = await world.client().create(CONFIG_MAP, config_map(fresh, "stranger"))
    without = world.order(stays, revision=2)
    step = await deliver(world.engine(), without)
    assert step.delivery.phase is Phase.BLOCKED
    assert "stranger" in step.delivery.reason
    await world.client().delete(CONFIG_MAP, fresh, "stranger", uid=stranger["metadata"]["uid"])
    order = world.order(stays, revision=3)
    step = await deliver(world.engine(), order)
    assert step.delivery.phase is Phase.DELIVERED, step
    assert await world.client().find_metadata(NAMESPACE, "", fresh) is None


async def test_a_crd_goes_after_its_custom_resources(world: World) -> None:
    group = f"g{uuid.uuid4().hex[:8]}.example.com"
    widget = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "one", "namespace": world.namespace},
    }
    stays = many(world, 4)
    await deliver(world.engine(), world.order([*stays, crd(group), widget]))
    step = await deliver(world.engine(), world.order(stays, revision=2))
    assert step.delivery.phase is Phase.DELIVERED, step
    assert outcomes(step)["one"] is Outcome.PRUNED
    assert outcomes(step)[f"widgets.{group}"] is Outcome.PRUNED


async def test_an_object_that_will_not_go_is_waited_for_and_stays_in_the_inventory(world: World) -> None:
    ns, client = world.namespace, world.client()
    await deliver(world.engine(), world.order(many(world, 4)))
    await client.merge(CONFIG_MAP, ns, "c3", {"metadata": {"finalizers": ["example.com/busy"]}})
    order = world.order(many(world, 3), revision=2)
    engine = world.engine()
    await engine.step(order)
    step = await engine.prune(order)
    assert (step.delivery.phase, step.again_after_s is not None) == (Phase.PRUNING, True)
    world.clock.advance(31)
    step = await engine.prune(order)
    assert step.delivery.phase is Phase.FAILED
    assert "finalizers" in step.delivery.reason
    held = await read(client, world.parent())
    assert held is not None
    assert "c3" in {e.name for e in held.record.entries}
    await client.merge(CONFIG_MAP, ns, "c3", {"metadata": {"finalizers": None}})
    step = await deliver(engine, world.order(many(world, 3), revision=3))
    assert step.delivery.phase is Phase.DELIVERED
    assert not await exists(world, "c3")


def removal(world: World, target: Any, **override: Any) -> Removal:
    given = {
        "identity": world.identity(target),
        "revision": sha(9),
        "claims": Claims(),
        "admits": admit_all,
        **override,
    }
    return Removal(**given)


async def remove(world: World, wanted: Removal) -> Step:
    for _ in range(50):
        step = await world.engine().remove(wanted)
        if step.again_after_s is None:
            return step
        await asyncio.sleep(0.1)
    raise AssertionError("never final")


async def test_a_vanished_target_goes_whole_with_its_parent(world: World) -> None:
    old = make_target("old")
    await deliver(world.engine(), world.order(many(world, 3), target=old))
    client = world.client()
    left = await listed(client, world.state_namespace)
    assert vanished(left, SOURCE, set(), client.cluster) == [world.identity(old)]
    step = await remove(world, removal(world, old))
    assert step.delivery.phase is Phase.DELIVERED
    assert set(outcomes(step).values()) == {Outcome.PRUNED}
    parent = world.parent(old)
    assert await client.find_metadata(CONFIG_MAP, parent.namespace, parent.name) is None
    assert await client.find_metadata(LEASE, parent.namespace, parent.name) is None
    assert (await remove(world, removal(world, old))).delivery.phase is Phase.DELIVERED


async def test_a_vanished_target_with_much_asks_first(world: World) -> None:
    old = make_target("old")
    await deliver(world.engine(), world.order(many(world, 6), target=old))
    step = await remove(world, removal(world, old))
    assert step.delivery.phase is Phase.BLOCKED
    assert step.delivery.guard is not None
    assert await exists(world, "c0")
    await allow_prune(world.client(), world.parent(old), step.delivery.guard.digest)
    assert (await remove(world, removal(world, old))).delivery.phase is Phase.DELIVERED
    assert not await exists(world, "c0")


async def test_a_vanished_target_s_objects_may_have_moved(world: World) -> None:
    old, new = make_target("old"), make_target("new")
    await deliver(world.engine(), world.order(many(world, 2), target=old))
    rendering = Rendering(tuple(Object.of(m) for m in many(world, 2)))
    claims = Claims.of(
        REPO, {new.id: rendering}, vanished=[world.identity(old)], namespace=world.state_namespace
    )
    waiting = await remove(world, removal(world, old, claims=claims))
    assert waiting.delivery.phase is Phase.BLOCKED
    assert await exists(world, "c0")
    step = await deliver(world.engine(), world.order(many(world, 2), target=new, claims=claims))
    assert step.delivery.phase is Phase.DELIVERED, step
    assert (await remove(world, removal(world, old, claims=claims))).delivery.phase is Phase.DELIVERED
    live = await world.client().find_metadata(CONFIG_MAP, world.namespace, "c0")
    assert live is not None
    assert live.label_map[PART_OF_LABEL] == world.parent(new).id


async def test_what_was_announced_and_written_before_a_crash_is_pruned_too(world: World) -> None:
    """The next revision does not declare what the crashed one had just made."""
    ns = world.namespace
    await deliver(world.engine(), world.order(many(world, 4)))

    class Killed(Exception):
        pass

    class KillAfterApply:
        armed = False

        async def admit(self, write: Any) -> float | None:
            if self.armed:
                raise Killed
            if write.verb == "apply":
                self.armed = True
            return None

    try:
        await deliver(
            world.engine(KillAfterApply()), world.order([*many(world, 4), config_map(ns, "c9")], revision=2)
        )
    except Killed:
        assert await exists(world, "c9")
    world.clock.advance(60)
    step = await deliver(world.engine(worker="worker-1"), world.order(many(world, 4), revision=3))
    assert step.delivery.phase is Phase.DELIVERED, step
    assert not await exists(world, "c9")
    assert outcomes(step)["c9"] is Outcome.PRUNED
