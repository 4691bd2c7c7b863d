"""The verbs, against a real API server."""

import asyncio
from typing import Any

import pytest

from bot.kube.client import ApplyOptions, KubeClient
from bot.kube.connection import Connection, Impersonation
from bot.kube.errors import (
    AlreadyExists,
    Conflict,
    FieldConflict,
    Forbidden,
    Immutable,
    Invalid,
    NoSuchKind,
    NotFound,
    TooLarge,
)
from bot.kube.parent import CONFIG_MAP, NAMESPACE
from bot.kube.resources import Resource, Write
from bot.model.objects import Manifest
from tests.sandbox.cluster import ClusterAccess

SECRET = Resource("", "v1", "Secret", "secrets", namespaced=True)
APPLY = ApplyOptions("longshore-test")


def config_map(namespace: str, name: str = "x", **data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data or {"a": "b"},
    }


async def test_finds_where_kinds_live(client: KubeClient) -> None:
    found = await client.discovery.resource("apps/v1", "Deployment")
    assert found.path("shop", "web") == "/apis/apps/v1/namespaces/shop/deployments/web"
    assert (await client.discovery.preferred("", "Namespace")).path("", "a") == "/api/v1/namespaces/a"
    assert not (await client.discovery.preferred("rbac.authorization.k8s.io", "ClusterRole")).namespaced
    assert (await client.version()).startswith("v1.")


async def test_a_kind_the_server_lacks_is_named_with_what_it_has(client: KubeClient) -> None:
    with pytest.raises(NoSuchKind, match="extensions/v1beta1"):
        await client.discovery.resource("extensions/v1beta1", "Ingress")
    with pytest.raises(NoSuchKind) as caught:
        await client.discovery.resource("apps/v1beta1", "Deployment")
    assert "apps/v1" in caught.value.hint


async def test_a_dry_run_changes_nothing(client: KubeClient, cluster_namespace: str) -> None:
    wanted = config_map(cluster_namespace)
    dry = await client.apply(CONFIG_MAP, wanted, ApplyOptions("t", dry_run=True))
    assert dry["data"] == {"a": "b"}
    assert await client.find(CONFIG_MAP, cluster_namespace, "x") is None


async def test_lists_page_by_page(
    client: KubeClient, cluster_namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.kube.client.PAGE", 2)
    monkeypatch.setattr("bot.kube.client.FULL_PAGE", 2)
    for n in range(5):
        labelled = config_map(cluster_namespace, f"x{n}")
        labelled["metadata"]["labels"] = {"mine": "yes"}
        await client.apply(CONFIG_MAP, labelled, APPLY)
    metas = await client.list_metadata(CONFIG_MAP, label_selector="mine=yes", namespace=cluster_namespace)
    assert [m.name for m in metas] == [f"x{n}" for n in range(5)]
    assert metas[0].managers[0].manager == "longshore-test"
    found = [
        o
        async for o in client.list_objects(CONFIG_MAP, label_selector="mine=yes", namespace=cluster_namespace)
    ]
    assert [(o["kind"], o["data"]) for o in found] == [("ConfigMap", {"a": "b"})] * 5
    assert await client.list_metadata(CONFIG_MAP, label_selector="mine=no", namespace=cluster_namespace) == []


async def test_a_replace_of_what_changed_since_is_a_conflict(
    client: KubeClient, cluster_namespace: str
) -> None:
    made = await client.create(CONFIG_MAP, config_map(cluster_namespace))
    await client.replace(CONFIG_MAP, {**made, "data": {"a": "c"}})
    with pytest.raises(Conflict):
        await client.replace(CONFIG_MAP, {**made, "data": {"a": "d"}})
    with pytest.raises(AlreadyExists):
        await client.create(CONFIG_MAP, config_map(cluster_namespace))
    with pytest.raises(ValueError, match="resourceVersion"):
        await client.replace(CONFIG_MAP, config_map(cluster_namespace))


async def test_deletes_exactly_the_object_that_was_meant(client: KubeClient, cluster_namespace: str) -> None:
    made = await client.create(CONFIG_MAP, config_map(cluster_namespace))
    with pytest.raises(Conflict):
        await client.delete(CONFIG_MAP, cluster_namespace, "x", uid="another")
    uid = made["metadata"]["uid"]
    await client.delete(CONFIG_MAP, cluster_namespace, "x", uid=uid)
    await client.delete(CONFIG_MAP, cluster_namespace, "x", uid=uid)
    assert await client.find_metadata(CONFIG_MAP, cluster_namespace, "x") is None


async def test_refusals_are_typed(client: KubeClient, cluster_namespace: str) -> None:
    deployment = await client.discovery.resource("apps/v1", "Deployment")

    def wanted(app: str) -> Manifest:
        spec: dict[str, Any] = {"containers": [{"name": "a", "image": "a"}]}
        template = {"metadata": {"labels": {"app": app}}, "spec": spec}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "x", "namespace": cluster_namespace},
            "spec": {"selector": {"matchLabels": {"app": app}}, "template": template},
        }

    await client.apply(deployment, wanted("one"), APPLY)
    with pytest.raises(Immutable, match=r"spec\.selector"):
        await client.apply(deployment, wanted("two"), APPLY)
    with pytest.raises(FieldConflict) as caught:
        await client.apply(
            deployment,
            {
                **wanted("one"),
                "spec": {**wanted("one")["spec"], "template": wanted("two")["spec"]["template"]},
            },
            ApplyOptions("other"),
        )
    assert caught.value.managers == ("longshore-test",)
    with pytest.raises(Invalid, match=r"spec\.unheard"):
        await client.apply(
            deployment, {**wanted("one"), "spec": {**wanted("one")["spec"], "unheard": 1}}, APPLY
        )
    with pytest.raises(NotFound, match="namespaces"):
        await client.apply(CONFIG_MAP, config_map("no-such-namespace"), APPLY)


