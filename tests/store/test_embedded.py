"""The embedded store: started, killed, restarted, and never at the price of an acknowledged write."""

import asyncio
import os
import signal
import stat
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.model.steps import StepKey, Wake
from bot.store import embedded
from bot.store.connection import Store
from bot.store.embedded import DataDirectoryInUse, EmbeddedStore, NoServerProgram, StoreDidNotStart
from bot.store.queue import Queue


def socket_of(server: EmbeddedStore) -> Path:
    return Path(server.url.removeprefix("unix://"))


async def test_a_kill_after_the_acknowledgement_loses_no_wake(
    server: EmbeddedStore, store: Store, queue: Queue
) -> None:
    for number in range(200):
        await queue.wake(Wake(StepKey("plan", f"gh:acme/fleet#{number}"), "opened"))
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL
    await server.start()
    status = await queue.status()
    assert (status.due, status.interactive) == (200, 200)


async def test_a_clean_stop_keeps_everything(server: EmbeddedStore, store: Store, queue: Queue) -> None:
    await queue.wake(Wake(StepKey("plan", "k"), "opened"))
    await server.stop()
    await server.start()
    assert (await queue.status()).due == 1


async def test_nobody_else_can_reach_it(server: EmbeddedStore) -> None:
    for path in (socket_of(server), socket_of(server).parent):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o700  # noqa: PTH116 - the other way counts as blocking


async def test_two_supervisors_never_share_a_directory(server: EmbeddedStore, tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryInUse, match="another longshore"):
        await EmbeddedStore(tmp_path).start()


async def test_a_server_left_behind_is_ended_before_its_data_is_used(tmp_path: Path) -> None:
    first = EmbeddedStore(tmp_path)
    await first.start()
    assert first._lock is not None
    first._lock.close()  # what the kernel does when the supervisor is killed
    second = EmbeddedStore(tmp_path)
    await second.start()
    try:
        async with asyncio.timeout(5):
            assert await first.wait() == 0
        assert second.pid is not None
    finally:
        await second.stop()


async def test_a_stale_socket_is_no_obstacle(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path)
    await store.start()
    assert store.pid is not None
    os.kill(store.pid, signal.SIGKILL)
    await store.wait()
    assert stat.S_ISSOCK(os.stat(socket_of(store)).st_mode)  # noqa: PTH116 - the other way counts as blocking
    await store.start()
    await store.stop()


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "appendonlydir").write_text("in the way")
    store = EmbeddedStore(tmp_path)
    with pytest.raises(StoreDidNotStart, match="appendonlydir"):
        await store.start()
    await store.stop()


async def test_a_path_too_long_for_a_socket_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="data_dir is too long"):
        await EmbeddedStore(tmp_path / ("x" * 90)).start()


def test_a_server_on_path_stands_in_for_the_embedded_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoServerProgram, match="redis://"):
        embedded.server_program()
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert embedded.server_program() == str(program)
