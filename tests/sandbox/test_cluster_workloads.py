"""What the controllers and kwok do for the objects of a test, as a cluster would."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.observe import create, read, until


def deployment(name: str, *, replicas: int = 1, **annotations: str) -> dict[str, Any]:
    labels = {"app": name}
    named = {f"sandbox.longshore/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": named},
                # A namespace waits for half of its pods' grace before it looks again.
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "containers": [{"name": "app", "image": "example.invalid/app:1"}],
                },
            },
        },
    }


async def test_a_deployment_becomes_ready(control_plane: ClusterAccess, cluster_namespace: str) -> None:
    async with control_plane.session() as session:
        path = await create(
            session,
            f"/apis/apps/v1/namespaces/{cluster_namespace}/deployments",
            deployment("web", replicas=3),
        )

        async def is_ready() -> bool:
            found = await read(session, path)
            return found is not None and found["status"].get("readyReplicas") == 3

        await until(is_ready)


async def test_a_pod_that_asks_for_it_stays_without_its_image(
    control_plane: ClusterAccess,
    cluster_namespace: str,
) -> None:
    async with control_plane.session() as session:
        base = f"/api/v1/namespaces/{cluster_namespace}/pods"
        template = deployment("stuck", pod="stuck")["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", **template}
        path = await create(session, base, {**pod, "metadata": {"name": "stuck", **template["metadata"]}})

        async def is_stuck() -> bool:
            found = await read(session, path)
            assert found is not None
            statuses = found["status"].get("containerStatuses", [])
            return [each["state"]["waiting"]["reason"] for each in statuses] == ["ImagePullBackOff"]

        await until(is_stuck)


async def test_a_pod_that_asks_for_it_is_ready_later(
    control_plane: ClusterAccess,
    cluster_namespace: str,
) -> None:
    async with control_plane.session() as session:
        template = deployment("late", ready_after="1s")["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", **template}
        path = await create(
            session,
            f"/api/v1/namespaces/{cluster_namespace}/pods",
            {**pod, "metadata": {"name": "late", **template["metadata"]}},
        )
        began_s = asyncio.get_running_loop().time()

        async def is_running() -> bool:
            found = await read(session, path)
            return found is not None and found["status"]["phase"] == "Running"

        await until(is_running)
        assert asyncio.get_running_loop().time() - began_s > 0.9


async def test_a_job_completes(control_plane: ClusterAccess, cluster_namespace: str) -> None:
    async with control_plane.session() as session:
        pod = {"restartPolicy": "Never", "containers": [{"name": "run", "image": "example.invalid/run:1"}]}
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "once"},
            "spec": {"template": {"spec": pod}},
        }
        path = await create(session, f"/apis/batch/v1/namespaces/{cluster_namespace}/jobs", job)

        async def is_complete() -> bool:
            found = await read(session, path)
            return found is not None and found["status"].get("succeeded") == 1

        await until(is_complete)


async def test_what_an_owner_leaves_is_collected(
    control_plane: ClusterAccess, cluster_namespace: str
) -> None:
    async with control_plane.session() as session:
        base = f"/api/v1/namespaces/{cluster_namespace}/configmaps"
        owner_path = await create(session, base, {"metadata": {"name": "owner"}})
        owner = await read(session, owner_path)
        assert owner is not None
        reference = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "owner",
            "uid": owner["metadata"]["uid"],
        }
        owned = {"metadata": {"name": "owned", "ownerReferences": [reference]}}
        owned_path = await create(session, base, owned)
        async with session.delete(owner_path) as response:
            assert response.status == 200

        async def is_gone() -> bool:
            return await read(session, owned_path) is None

        await until(is_gone)


async def test_a_namespace_with_running_pods_goes_away(
    control_plane: ClusterAccess,
    cluster_namespace: str,
) -> None:
    async with control_plane.session() as session:
        deployments = f"/apis/apps/v1/namespaces/{cluster_namespace}/deployments"
        path = await create(session, deployments, deployment("web"))

        async def is_ready() -> bool:
            found = await read(session, path)
            return found is not None and found["status"].get("readyReplicas") == 1

        async def is_gone() -> bool:
            return await read(session, f"/api/v1/namespaces/{cluster_namespace}") is None

        await until(is_ready)
        async with session.delete(f"/api/v1/namespaces/{cluster_namespace}") as response:
            assert response.status == 200
        await until(is_gone)


async def test_a_user_may_do_what_rbac_says_and_nothing_else(
    control_plane: ClusterAccess,
    cluster_namespace: str,
) -> None:
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{cluster_namespace}"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "readers"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "read"}
    async with control_plane.session() as admin:
        await create(admin, f"{rbac}/roles", {"metadata": {"name": "read"}, "rules": [rule]})
        binding = {"metadata": {"name": "read"}, "roleRef": role, "subjects": [group]}
        await create(admin, f"{rbac}/rolebindings", binding)
    async with control_plane.session("somebody", ("readers",)) as session:
        base = f"/api/v1/namespaces/{cluster_namespace}"

        async def may_list() -> bool:
            async with session.get(f"{base}/configmaps") as response:
                return response.status == 200

        await until(may_list)
        async with session.get(f"{base}/secrets") as refused:
            assert refused.status == 403
            assert 'User "somebody" cannot list resource "secrets"' in (await refused.json())["message"]
