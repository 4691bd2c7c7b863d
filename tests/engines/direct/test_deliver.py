"""A delivery on the real API server, from nothing to healthy, and what stops it."""

import asyncio
import uuid
from typing import Any

import pytest

from bot.engines.claims import Claims
from bot.engines.direct.standing import standing
from bot.kube.applyset import PART_OF_LABEL, Parent
from bot.kube.client import ApplyOptions, KubeClient
from bot.kube.connection import Connection
from bot.kube.errors import WebhookRefused
from bot.kube.parent import CONFIG_MAP, NAMESPACE, read
from bot.kube.resources import Resource, Write
from bot.model.delivery import Failure, Health, Outcome, Phase
from bot.model.objects import Manifest, Object, ObjectId
from bot.model.rendering import Diagnostic, MaskedRendering, Rendering, Severity
from bot.model.target import TargetId
from tests.engines.direct.world import (
    REPO,
    World,
    config_map,
    crd,
    deliver,
    deployment,
    make_target,
    sha,
)
from tests.sandbox.cluster import ClusterAccess

DEPLOYMENT = Resource("apps", "v1", "Deployment", "deployments", namespaced=True)


class Recorder:
    """A gate that notes every write and stops none."""

    def __init__(self) -> None:
        self.writes: list[str] = []

    async def admit(self, write: Write) -> float | None:
        if write.resource.kind != "Lease":
            self.writes.append(str(write))
        return None


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


async def test_one_refusal_in_a_stage_leaves_the_whole_stage_unwritten(world: World) -> None:
    ns = world.namespace
    broken = deployment(ns, "broken")
    broken["spec"]["unheard"] = True
    step = await deliver(world.engine(), world.order([config_map(ns, "settings"), broken]))
    assert step.delivery.phase is Phase.FAILED
    (failure,) = [r for r in step.delivery.results if r.outcome is Outcome.FAILED]
    assert (failure.id.name, failure.failure) == ("broken", Failure.INVALID)
    assert "unheard" in failure.message
    assert await world.client().find(CONFIG_MAP, ns, "settings") is None


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


async def test_an_immutable_field_is_said_to_be_one(world: World) -> None:
    ns = world.namespace
    await deliver(world.engine(), world.order([deployment(ns, "web")]))
    changed = deployment(ns, "web")
    changed["spec"]["selector"]["matchLabels"]["more"] = "x"
    changed["spec"]["template"]["metadata"]["labels"]["more"] = "x"
    step = await deliver(world.engine(), world.order([changed], revision=2))
    assert step.delivery.phase is Phase.FAILED
    (failure,) = [r for r in step.delivery.results if r.outcome is Outcome.FAILED]
    assert failure.failure is Failure.IMMUTABLE
    assert "made anew" in failure.message


async def test_what_the_identity_may_not_do_is_said_per_object(
    world: World, control_plane: ClusterAccess
) -> None:
    ns = world.namespace
    admin = world.client()
    rules = [
        (ns, [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}]),
        (
            world.state_namespace,
            [
                {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]},
                {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["*"]},
            ],
        ),
    ]
    await admin.create(
        NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.state_namespace}}
    )
    for place, allowed in rules:
        await grant(admin, place, allowed)
    limited = await asyncio.to_thread(control_plane.kubeconfig, "limited")
    client = world.client(kubeconfig=limited)
    engine = world.engine(client=client)
    # Its lists are confined to namespaces, which is enough for what it may do.
    order = world.order([config_map(ns, "settings")])
    assert (await deliver(engine, order)).delivery.phase is Phase.DELIVERED
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": ns},
        "spec": {"ports": [{"port": 80}]},
    }
    step = await deliver(engine, world.order([config_map(ns, "settings"), service], revision=2))
    assert step.delivery.phase is Phase.FAILED
    (failure,) = [r for r in step.delivery.results if r.outcome is Outcome.FAILED]
    assert (failure.id.kind, failure.failure) == ("Service", Failure.FORBIDDEN)
    assert 'User "limited" cannot list resource "services"' in failure.message


