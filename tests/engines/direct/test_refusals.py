"""What stops a delivery, on the real API server: each refusal is said of its object, with nothing half written."""

import asyncio
import uuid
from typing import Any

from bot.kube.applyset import PART_OF_LABEL
from bot.kube.client import ApplyOptions, KubeClient
from bot.kube.errors import WebhookRefused
from bot.kube.parent import CONFIG_MAP, NAMESPACE, read
from bot.kube.resources import Resource
from bot.model.delivery import Failure, Outcome, Phase
from bot.model.objects import Manifest, ObjectId
from bot.model.rendering import Diagnostic, MaskedRendering, Rendering, Severity
from tests.engines.direct.world import (
    Recorder,
    World,
    config_map,
    deliver,
    deployment,
    make_target,
    refused,
)
from tests.sandbox.cluster import ClusterAccess


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


async def test_an_unreadable_record_stops_the_target_and_says_what_to_do(world: World) -> None:
    order = world.order([config_map(world.namespace, "settings")])
    await deliver(world.engine(), order)
    held = await read(world.client(), world.parent())
    assert held is not None
    await world.client().replace(CONFIG_MAP, {**held.manifest, "binaryData": {"record": "bm90IGEgcmVjb3Jk"}})
    step = await world.engine().step(order)
    assert step.delivery.phase is Phase.FAILED
    assert "cannot be read" in step.delivery.reason


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
