"""What is sent again, what is not, and what is said when nothing helps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from aiohttp import web

from bot.kube.client import ApplyOptions, KubeClient
from bot.kube.connection import Connection
from bot.kube.errors import ServerFailed, TooManyRequests, Unreachable
from bot.kube.parent import CONFIG_MAP
from bot.kube.resources import Resource

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "a"}}


class Server:
    """Answers as told, one answer after the other; the last one stays."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.method)
        await request.read()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def says(status: int, **body: object) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status)

    return answer


async def hangs_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def never_answers(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest_asyncio.fixture
async def flaky(server: Server, tmp_path: Path) -> AsyncIterator[KubeClient]:
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig(server.url))
    async with KubeClient(Connection("flaky", path, request_timeout_s=1.0)) as client:
        yield client


def kubeconfig(url: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "clusters": [{"name": "x", "cluster": {"server": url}}],
            "users": [{"name": "x", "user": {"token": "hunter2"}}],
        }
    )


@pytest.mark.parametrize("trouble", [says(503), says(429), hangs_up], ids=["503", "429", "hang-up"])
async def test_what_does_no_harm_twice_is_sent_again(
    server: Server, flaky: KubeClient, trouble: Answer
) -> None:
    server.answers = [trouble, trouble, says(200, kind="ConfigMap")]
    made = await flaky.apply(CONFIG_MAP, MANIFEST, ApplyOptions("t"))
    assert made == {"kind": "ConfigMap"}
    assert server.asked == ["PATCH"] * 3


async def test_a_creation_that_may_have_worked_is_not_sent_again(server: Server, flaky: KubeClient) -> None:
    server.answers = [hangs_up]
    with pytest.raises(Unreachable):
        await flaky.create(CONFIG_MAP, MANIFEST)
    assert server.asked == ["POST"]
    server.answers = [says(429), says(201, kind="ConfigMap")]
    await flaky.create(CONFIG_MAP, MANIFEST)


async def test_tries_are_bounded(server: Server, flaky: KubeClient) -> None:
    server.answers = [says(500, message="etcd is down")]
    with pytest.raises(ServerFailed, match="etcd is down"):
        await flaky.find(CONFIG_MAP, "a", "x")
    assert len(server.asked) == 4
    server.answers = [says(429, details={"retryAfterSeconds": 1})]
    with pytest.raises(TooManyRequests) as caught:
        await flaky.find(CONFIG_MAP, "a", "x")
    assert caught.value.retry_after_s == 1


async def test_a_server_that_never_answers_costs_one_time_limit(server: Server, flaky: KubeClient) -> None:
    server.answers = [never_answers]
    with pytest.raises(Unreachable, match="did not answer within 1 s"):
        await flaky.find(CONFIG_MAP, "a", "x")
    assert len(server.asked) == 1


async def test_a_deletion_whose_answer_was_lost_is_a_deletion(server: Server, flaky: KubeClient) -> None:
    server.answers = [hangs_up, says(404, reason="NotFound")]
    await flaky.delete(CONFIG_MAP, "a", "x", uid="u")
    assert server.asked == ["DELETE", "DELETE"]


async def test_nobody_listening_is_said_with_the_cluster_s_name(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig("http://127.0.0.1:1"))
    async with KubeClient(Connection("prod", path)) as client:
        with pytest.raises(Unreachable, match="cluster prod cannot be reached") as caught:
            await client.version()
    assert "hunter2" not in str(caught.value)


async def test_a_server_without_aggregated_discovery_is_asked_version_by_version(
    server: Server, flaky: KubeClient
) -> None:
    def listed(kind: str, plural: str, *, namespaced: bool) -> dict[str, object]:
        return {"name": plural, "kind": kind, "namespaced": namespaced, "verbs": ["list"]}

    v1 = {"version": "v1", "groupVersion": "apps/v1"}
    beta = {"version": "v1beta1", "groupVersion": "apps/v1beta1"}
    broken = {"version": "v1", "groupVersion": "metrics/v1"}
    documents = {
        "/api": {"versions": ["v1"]},
        "/api/v1": {"resources": [listed("Namespace", "namespaces", namespaced=False)]},
        "/apis": {
            "groups": [
                {"name": "apps", "versions": [beta, v1], "preferredVersion": v1},
                {"name": "metrics", "versions": [broken], "preferredVersion": broken},
            ]
        },
        "/apis/apps/v1": {
            "resources": [
                listed("Deployment", "deployments", namespaced=True),
                listed("Deployment", "deployments/status", namespaced=True),
            ]
        },
        "/apis/apps/v1beta1": {"resources": [listed("Deployment", "deployments", namespaced=True)]},
    }

    async def discovery(request: web.Request) -> web.StreamResponse:
        found = documents.get(request.path)
        return web.json_response(found) if found else web.json_response({}, status=404)

    server.answers = [discovery]
    expected = Resource("apps", "v1", "Deployment", "deployments", True, frozenset({"list"}))
    assert await flaky.discovery.preferred("apps", "Deployment") == expected
    assert (await flaky.discovery.resource("apps/v1beta1", "Deployment")).version == "v1beta1"
    assert await flaky.discovery.versions("apps") == {"apps/v1", "apps/v1beta1"}
    with pytest.raises(ServerFailed, match="behind API group metrics is down"):
        await flaky.discovery.preferred("metrics", "NodeMetrics")
