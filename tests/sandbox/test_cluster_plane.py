"""The control plane itself: what it can do, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
import yaml

from tests.sandbox.cluster import ComponentFailed, ControlPlane
from tests.sandbox.cluster.access import ClusterAccess
from tests.sandbox.cluster.background import BackgroundPlane
from tests.sandbox.cluster.commands import ProgramMissing
from tests.sandbox.cluster.observe import create, read, until
from tests.sandbox.cluster.ports import Reservation
from tests.sandbox.cluster.process import Component
from tools.locate import cache_dir

PROJECT = Path(__file__).resolve().parents[2]


def content_of(directory: Path) -> list[Path]:
    return list(directory.iterdir())


def processes_that_name(directory: Path) -> list[int]:
    """The processes that have the directory in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended while we looked
            if str(directory) in path.read_text(errors="replace"):
                found.append(int(path.parent.name))
    return found


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


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


async def test_nothing_is_left_of_a_start_that_was_cancelled(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    starting = asyncio.create_task(ControlPlane.start(with_controllers=False))

    async def has_two_processes() -> bool:
        return len(processes_that_name(tmp_path)) == 2

    await until(has_two_processes)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert processes_that_name(tmp_path) == []
    assert content_of(tmp_path) == []


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
