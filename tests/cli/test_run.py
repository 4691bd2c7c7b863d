"""`longshore run`: children that are kept alive, get no more than they need, and end in the right order."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
import structlog

from bot.cli import supervisor
from bot.cli.run import roles, web_environment
from bot.cli.supervisor import NeverGotGoing, Role, Supervisor
from bot.config import Config, load
from bot.model.steps import StepKey, Wake
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.queue import Queue
from tests.web.conftest import SECRET, pull_request

CONFIG = """
dataDir: {data}
web: {{port: {port}}}
forges:
  gh:
    token: ${{env:GH_TOKEN}}
    webhookSecrets: ["${{env:GH_SECRET}}"]
repositories:
  - {{forge: gh, repository: acme/fleet}}
clusters:
  staging: {{kubeconfig: /etc/staging, environment: staging}}
"""


@pytest.fixture
def config_file(tmp_path: Path, unused_tcp_port: int) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.format(data=tmp_path / "data", port=unused_tcp_port))
    return path


def environment() -> dict[str, str]:
    secret = {
        "GH_SECRET": SECRET.decode(),
        "GH_TOKEN": "ghp_x",
        "KUBECONFIG": "/etc/staging",
        "AWS_PROFILE": "x",
    }
    return {**os.environ, **secret}


async def until(condition: Callable[[], bool | Awaitable[bool]], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.05)


def text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_the_web_process_gets_its_webhook_secrets_and_no_other_credential(config_file: Path) -> None:
    seen = web_environment(load(config_file), environment())
    assert seen["GH_SECRET"] == SECRET.decode()
    assert not {"GH_TOKEN", "KUBECONFIG", "AWS_PROFILE", "HOME"} & seen.keys()
    assert "PATH" in seen


def test_a_store_of_the_operators_is_left_to_the_configuration(config_file: Path) -> None:
    for role in roles(load(config_file), config_file, {}, None):
        assert "--store-url" not in role.argv


class Running:
    """A supervisor with the real store and web, and the tests' worker."""

    def __init__(self, config: Config, config_file: Path, tmp_path: Path) -> None:
        self.url = f"http://127.0.0.1:{config.web.port}"
        self.store = EmbeddedStore(config.data_dir)
        web, worker = roles(config, config_file, environment(), self.store)
        options = json.dumps(
            {"store_url": self.store.url, "version": "t", "metrics_port": 0, "sweep": str(tmp_path / "sweep")}
        )
        program = (sys.executable, "-m", "tests.worker.program", options)
        self.supervisor = Supervisor([web, Role("worker", program, worker.env, 10)], self.store)
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(self.supervisor.run(self.stop))

    def pid(self, role: str) -> int:
        return self.supervisor._running[role].pid

    async def ready(self) -> bool:
        assert not self.task.done(), self.task.exception()
        try:
            async with aiohttp.ClientSession() as client, client.get(f"{self.url}/readyz") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def ends(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, 20)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_everything_comes_up_takes_a_webhook_survives_kills_and_ends_without_a_trace(
    config_file: Path, tmp_path: Path
) -> None:
    running = Running(load(config_file), config_file, tmp_path)
    try:
        await until(running.ready)
        if sys.platform == "linux":
            seen = text(Path(f"/proc/{running.pid('web')}/environ"))
            assert SECRET.decode() in seen
            assert "KUBECONFIG" not in seen
        store_pid = running.store.pid
        assert store_pid is not None
        for pid in (store_pid, running.pid("web"), running.pid("worker")):
            os.kill(pid, signal.SIGKILL)

        async def accepts() -> bool:
            delivery = pull_request()
            try:
                async with (
                    aiohttp.ClientSession() as client,
                    client.post(
                        f"{running.url}/hooks/gh", data=delivery.body, headers=delivery.all_headers()
                    ) as got,
                ):
                    return got.status == 202
            except aiohttp.ClientError:
                return False

        await until(accepts)
        await until(running.ready)
        queue = Queue(store := Store.open(running.store.url))
        path = tmp_path / "note"
        await queue.wake(Wake(StepKey("note", f"slow {path}"), "test"))
        await until(lambda: "begin 1" in text(path))
        await store.close()
        pids = [running.store.pid, running.pid("web"), running.pid("worker")]
    finally:
        await running.ends()
    assert path.read_text().splitlines() == ["begin 1", "end"]
    assert not any(is_alive(pid) for pid in pids if pid)


async def test_a_role_that_never_gets_going_ends_the_run_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    role = Role("web", (sys.executable, "-S", "-c", "raise SystemExit(3)"), {}, 1)
    with pytest.raises(NeverGotGoing, match=r"web ended 5 times.*status 3"):
        await Supervisor([role], None).run(asyncio.Event())


async def test_a_role_that_ignores_sigterm_is_killed_after_its_time(tmp_path: Path) -> None:
    code = f"import signal, time; signal.signal(15, signal.SIG_IGN); open({str(tmp_path / 'up')!r}, 'w'); time.sleep(60)"
    role = Role("stubborn", (sys.executable, "-S", "-c", code), {}, 0.3)
    stop = asyncio.Event()
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(Supervisor([role], None).run(stop))
        await until((tmp_path / "up").exists)
        stop.set()
        await asyncio.wait_for(task, 5)
    assert next(line for line in logs if line["event"] == "role_stopped")["status"] == -signal.SIGKILL


SLEEPER = """
import os, sys, time
with open(sys.argv[1], "w") as file:
    file.write(str(os.getpid()))
time.sleep(60)
"""

PARENT = """
import asyncio, sys
from bot.cli.supervisor import Role, Supervisor
sleeper = Role("sleeper", (sys.executable, "-S", *sys.argv[1:]), {}, 1)
asyncio.run(Supervisor([sleeper], None).run(asyncio.Event()))
"""


async def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    argv = (sys.executable, "-c", PARENT, "-c", SLEEPER, str(pid_file))
    parent = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.DEVNULL)
    await until(lambda: text(pid_file) != "")
    child = int(text(pid_file))
    parent.kill()
    await parent.wait()
    await until(lambda: is_gone(child), timeout_s=5)


def is_gone(pid: int) -> bool:
    # A child of a dead parent may wait as a zombie for whoever adopted it.
    return not is_alive(pid) or text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[:1] in (["Z"], [])