async def grant(admin: KubeClient, namespace: str, rules: list[dict[str, Any]]) -> None:
    api = "rbac.authorization.k8s.io"
    role = Resource(api, "v1", "Role", "roles", namespaced=True)
    binding = Resource(api, "v1", "RoleBinding", "rolebindings", namespaced=True)
    metadata = {"name": "limited", "namespace": namespace}
    options = ApplyOptions("test")
    await admin.apply(
        role, {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": metadata, "rules": rules}, options
    )
    subject = {"kind": "User", "name": "limited", "apiGroup": api}
    bound = {"kind": "Role", "name": "limited", "apiGroup": api}
    manifest = {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "subjects": [subject],
        "roleRef": bound,
    }
    await admin.apply(binding, manifest, options)


async def refused(world: World, order: Any, failure: Failure) -> str:
    step = await deliver(world.engine(), order)
    assert step.delivery.phase is Phase.FAILED, step
    (result,) = [r for r in step.delivery.results if r.outcome is Outcome.FAILED]
    assert result.failure is failure, result
    return result.message


async def test_the_operator_s_allow_is_asked_before_anything_is_sent(world: World) -> None:
    def only_mine(identity: ObjectId, *, namespaced: bool) -> bool:
        return namespaced and identity.namespace == world.namespace

    manifests = [config_map(world.namespace, "mine"), config_map("kube-system", "theirs")]
    message = await refused(world, world.order(manifests, admits=only_mine), Failure.NOT_ALLOWED)
    assert "clusters.test.allow" in message
    assert await world.client().find(CONFIG_MAP, world.namespace, "mine") is None


async def test_no_repository_writes_our_own_state(world: World) -> None:
    parent = world.parent(make_target("another"))
    order = world.order([config_map(parent.namespace, parent.name)])
    assert "own state" in await refused(world, order, Failure.NOT_ALLOWED)


async def test_input_that_contradicts_itself_is_refused_whole(world: World) -> None:
    twice = [config_map(world.namespace, "a"), config_map("", "a")]
    target = make_target(namespace=world.namespace)
    assert "twice" in await refused(world, world.order(twice, target=target), Failure.INVALID)
    labelled = config_map(world.namespace, "b")
    labelled["metadata"]["labels"] = {PART_OF_LABEL: "applyset-forged-v1"}
    assert "sets itself" in await refused(world, world.order([labelled], revision=2), Failure.INVALID)
    unknown = {"apiVersion": "example.com/v1", "kind": "Unheard", "metadata": {"name": "x"}}
    assert "Unheard" in await refused(world, world.order([unknown], revision=3), Failure.NO_KIND)


async def test_what_lacks_a_namespace_goes_to_the_target_s(world: World) -> None:
    target = make_target(namespace=world.namespace)
    step = await deliver(world.engine(), world.order([config_map("", "settings")], target=target))
    assert [r.id.namespace for r in step.delivery.results] == [world.namespace]


async def test_what_cannot_be_rendered_reaches_no_cluster(world: World) -> None:
    broken = (Diagnostic(Severity.ERROR, "no kustomization.yaml in apps/"),)
    order = world.order([])
    recorder = Recorder()
    failed = type(order)(
        order.source,
        order.target,
        order.revision,
        Rendering((), broken),
        MaskedRendering((), order.masked.digest, broken),
        order.claims,
        order.admits,
    )
    step = await world.engine(recorder).step(failed)
    assert step.delivery.phase is Phase.UNKNOWN
    assert "no kustomization.yaml" in step.delivery.reason
    assert recorder.writes == []


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


async def test_an_unreadable_record_stops_the_target_and_says_what_to_do(world: World) -> None:
    order = world.order([config_map(world.namespace, "settings")])
    await deliver(world.engine(), order)
    held = await read(world.client(), world.parent())
    assert held is not None
    await world.client().replace(CONFIG_MAP, {**held.manifest, "binaryData": {"record": "bm90IGEgcmVjb3Jk"}})
    step = await world.engine().step(order)
    assert step.delivery.phase is Phase.FAILED
    assert "cannot be read" in step.delivery.reason


async def test_a_cluster_that_nobody_answers_for_is_unknown(world: World) -> None:
    connection = Connection("test", world.kubeconfig.parent / "missing")
    async with KubeClient(connection) as client:
        step = await world.engine(client=client).step(world.order([config_map(world.namespace, "a")]))
    assert step.delivery.phase is Phase.UNKNOWN
    assert "missing does not exist" in step.delivery.reason


async def test_claims_of_another_target_do_not_stop_a_first_delivery(world: World) -> None:
    order = world.order([config_map(world.namespace, "a")])
    claims = Claims.of(
        REPO,
        {order.target.id: order.rendering, TargetId("test", "broken"): None},
        namespace=world.state_namespace,
    )
    step = await deliver(world.engine(), world.order([config_map(world.namespace, "a")], claims=claims))
    assert step.delivery.phase is Phase.DELIVERED


async def test_a_policy_s_refusal_is_told_without_what_it_quotes_of_a_secret(world: World) -> None:
    client, api = world.client(), "admissionregistration.k8s.io"
    policy = Resource(api, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", namespaced=False)
    binding = Resource(
        api, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", namespaced=False
    )
    metadata = {"name": world.namespace}
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["secrets", "configmaps"],
    }
    here = {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}}
    validation = {
        "expression": "!has(object.data.bad)",
        "messageExpression": "'not ' + string(object.data.bad)",
    }
    spec = {
        "matchConstraints": {"resourceRules": [rule], "namespaceSelector": here},
        "validations": [validation],
    }
    bound = {"policyName": world.namespace, "validationActions": ["Deny"]}
    options = ApplyOptions("test")
    await client.apply(
        policy,
        {"apiVersion": policy.api_version, "kind": policy.kind, "metadata": metadata, "spec": spec},
        options,
    )
    await client.apply(
        binding,
        {"apiVersion": binding.api_version, "kind": binding.kind, "metadata": metadata, "spec": bound},
        options,
    )
    await until_refused(client, config_map(world.namespace, "probe", bad="quoted"))
    message = await refused(
        world, world.order([config_map(world.namespace, "a", bad="quoted")]), Failure.REFUSED
    )
    assert "not quoted" in message
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": world.namespace},
        "stringData": {"bad": "correct-horse-battery"},
    }
    message = await refused(world, world.order([secret], revision=2), Failure.REFUSED)
    assert "correct-horse" not in message
    assert "Y29ycmVjdC1ob3JzZS" not in message


