"""What charts are told of their cluster: by the operator, else by the cluster itself, and the same for all."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.config import Cluster
from bot.kube.client import KubeClient
from bot.kube.connection import Connection
from bot.kube.errors import Unreachable
from bot.loops.facts import AGAIN_S, KEEP_S, KnownClusters
from bot.model.steps import Done
from bot.render.helm.inputs import ClusterFacts
from bot.store.connection import Store
from bot.store.shared import Shared
from tests.engines.direct.world import TestClock
from tests.loops.conftest import House, cluster, running_store
from tests.loops.test_plan import CHECK
from tests.sandbox.cluster import ClusterAccess
from tests.stories.districts import kubeconfig_of
from tests.stories.fluxfiles import bootstrap, flux_kustomization, own_chart, release
from tests.stories.manifests import Files, config_map

GIVEN = {"allow": [{"repository": "acme/fleet"}]}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with running_store(tmp_path / "store") as store:
        yield store


class Worker:
    """Asks `client`, or nobody while it is None. Counts how often it tried to."""

    def __init__(self, store: Store, client: KubeClient | None, clock: TestClock, **cluster: Any) -> None:
        declared = Cluster.model_validate({"environment": "staging", **GIVEN, **cluster})
        self.client, self.tries = client, 0
        self._known = KnownClusters({"staging": declared}, self._connect, Shared(store), clock)

    async def _connect(self, name: str) -> KubeClient:
        self.tries += 1
        if self.client is None:
            raise Unreachable(f"cluster {name} cannot be reached: refused")
        return self.client

    async def facts(self, cluster: str = "staging", repository: str = "acme/fleet") -> ClusterFacts:
        return await self._known.given_to(repository)(cluster)


@pytest.fixture
async def client(control_plane: ClusterAccess) -> AsyncIterator[KubeClient]:
    path = await asyncio.to_thread(lambda: control_plane.admin_kubeconfig)
    async with KubeClient(Connection("staging", path)) as made:
        yield made


async def test_a_cluster_says_its_version_and_all_that_it_serves(store: Store, client: KubeClient) -> None:
    facts = await Worker(store, client, TestClock(), apiVersions=["more.example/v1"]).facts()
    assert facts.kube_version == await client.version()
    assert {"apps/v1", "apps/v1/Deployment", "v1/Pod", "more.example/v1"} <= set(facts.api_versions)
    assert list(facts.api_versions) == sorted(facts.api_versions)


async def test_a_cluster_is_asked_once_for_all_workers_and_again_after_a_while(
    store: Store, client: KubeClient
) -> None:
    clock = TestClock()
    first, second = Worker(store, client, clock), Worker(store, client, clock)
    known = await first.facts()
    assert [await first.facts(), await second.facts()] == [known, known]
    assert (first.tries, second.tries) == (1, 0)
    clock.advance(KEEP_S + 1)
    await second.facts()
    assert (await first.facts(), first.tries, second.tries) == (known, 1, 1)


async def test_of_what_the_operator_writes_no_cluster_is_asked(store: Store) -> None:
    worker = Worker(store, None, TestClock(), kubeVersion="v1.33.1", apiVersions=["b/v1", "a/v1"])
    assert await worker.facts() == ClusterFacts("v1.33.1", ("a/v1", "b/v1"))
    assert worker.tries == 0


async def test_a_cluster_that_does_not_answer_is_as_it_was(store: Store, client: KubeClient) -> None:
    clock = TestClock()
    worker = Worker(store, client, clock)
    known = await worker.facts()
    worker.client = None
    clock.advance(KEEP_S + 1)
    assert [await worker.facts(), await worker.facts()] == [known, known]
    assert worker.tries == 2
    assert await Worker(store, None, clock).facts() == known, "also for a worker that starts now"
    worker.client = client
    clock.advance(AGAIN_S + 1)
    await worker.facts()
    assert worker.tries == 3


async def test_of_a_cluster_that_never_answered_only_the_operators_words_are_known(store: Store) -> None:
    worker = Worker(store, None, TestClock(), apiVersions=["a/v1"])
    assert await worker.facts() == ClusterFacts(api_versions=("a/v1",))


async def test_a_repository_is_told_nothing_of_a_cluster_that_it_was_not_given(
    store: Store, client: KubeClient
) -> None:
    worker = Worker(store, client, TestClock(), kubeVersion="1.33.1")
    assert await worker.facts(repository="mallory/fleet") == ClusterFacts()
    assert await worker.facts("elsewhere") == ClusterFacts()
    assert (await worker.facts()).kube_version == "1.33.1"


def _discovery(*groups: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "APIGroupDiscoveryList", "items": list(groups)}


def _group(name: str, version: str, kind: str, freshness: str = "Current") -> dict[str, Any]:
    kinds = [{"resource": f"{kind.lower()}s", "responseKind": {"kind": kind}, "scope": "Namespaced"}]
    found = {"version": version, "freshness": freshness, "resources": kinds if kind else []}
    return {"metadata": {"name": name}, "versions": [found]}


@pytest.mark.parametrize("nonsense", [{"gitVersion": "--set=a"}, {"gitVersion": ["1"]}, {}])
async def test_what_a_cluster_cannot_say_now_is_as_it_was(
    store: Store, tmp_path: Path, nonsense: Mapping[str, Any]
) -> None:
    metrics = [_group("metrics.k8s.io", "v1beta1", "PodMetrics")]
    version: Mapping[str, Any] = {"gitVersion": "v1.33.1"}

    async def answer(request: web.Request) -> web.Response:
        shown = {
            "/version": version,
            "/api": _discovery(_group("", "v1", "Pod")),
            "/apis": _discovery(*metrics),
        }
        return web.json_response(shown[request.path])

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    clock = TestClock()
    path = kubeconfig_of(tmp_path / "kubeconfig", f"http://127.0.0.1:{server.port}")
    try:
        async with KubeClient(Connection("staging", path), clock=clock) as client:
            worker = Worker(store, client, clock)
            known = await worker.facts()
            assert known == ClusterFacts(
                "v1.33.1", ("metrics.k8s.io/v1beta1", "metrics.k8s.io/v1beta1/PodMetrics", "v1", "v1/Pod")
            )
            metrics[:] = [_group("metrics.k8s.io", "v1beta1", "", "Stale")]
            clock.advance(KEEP_S + 1)
            assert await worker.facts() == known
            # And a server that says no version has said nothing at all.
            version, metrics[:] = nonsense, []
            clock.advance(KEEP_S + 1)
            assert await worker.facts() == known
    finally:
        await server.close()


FLEET: Files = {
    "clusters/staging/apps.yaml": flux_kustomization("apps", "apps"),
    "apps/web.yaml": release("web", "shop"),
    "apps/plain.yaml": config_map("plain", "shop", level="1"),
    **own_chart("{greeting: '{{ .Values.greeting }}', kubernetes: '{{ .Capabilities.KubeVersion }}'}"),
}


async def test_a_plan_is_made_anew_for_another_cluster_only_where_it_shows_a_release(
    house: House, control_plane: ClusterAccess
) -> None:
    own = bootstrap("staging", f"{house.github.url}/acme/fleet.git")

    async def with_version(version: str) -> None:
        declared = cluster(control_plane, house.namespace, kubeVersion=version)
        await house.open(clusters={"staging": declared})

    await with_version("1.33.1")
    await house.push({**own, **FLEET})
    plain = await house.pull({"apps/plain.yaml": config_map("plain", "shop", level="2")}, "plain")
    added = await house.pull({"apps/more.yaml": release("more", "shop")}, "added")
    for pull in (plain, added):
        assert await house.plan(pull) == Done()
        assert house.check(pull.head_sha, CHECK).conclusion == "success"
    assert "v1.33.1" in added.comments[0].body
    runs = len(house.github.check_runs(house.repository, plain.head_sha))
    before = plain.comments[0].body

    await with_version("1.34.2")
    for pull in (plain, added):
        assert await house.plan(pull) == Done()
    assert "v1.34.2" in added.comments[0].body
    assert "v1.33.1" not in added.comments[0].body
    assert plain.comments[0].body == before
    assert len(house.github.check_runs(house.repository, plain.head_sha)) == runs
