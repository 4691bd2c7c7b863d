"""Who may do what: nothing for those who need nothing, and just enough for the one who delivers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.kube.client import KubeClient
from bot.kube.errors import Forbidden
from bot.model.delivery import Failure, Outcome, Phase
from tests.deploy.rendered import manifests
from tests.engines.direct.world import World, config_map, deliver, deployment
from tests.sandbox.cluster import ClusterAccess
from tests.sandbox.cluster.administer import apply
from tests.sandbox.cluster.tokens import token_kubeconfig

DELIVERER = "system:serviceaccount:longshore-system:longshore"
NAMESPACES = ("longshore", "longshore-system", "default", "kube-system")
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


@pytest_asyncio.fixture
async def shop(operator: KubeClient, cluster_namespace: str) -> str:
    """A namespace that was given to Longshore."""
    for manifest in manifests("cluster-access/namespace"):
        manifest["metadata"]["namespace"] = cluster_namespace
        await apply(operator, manifest)
    return cluster_namespace


@pytest_asyncio.fixture
async def deliverer(shop: str, control_plane: ClusterAccess, tmp_path: Path) -> AsyncIterator[World]:
    """Delivers with the token the README tells to make, its records in the namespace of records."""
    kubeconfig = await token_kubeconfig(
        control_plane, "longshore-system", "longshore", tmp_path / "token.yaml"
    )
    world = _Given(kubeconfig, shop)
    yield world
    await world.close()


class _Given(World):
    @property
    def state_namespace(self) -> str:
        return "longshore-system"


async def rules(access: ClusterAccess, user: str, namespace: str) -> list[Any]:
    headers = {"Impersonate-User": user}
    review = {"spec": {"namespace": namespace}}
    async with access.session() as session, session.post(REVIEW, json=review, headers=headers) as response:
        assert response.status == 201, await response.text()
        found: list[Any] = (await response.json())["status"]["resourceRules"]
        return found


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("account", ["longshore-web", "longshore-store"])
async def test_web_and_store_may_do_nothing_in_the_cluster(
    operator: KubeClient, control_plane: ClusterAccess, account: str, namespace: str
) -> None:
    nobody = await rules(control_plane, "system:serviceaccount:default:nobody-in-particular", namespace)
    assert await rules(control_plane, f"system:serviceaccount:longshore:{account}", namespace) == nobody


@pytest.mark.parametrize("namespace", NAMESPACES)
async def test_the_worker_may_only_act_as_the_account_that_delivers(
    operator: KubeClient, control_plane: ClusterAccess, namespace: str
) -> None:
    nobody = await rules(control_plane, "system:serviceaccount:default:nobody-in-particular", namespace)
    found = await rules(control_plane, "system:serviceaccount:longshore:longshore-worker", namespace)
    more = [rule for rule in found if rule not in nobody]
    expected = {
        "verbs": ["impersonate"],
        "apiGroups": [""],
        "resources": ["serviceaccounts"],
        "resourceNames": ["longshore"],
    }
    assert more == ([expected] if namespace == "longshore-system" else [])


async def test_a_delivery_by_token_applies_prunes_and_records(deliverer: World) -> None:
    shop = deliverer.namespace
    web, settings = deployment(shop, "web"), config_map(shop, "settings")
    engine = deliverer.engine()

    first = await deliver(engine, deliverer.order([web, settings]))
    assert first.delivery.phase is Phase.DELIVERED, first
    second = await deliver(engine, deliverer.order([web], revision=2))
    assert second.delivery.phase is Phase.DELIVERED, second

    assert [r.id.name for r in second.delivery.results if r.outcome is Outcome.PRUNED] == ["settings"]


async def test_a_delivery_elsewhere_is_refused_by_the_cluster_too(deliverer: World) -> None:
    step = await deliver(deliverer.engine(), deliverer.order([config_map("default", "stray")]))
    assert step.delivery.phase is Phase.FAILED
    assert [r.failure for r in step.delivery.results] == [Failure.FORBIDDEN]


async def test_the_account_that_delivers_cannot_give_itself_more(deliverer: World) -> None:
    binding = manifests("cluster-access/namespace")[0]
    binding["metadata"]["namespace"] = "default"
    with pytest.raises(Forbidden):
        await apply(deliverer.client(), binding)
