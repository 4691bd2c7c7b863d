"""The ways to a cluster, and what is said when one does not work."""

import asyncio
import json
import os
import stat
import tempfile
from pathlib import Path

import pytest
import yaml

from bot.kube import connection as connections
from bot.kube.client import KubeClient
from bot.kube.connection import Connection
from bot.kube.errors import BadConnection, Unauthorized
from bot.kube.parent import NAMESPACE
from tests.sandbox.cluster import ClusterAccess


async def test_a_missing_kubeconfig_names_the_setting(tmp_path: Path) -> None:
    async with KubeClient(Connection("prod", tmp_path / "nowhere")) as client:
        with pytest.raises(BadConnection, match="nowhere does not exist") as caught:
            await client.version()
    assert "clusters.prod.kubeconfig" in caught.value.hint


async def test_a_context_that_is_not_there_is_named(control_plane: ClusterAccess) -> None:
    path = await asyncio.to_thread(lambda: control_plane.admin_kubeconfig)
    async with KubeClient(Connection("prod", path, context="elsewhere")) as client:
        with pytest.raises(BadConnection, match="elsewhere"):
            await client.version()


async def test_a_broken_kubeconfig_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("users: [{name: a, user: {token: hunter2}}\n: - ]]")
    async with KubeClient(Connection("prod", path)) as client:
        with pytest.raises(BadConnection) as caught:
            await client.version()
    assert "hunter2" not in str(caught.value)


async def test_outside_a_pod_there_is_no_account_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    async with KubeClient(Connection("prod")) as client:
        with pytest.raises(BadConnection, match="service account"):
            await client.version()


async def test_no_key_stays_on_the_disk(
    control_plane: ClusterAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await asyncio.to_thread(lambda: control_plane.admin_kubeconfig)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for _ in range(2):
        async with KubeClient(Connection("test", path)) as client:
            assert await client.version()
            assert os.listdir(tmp_path) == []  # noqa: PTH208 - one call on an empty directory


def plugin_kubeconfig(tmp_path: Path, access: ClusterAccess) -> Path:
    """A kubeconfig whose credential plugin counts its runs and gives a token that is not accepted."""
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "t"},
    }
    script = tmp_path / "plugin"
    script.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\necho '{json.dumps(answer)}'\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    run = {"apiVersion": answer["apiVersion"], "command": str(script)}
    config = yaml.safe_load(access.admin_kubeconfig.read_text())
    config["users"][0]["user"] = {"exec": run}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


async def test_a_credential_plugin_is_asked_again_when_its_token_may_have_aged(
    tmp_path: Path, control_plane: ClusterAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await asyncio.to_thread(plugin_kubeconfig, tmp_path, control_plane)
    async with KubeClient(Connection("prod", path)) as client:
        for _ in range(2):
            with pytest.raises(Unauthorized):
                await client.find(NAMESPACE, "", "default")
        assert (tmp_path / "runs").read_text().split() == ["run"]
        monkeypatch.setattr(connections, "REFRESH_EVERY_S", 0.0)
        with pytest.raises(Unauthorized):
            await client.find(NAMESPACE, "", "default")
        assert (tmp_path / "runs").read_text().split() == ["run", "run"]
        (tmp_path / "plugin").unlink()
        with pytest.raises(BadConnection, match="credential plugin"):
            await client.find(NAMESPACE, "", "default")
