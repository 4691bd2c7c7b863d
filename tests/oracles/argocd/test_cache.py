"""What Argo CD's processes tell one another by way of their Redis, as objects."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.model.objects import Manifest, ObjectId
from bot.store.embedded import EmbeddedStore
from oracles.argocd.cache import Cache

TRACKED = {"argocd.argoproj.io/tracking-id": "web:/ConfigMap:shop/a"}


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[str]:
    store = EmbeddedStore(tmp_path)
    await store.start()
    yield store.url
    await store.stop()


def manifest(name: str, kind: str = "ConfigMap", **metadata: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}}


async def objects(
    redis: str, compared: list[Manifest | None], rendered: list[Manifest]
) -> dict[ObjectId, Manifest]:
    entries = [{"targetState": json.dumps(each)} for each in compared]
    made = {"manifestResponse": {"manifests": [json.dumps(each) for each in rendered]}}
    async with Redis.from_url(redis) as client:
        await client.set("app|managed-resources|web|1.8.3", json.dumps(entries))
        await client.set("mfst|annotation:x|web|abc|shop|1|1.8.3", json.dumps(made))
        await client.set("mfst|annotation:x|webby|abc|shop|1|1.8.3", json.dumps({"manifestResponse": None}))
    async with Cache(redis) as cache:
        return await cache.objects("web", "shop", lambda each: each["kind"] != "Namespace")


async def test_what_is_compared_is_taken_without_the_mark_of_its_owner(redis: str) -> None:
    found = await objects(redis, [manifest("a", namespace="shop", annotations=TRACKED), None], [])
    assert found == {ObjectId("", "ConfigMap", "shop", "a"): manifest("a", namespace="shop")}


async def test_other_annotations_stay(redis: str) -> None:
    (found,) = (await objects(redis, [manifest("a", annotations={**TRACKED, "b": "c"})], [])).values()
    assert found["metadata"] == {"name": "a", "namespace": "shop", "annotations": {"b": "c"}}


async def test_a_secret_is_taken_from_where_its_values_are(redis: str) -> None:
    hidden = {**manifest("s", "Secret", namespace="shop"), "data": {"a": "++++"}}
    plain = {**manifest("s", "Secret"), "data": {"a": "eA=="}}
    (found,) = (await objects(redis, [hidden], [plain])).values()
    assert found["data"] == {"a": "eA=="}


async def test_a_hook_is_not_compared_and_counts_all_the_same(redis: str) -> None:
    hook = manifest("h", annotations={"helm.sh/hook": "pre-install"})
    found = await objects(redis, [], [hook, manifest("compared-or-not-at-all")])
    assert list(found) == [ObjectId("", "ConfigMap", "shop", "h")]


async def test_a_hook_that_never_runs_does_not_count(redis: str) -> None:
    marks = [{"helm.sh/hook": "test"}, {"helm.sh/hook": "pre-rollback"}, {"argocd.argoproj.io/hook": "Never"}]
    assert (
        await objects(redis, [], [manifest(f"h{n}", annotations=mark) for n, mark in enumerate(marks)]) == {}
    )


async def test_what_is_cluster_scoped_has_no_namespace(redis: str) -> None:
    assert list(await objects(redis, [manifest("n", "Namespace", namespace="x")], [])) == [
        ObjectId("", "Namespace", "", "n")
    ]


async def test_what_has_no_name_is_no_trouble(redis: str) -> None:
    nameless = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "metadata": {}}
    assert await objects(redis, [], [nameless]) == {}
