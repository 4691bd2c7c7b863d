"""A delivery on the real API server, from nothing to healthy."""

import uuid

from bot.engines.direct.standing import standing
from bot.kube.client import ApplyOptions, KubeClient
from bot.kube.connection import Connection
from bot.kube.parent import NAMESPACE, read
from bot.kube.resources import Resource, Write
from bot.model.delivery import Health, Outcome, Phase
from tests.engines.direct.world import (
    REPO,
    Recorder,
    World,
    config_map,
    crd,
    deliver,
    deployment,
    make_target,
    sha,
)

DEPLOYMENT = Resource("apps", "v1", "Deployment", "deployments", namespaced=True)


async def test_applies_waits_for_health_and_remembers(world: World) -> None:
    ns = world.namespace
    order = world.order([config_map(ns, "settings"), deployment(ns, "web")])
    step = await deliver(world.engine(), order)
    assert step.delivery.phase is Phase.DELIVERED, step
    assert step.delivery.count(Outcome.CREATED) == 2
    assert {h.health for h in step.delivery.health} == {Health.CURRENT}
    known = await standing(world.client(), REPO, order.target.id, world.state_namespace)
    assert known is not None
    assert (known.revision, known.digest) == (order.revision, order.masked.digest)
    assert known.healthy_since is not None
    assert [entry.phase for entry in known.history] == [Phase.DELIVERED]
    assert known.last is not None
    assert known.last.results == step.delivery.results
    assert len(known.inventory) == 2


async def test_the_same_order_again_writes_nothing(world: World) -> None:
    order = world.order([config_map(world.namespace, "settings"), deployment(world.namespace, "web")])
    await deliver(world.engine(), order)
    recorder = Recorder()
    step = await deliver(world.engine(recorder), order)
    assert step.delivery.phase is Phase.DELIVERED
    assert recorder.writes == []


async def test_a_new_revision_with_nothing_new_writes_its_record_alone(world: World) -> None:
    manifests = [config_map(world.namespace, "settings"), deployment(world.namespace, "web")]
    first = await deliver(world.engine(), world.order(manifests))
    before = await standing(world.client(), REPO, first.delivery.target, world.state_namespace)
    recorder = Recorder()
    step = await deliver(world.engine(recorder), world.order(manifests, revision=2))
    assert step.delivery.phase is Phase.DELIVERED
    assert step.delivery.count(Outcome.UNCHANGED) == 2
    assert [w.split()[0] for w in recorder.writes] == ["replace"]
    after = await standing(world.client(), REPO, first.delivery.target, world.state_namespace)
    assert before is not None
    assert after is not None
    assert after.revision == sha(2)
    assert after.healthy_since == before.healthy_since


async def test_only_what_changed_is_written(world: World) -> None:
    ns = world.namespace
    same = [config_map(ns, f"same-{n}") for n in range(3)]
    await deliver(world.engine(), world.order([*same, config_map(ns, "settings", a="1")]))
    recorder = Recorder()
    step = await deliver(
        world.engine(recorder), world.order([*same, config_map(ns, "settings", a="2")], revision=2)
    )
    assert [w for w in recorder.writes if w.startswith("apply")] == [f"apply ConfigMap {ns}/settings"]
    assert step.delivery.count(Outcome.CONFIGURED) == 1
    assert step.delivery.count(Outcome.UNCHANGED) == 3


async def test_a_crd_with_its_custom_resource_and_a_namespace_with_its_content_go_in_one(
    world: World,
) -> None:
    group = f"g{uuid.uuid4().hex[:8]}.example.com"
    fresh = f"{world.namespace}-new"
    manifests = [
        {
            "apiVersion": f"{group}/v1",
            "kind": "Widget",
            "metadata": {"name": "one", "namespace": fresh},
            "spec": {"size": 3},
        },
        config_map(fresh, "settings"),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": fresh}},
        crd(group),
    ]
    step = await deliver(world.engine(), world.order(manifests))
    assert step.delivery.phase is Phase.DELIVERED, step
    assert step.delivery.count(Outcome.CREATED) == 4
    recorder = Recorder()
    again = await deliver(world.engine(recorder), world.order(manifests, revision=2))
    assert again.delivery.count(Outcome.UNCHANGED) == 4
    assert [w.split()[0] for w in recorder.writes] == ["replace"]