async def test_impersonation_bounds_what_can_be_done(
    control_plane: ClusterAccess, cluster_namespace: str
) -> None:
    path = await asyncio.to_thread(lambda: control_plane.admin_kubeconfig)
    connection = Connection("test", path, impersonate=Impersonation("nobody", "some-group"))
    async with KubeClient(connection) as nobody:
        with pytest.raises(Forbidden, match='User "nobody"'):
            await nobody.find(CONFIG_MAP, cluster_namespace, "x")


@pytest.mark.parametrize(
    "broken",
    [
        {"data": {"password": "hunter2-not-base64!"}},
        {"data": {"password": ["hunter2-not-base64!"]}},
        {
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": "aHVudGVyMi1ub3QtYmFzZTY0IQ=="},
        },
        {"stringData": {"hunter2-not-base64!": 3}},
    ],
)
async def test_the_server_s_words_about_a_secret_are_not_repeated(
    client: KubeClient, cluster_namespace: str, broken: Manifest
) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": cluster_namespace},
        **broken,
    }
    with pytest.raises(Invalid) as caught:
        await client.apply(SECRET, secret, APPLY)
    assert "hunter2-not-base64!" not in str(caught.value)
    assert "aHVudGVy" not in str(caught.value)
    assert f"Secret {cluster_namespace}/db" in str(caught.value)


async def test_an_answer_that_is_too_large_is_not_taken(
    client: KubeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.version()
    monkeypatch.setattr("bot.kube.transport.MAX_ANSWER_BYTES", 100)
    with pytest.raises(TooLarge):
        await client.list_metadata(NAMESPACE)


class Closed:
    """Refuses every write."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def admit(self, write: Write) -> float | None:
        self.asked.append(str(write))
        raise Conflict("closed")


async def test_every_write_passes_the_gate_and_no_read_does(
    client: KubeClient, cluster_namespace: str
) -> None:
    made = await client.create(CONFIG_MAP, config_map(cluster_namespace))
    gate = Closed()
    gated = client.gated(gate)
    place = (CONFIG_MAP, cluster_namespace, "x")
    attempts = [
        gated.apply(CONFIG_MAP, config_map(cluster_namespace), APPLY),
        gated.create(CONFIG_MAP, config_map(cluster_namespace, "y")),
        gated.replace(CONFIG_MAP, made),
        gated.merge(*place, {}),
        gated.patch(*place, []),
    ]
    for attempt in attempts:
        with pytest.raises(Conflict, match="closed"):
            await attempt
    with pytest.raises(Conflict, match="closed"):
        await gated.delete(*place, uid=made["metadata"]["uid"])
    assert [said.split()[0] for said in gate.asked] == [
        "apply",
        "create",
        "replace",
        "patch",
        "patch",
        "delete",
    ]
    await gated.find(*place)
    await gated.apply(CONFIG_MAP, config_map(cluster_namespace), ApplyOptions("t", force=True, dry_run=True))
    assert len(gate.asked) == 6


async def test_everything_served_is_told_by_the_names_that_charts_ask_for(client: KubeClient) -> None:
    served = await client.discovery.served()
    assert {"v1", "v1/Pod", "apps/v1", "apps/v1/Deployment"} <= set(served.names)
    assert list(served.names) == sorted(set(served.names))
    assert not served.stale
