"""Fingerprints against the oracle: what metadata calls clean, a dry run finds unchanged too."""

import random
from typing import Any

import pytest

from bot.engines.direct.fingerprint import Verdict, verdict
from bot.engines.direct.judge import drifted
from bot.engines.direct.prepare import Wanted, prepare
from bot.engines.direct.survey import survey
from bot.kube.client import ApplyOptions, KubeClient
from bot.kube.fields import fields_hash
from bot.kube.parent import read
from bot.kube.resources import ObjectMeta
from bot.kube.transport import Request
from bot.model.delivery import Phase
from bot.model.objects import Manifest
from tests.engines.direct.world import World, config_map, deliver, deployment

ROUNDS = 25
MANAGERS = ("kubectl-edit", "some-operator", "node-fetch", "longshore")


def declared(namespace: str) -> list[Manifest]:
    settings, web = config_map(namespace, "settings", a="1", b="2"), deployment(namespace, "web", replicas=2)
    for manifest in (settings, web):
        manifest["metadata"] |= {"labels": {"team": "shop"}, "annotations": {"note": "ours"}}
    return [settings, web]


def edits(dice: random.Random, kind: str) -> list[Manifest]:
    """One to three merge patches: of our fields, of fields beside them, and back again."""
    value = dice.choice(["1", "other", None])
    metadata = [
        {"metadata": {"labels": {"team": dice.choice(["shop", "theirs", None])}}},
        {"metadata": {"annotations": {"note": dice.choice(["ours", "theirs", None])}}},
        {"metadata": {"annotations": {f"theirs-{dice.randrange(3)}": value}}},
    ]
    body: list[Manifest] = [{"data": {"a": value}}, {"data": {"z": value}}]
    if kind == "Deployment":
        body = [
            {"spec": {"replicas": dice.choice([1, 2, 3])}},
            {"spec": {"paused": dice.choice([True, None])}},
        ]
    return [dice.choice([*metadata, *body]) for _ in range(dice.randint(1, 3))]


async def edit(client: KubeClient, item: Wanted, patch: Manifest, manager: str) -> None:
    path = item.resource.path(item.id.namespace, item.id.name)
    request = Request("PATCH", path, "edit", {"fieldManager": manager}, patch, "application/merge-patch+json")
    await client._transport.send(request)


async def disturb(dice: random.Random, client: KubeClient, item: Wanted) -> str:
    """Do something to an object that people and programs do; says what."""
    how = dice.randrange(10)
    manager = dice.choice(MANAGERS[:3])
    if how == 0:
        await edit(client, item, {"metadata": {"managedFields": [{}]}}, manager)
        return "managedFields cleared"
    if how == 1:
        name = {
            "name": item.id.name,
            "namespace": item.id.namespace,
            "labels": {"team": dice.choice(["shop", "theirs"])},
        }
        manifest = {"apiVersion": item.resource.api_version, "kind": item.id.kind, "metadata": name}
        await client.apply(item.resource, manifest, ApplyOptions("another-applier", force=True))
        return f"applied {name}"
    patches = edits(dice, item.id.kind)
    for patch in patches:
        await edit(client, item, patch, manager)
    return f"{manager} patched {patches}"


async def oracle(client: KubeClient, item: Wanted) -> bool:
    """Whether a dry run finds a difference."""
    live = await client.find(item.resource, item.id.namespace, item.id.name)
    assert live is not None
    options = ApplyOptions("longshore", force=True, dry_run=True)
    return drifted(live, await client.apply(item.resource, item.manifest, options))


async def judged(world: World, client: KubeClient, item: Wanted) -> Verdict:
    held = await read(client, world.parent())
    assert held is not None
    found = await survey(client, world.parent(), [(item.resource, item.id)])
    return verdict(held.record.inventory[item.id], found.live.get(item.id), item.rendered, "longshore")


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_metadata_calls_clean_a_dry_run_finds_unchanged(world: World, seed: int) -> None:
    dice = random.Random(seed)
    client, engine = world.client(), world.engine()
    seen: set[tuple[Verdict, bool]] = set()
    for number in range(1, ROUNDS + 1):
        order = world.order(declared(world.namespace), revision=number, takeover=True)
        step = await deliver(engine, order)
        assert step.delivery.phase is Phase.DELIVERED, step
        prepared = await prepare(order, client, world.parent())
        item = dice.choice(list(prepared.wanted.values()))
        assert not await oracle(client, item), "a delivery leaves no drift"
        assert await judged(world, client, item) is Verdict.CLEAN, "and a fingerprint that says so"
        done = await disturb(dice, client, item)
        said, differs = await judged(world, client, item), await oracle(client, item)
        assert not (said is Verdict.CLEAN and differs), (seed, number, done)
        seen.add((said, differs))
    assert {(Verdict.SUSPECT, True), (Verdict.SUSPECT, False)} <= seen


async def test_a_value_changed_and_changed_back_is_applied_again_to_own_it(world: World) -> None:
    client = world.client()
    await deliver(world.engine(), world.order(declared(world.namespace)))
    order = world.order(declared(world.namespace), revision=2)
    prepared = await prepare(order, client, world.parent())
    (item,) = [w for w in prepared.wanted.values() if w.id.kind == "ConfigMap"]

    async def owned() -> str:
        meta = await client.find_metadata(item.resource, item.id.namespace, item.id.name)
        assert isinstance(meta, ObjectMeta)
        return fields_hash(meta, "longshore")

    before = await owned()
    for value in ("theirs", "shop"):
        await edit(client, item, {"metadata": {"labels": {"team": value}}}, "some-operator")
    assert await owned() != before
    step: Any = await deliver(world.engine(), order)
    assert await owned() == before
    assert {r.outcome.value for r in step.delivery.results} == {"unchanged"}