async def test_a_failed_revision_stays_failed_until_it_is_tried_again(world: World) -> None:
    ns = world.namespace
    elsewhere = world.order([config_map(f"{ns}-later", "settings")])
    assert (await deliver(world.engine(), elsewhere)).delivery.phase is Phase.FAILED
    await world.client().create(
        NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{ns}-later"}}
    )
    assert (await deliver(world.engine(), elsewhere)).delivery.phase is Phase.FAILED
    again = world.order([config_map(f"{ns}-later", "settings")], attempt="retry by ada")
    assert (await deliver(world.engine(), again)).delivery.phase is Phase.DELIVERED


async def test_what_lacks_a_namespace_goes_to_the_target_s(world: World) -> None:
    target = make_target(namespace=world.namespace)
    step = await deliver(world.engine(), world.order([config_map("", "settings")], target=target))
    assert [r.id.namespace for r in step.delivery.results] == [world.namespace]


async def test_a_failing_object_ends_the_wait_at_once(world: World) -> None:
    group = f"g{uuid.uuid4().hex[:8]}.example.com"
    stalled = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "one", "namespace": world.namespace},
        "status": {},
    }
    engine = world.engine()
    await deliver(engine, world.order([crd(group)]))
    client = world.client()
    widget = await client.discovery.resource(f"{group}/v1", "Widget")
    schema = {"conditions": [{"type": "Stalled", "status": "True", "message": "the disk is full"}]}
    await client.apply(widget, {**stalled, "status": schema}, ApplyOptions("operator", force=True))
    step = await deliver(engine, world.order([crd(group), stalled], revision=2))
    assert step.delivery.phase is Phase.FAILED
    assert "the disk is full" in step.delivery.reason


async def test_what_never_becomes_healthy_times_out_by_the_record_s_clock(world: World) -> None:
    manifest = deployment(world.namespace, "web")
    manifest["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    order = world.order([manifest])
    first = await world.engine().step(order)
    assert first.delivery.phase is Phase.CHECKING
    assert first.again_after_s is not None
    assert "web" in first.delivery.reason
    world.clock.advance(31)
    step = await world.engine(worker="worker-1").step(order)
    assert step.delivery.phase is Phase.FAILED
    assert "not healthy after 30 s" in step.delivery.reason
    known = await standing(world.client(), REPO, order.target.id, world.state_namespace)
    assert known is not None
    assert known.last is not None
    assert known.last.health
    assert known.healthy_since is None


async def test_a_target_that_does_not_wait_is_delivered_when_it_is_applied(world: World) -> None:
    manifest = deployment(world.namespace, "web")
    manifest["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    step = await world.engine().step(world.order([manifest], target=make_target(wait=False)))
    assert step.delivery.phase is Phase.DELIVERED


async def test_no_secret_is_in_a_record_or_a_report(world: World) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": world.namespace},
        "stringData": {"password": "correct-horse-battery"},
    }
    step = await deliver(world.engine(), world.order([secret]))
    assert step.delivery.phase is Phase.DELIVERED
    held = await read(world.client(), world.parent())
    assert held is not None
    assert "correct-horse" not in repr(held.record) + repr(held.manifest) + repr(step)
    broken = {**secret, "type": "kubernetes.io/tls"}
    failed = await deliver(world.engine(), world.order([broken], revision=2))
    assert failed.delivery.phase is Phase.FAILED
    assert "correct-horse" not in repr(failed)


async def test_a_cluster_that_nobody_answers_for_is_unknown(world: World) -> None:
    connection = Connection("test", world.kubeconfig.parent / "missing")
    async with KubeClient(connection) as client:
        step = await world.engine(client=client).step(world.order([config_map(world.namespace, "a")]))
    assert step.delivery.phase is Phase.UNKNOWN
    assert "missing does not exist" in step.delivery.reason


async def test_looking_again_costs_the_cluster_no_write(world: World) -> None:
    class All(Recorder):
        async def admit(self, write: Write) -> float | None:
            self.writes.append(str(write))
            return None

    manifest = deployment(world.namespace, "web")
    manifest["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    order = world.order([manifest])
    await world.engine().step(order)
    every = All()
    step = await world.engine(every).step(order)
    assert step.delivery.phase is Phase.CHECKING
    assert [h.id.name for h in step.delivery.health if h.health is Health.IN_PROGRESS] == ["web"]
    assert every.writes == []