async def until_refused(client: KubeClient, probe: Manifest) -> None:
    """A policy takes a moment until it is in force."""
    for _ in range(100):
        try:
            await client.apply(CONFIG_MAP, probe, ApplyOptions("test", dry_run=True))
        except WebhookRefused:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the policy never came into force")


async def test_a_webhook_that_does_not_answer_is_waited_for_and_then_given_up(world: World) -> None:
    client, api = world.client(), "admissionregistration.k8s.io"
    webhooks = Resource(
        api, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", namespaced=False
    )
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["*"],
        "resources": ["configmaps"],
        "scope": "Namespaced",
    }
    webhook = {
        "name": "absent.example.com",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    manifest = {
        "apiVersion": webhooks.api_version,
        "kind": webhooks.kind,
        "metadata": {"name": world.namespace},
        "webhooks": [webhook],
    }
    made = await client.apply(webhooks, manifest, ApplyOptions("test"))
    order = world.order([config_map(world.namespace, "a")])
    step = await world.engine().step(order)
    for _ in range(50):
        if step.delivery.phase is not Phase.DELIVERED:
            break
        # The webhook was not in force yet.
        order = world.order([config_map(world.namespace, "a", k="2")], attempt=uuid.uuid4().hex)
        step = await world.engine().step(order)
    assert step.delivery.phase is Phase.APPLYING
    assert step.again_after_s is not None
    assert "absent.example.com" in step.delivery.reason
    world.clock.advance(31)
    step = await world.engine().step(order)
    assert step.delivery.phase is Phase.FAILED
    assert "gave up after 30 s" in step.delivery.reason
    await client.delete(webhooks, "", world.namespace, uid=made["metadata"]["uid"])


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
