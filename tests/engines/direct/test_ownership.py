"""Whose an object is: what a delivery takes over, what it leaves alone, and what it hands on."""

from typing import Any

import pytest

from bot.engines.claims import Claims
from bot.kube.applyset import PART_OF_LABEL, Parent
from bot.kube.client import ApplyOptions
from bot.kube.parent import CONFIG_MAP
from bot.model.delivery import Failure, Outcome, Phase
from bot.model.objects import Manifest, Object
from bot.model.rendering import Rendering
from bot.model.target import TargetId
from tests.engines.direct.world import (
    REPO,
    World,
    config_map,
    deliver,
    make_target,
    refused,
)

FOREIGN: list[tuple[str, dict[str, Any]]] = [
    ("Flux Kustomization apps", {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}),
    ("Argo CD Application apps", {"annotations": {"argocd.argoproj.io/tracking-id": "apps"}}),
    ("Helm release db", {"annotations": {"meta.helm.sh/release-name": "db"}}),
    ("another ApplySet", {"labels": {PART_OF_LABEL: "applyset-foreign-v1"}}),
    ("another ApplySet", {"labels": {"applyset.k8s.io/part-of": "applyset-foreign-v1"}}),
]


@pytest.mark.parametrize(
    ("owner", "marks"), FOREIGN, ids=[next(iter(next(iter(m.values())))) for _, m in FOREIGN]
)
async def test_another_owner_s_object_is_refused_unless_the_target_takes_over(
    world: World, owner: str, marks: dict[str, Any]
) -> None:
    ns = world.namespace
    theirs = config_map(ns, "settings")
    theirs["metadata"] |= marks
    await world.client().create(CONFIG_MAP, theirs)
    wanted = [config_map(ns, "settings", a="ours")]
    assert owner in await refused(world, world.order(wanted), Failure.OWNED_ELSEWHERE)
    step = await deliver(world.engine(), world.order(wanted, attempt="take", takeover=True))
    assert step.delivery.phase is Phase.DELIVERED, step


async def test_a_controller_s_object_is_refused(world: World) -> None:
    ns = world.namespace
    owner = await world.client().create(CONFIG_MAP, config_map(ns, "owner"))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    theirs = config_map(ns, "generated")
    theirs["metadata"]["ownerReferences"] = [reference]
    await world.client().create(CONFIG_MAP, theirs)
    assert "ConfigMap owner" in await refused(
        world, world.order([config_map(ns, "generated")]), Failure.OWNED_ELSEWHERE
    )


async def test_fields_that_another_tool_applies_are_a_conflict_that_names_it(world: World) -> None:
    ns, client = world.namespace, world.client()
    await client.apply(CONFIG_MAP, config_map(ns, "settings", a="theirs"), ApplyOptions("terraform"))
    wanted = [config_map(ns, "settings", a="ours")]
    message = await refused(world, world.order(wanted), Failure.CONFLICT)
    assert "terraform" in message
    assert ".data.a" in message


async def test_kubectl_s_objects_are_adopted_and_lose_what_git_does_not_say(world: World) -> None:
    ns, client = world.namespace, world.client()
    await client.apply(CONFIG_MAP, config_map(ns, "settings", a="1", b="2"), ApplyOptions("kubectl"))
    step = await deliver(world.engine(), world.order([config_map(ns, "settings", a="3")]))
    assert step.delivery.phase is Phase.DELIVERED, step
    live = await client.find(CONFIG_MAP, ns, "settings")
    assert live is not None
    assert live["data"] == {"a": "3"}
    assert {m["manager"] for m in live["metadata"]["managedFields"]} == {"longshore"}


async def test_on_an_object_of_ours_git_wins_over_a_plain_update(world: World) -> None:
    ns, client = world.namespace, world.client()
    order = world.order([config_map(ns, "settings", a="1")])
    await deliver(world.engine(), order)
    live = await client.find(CONFIG_MAP, ns, "settings")
    assert live is not None
    await client.replace(CONFIG_MAP, {**live, "data": {"a": "by hand"}})
    step = await deliver(world.engine(), world.order([config_map(ns, "settings", a="1")], revision=2))
    assert step.delivery.count(Outcome.CONFIGURED) == 1
    live = await client.find(CONFIG_MAP, ns, "settings")
    assert live is not None
    assert live["data"] == {"a": "1"}


async def test_a_moved_object_changes_its_label_and_is_not_deleted(world: World) -> None:
    ns, engine = world.namespace, world.engine()
    a, b = make_target("a"), make_target("b")
    shared, other = config_map(ns, "shared"), config_map(ns, "other")
    await deliver(engine, world.order([shared, other], target=a))
    before = await world.client().find(CONFIG_MAP, ns, "shared")

    def claims(of_a: list[Manifest], of_b: list[Manifest]) -> Claims:
        def rendered(manifests: list[Manifest]) -> Rendering:
            return Rendering(tuple(Object.of(m) for m in manifests))

        return Claims.of(REPO, {a.id: rendered(of_a), b.id: rendered(of_b)}, namespace=world.state_namespace)

    both = claims([shared, other], [shared])
    message = await refused(world, world.order([shared], target=b, claims=both), Failure.OWNED_ELSEWHERE)
    assert "test/a as well" in message
    moved = claims([other], [shared])
    first = await engine.step(world.order([other], target=a, revision=2, claims=moved))
    assert first.delivery.phase is Phase.PRUNING
    assert (
        await deliver(engine, world.order([shared], target=b, revision=2, claims=moved))
    ).delivery.phase is Phase.DELIVERED
    step = await deliver(engine, world.order([other], target=a, revision=2, claims=moved))
    assert step.delivery.phase is Phase.DELIVERED
    after = await world.client().find(CONFIG_MAP, ns, "shared")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["labels"][PART_OF_LABEL] == Parent.of(REPO, b.id, world.state_namespace).id
    (kept,) = [r for r in step.delivery.results if r.outcome is Outcome.KEPT]
    assert "moved to target test/b" in kept.message


async def test_claims_of_another_target_do_not_stop_a_first_delivery(world: World) -> None:
    order = world.order([config_map(world.namespace, "a")])
    claims = Claims.of(
        REPO,
        {order.target.id: order.rendering, TargetId("test", "broken"): None},
        namespace=world.state_namespace,
    )
    step = await deliver(world.engine(), world.order([config_map(world.namespace, "a")], claims=claims))
    assert step.delivery.phase is Phase.DELIVERED
