"""The control plane itself: what it can do, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from tests.sandbox.cluster import ComponentFailed, ControlPlane
from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.background import BackgroundPlane
from tests.sandbox.cluster.commands import ProgramMissing
from tests.sandbox.cluster.ports import Reservation
from tests.sandbox.cluster.process import Component
from tools.locate import cache_dir

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0


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


async def create(session: aiohttp.ClientSession, collection: str, body: dict[str, Any]) -> str:
    async with session.post(collection, json=body) as response:
        assert response.status == 201, await response.text()
    return f"{collection}/{body['metadata']['name']}"


async def read(session: aiohttp.ClientSession, path: str) -> dict[str, Any] | None:
    async with session.get(path) as response:
        if response.status == 404:
            return None
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.05)


def content_of(directory: Path) -> list[Path]:
    return list(directory.iterdir())


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


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


def test_a_kubeconfig_holds_all_that_a_client_needs(control_plane: ClusterAccess) -> None:
    path = control_plane.kubeconfig("somebody", ("readers",))
    assert path == control_plane.kubeconfig("somebody", ("readers",))
    assert path != control_plane.admin_kubeconfig
    assert path.stat().st_mode & 0o077 == 0
    document = yaml.safe_load(path.read_text())
    assert document["clusters"][0]["cluster"]["server"] == control_plane.server
    assert set(document["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


async def test_nothing_is_left_after_stop() -> None:
    async with await ControlPlane.start(with_controllers=False) as plane:
        pids, access = plane.pids, plane.access
        assert set(pids) == {"etcd", "kube-apiserver"}
    assert [name for name, pid in pids.items() if is_alive(pid)] == []
    assert not access.directory.exists()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", int(access.server.rpartition(":")[2])))


async def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio\n"
        "from tests.sandbox.cluster import ControlPlane\n"
        "async def main():\n"
        "    plane = await ControlPlane.start(with_controllers=False)\n"
        "    print(plane.access.directory, *plane.pids.values(), flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        cwd=PROJECT,
        env={"PATH": "", "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(cache_dir().parents[1])},
        stdout=subprocess.PIPE,
    )
    assert owner.stdout is not None
    _, *pids = (await owner.stdout.readline()).split()
    assert [is_alive(int(pid)) for pid in pids] == [True, True]
    owner.send_signal(signal.SIGKILL)
    await owner.wait()

    async def all_gone() -> bool:
        return not any(is_alive(int(pid)) for pid in pids)

    await until(all_gone)


def test_an_api_server_that_was_killed_comes_back_with_its_data(own_control_plane: BackgroundPlane) -> None:
    access = own_control_plane.access

    async def write() -> None:
        async with access.session() as session:
            await create(session, "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "kept"}})

    async def refused() -> None:
        async with access.session() as session:
            with pytest.raises(aiohttp.ClientConnectionError):
                await read(session, "/version")

    async def kept() -> bool:
        async with access.session() as session:
            return await read(session, "/api/v1/namespaces/default/configmaps/kept") is not None

    asyncio.run(write())
    own_control_plane.kill_apiserver()
    asyncio.run(refused())
    own_control_plane.restart_apiserver()
    assert asyncio.run(kept())


async def test_a_paused_api_server_answers_nobody_until_it_is_resumed(
    own_control_plane: BackgroundPlane,
) -> None:
    async with own_control_plane.access.session() as session:
        own_control_plane.pause()
        with pytest.raises(TimeoutError):
            async with session.get("/readyz", timeout=aiohttp.ClientTimeout(total=0.5)):
                pytest.fail("a paused server has answered")
        own_control_plane.resume()
        async with session.get("/readyz") as response:
            assert response.status == 200


async def test_two_planes_do_not_meet(control_plane: ClusterAccess) -> None:
    async with await ControlPlane.start(with_controllers=False) as other, other.access.session() as session:
        assert other.access.server != control_plane.server
        found = await read(session, "/api/v1/nodes")
        assert found is not None
        assert found["items"] == []


async def test_a_component_that_ends_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "kube-apiserver.log"
    component = Component("kube-apiserver", ["/bin/sh", "-c", "echo address in use >&2; exit 3"], log)
    await component.start()

    async def has_ended() -> bool:
        return not component.is_running

    await until(has_ended)
    with pytest.raises(ComponentFailed, match=r"(?s)kube-apiserver ended with status 3.*address in use"):
        component.check()


async def test_a_missing_program_is_named_with_the_command_that_builds_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ProgramMissing, match=r"etcd is not built yet; .*python tools/build.py plane"):
        await ControlPlane.start()
    assert content_of(tmp_path) == []


def test_a_reserved_port_is_given_to_nobody_else() -> None:
    with Reservation() as mine, Reservation() as other, socket.socket() as third:
        assert mine.port != other.port
        with pytest.raises(OSError, match="in use"):
            third.bind(("127.0.0.1", mine.port))
