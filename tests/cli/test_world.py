"""What the configuration says, as the worker's world has it."""

import tempfile
from pathlib import Path

import pytest

from bot.cli.worker import open_work
from bot.cli.world import open_world
from bot.config import Config
from bot.proc.private import MARK, PREFIX, own_directory
from tests.loops.conftest import running_store


async def test_a_renderer_may_use_what_the_operator_says(tmp_path: Path) -> None:
    limits = {"renderTimeout": "7s", "renderMemory": "300Mi", "renderOutput": "2Mi"}
    config = Config.model_validate({"dataDir": str(tmp_path), "limits": limits})
    async with running_store(tmp_path) as store, open_world(config, store) as world:
        sandbox = world.workshop.sandbox
    assert (sandbox.timeout_s, sandbox.limits.cpu_s) == (7.0, 4)
    assert (sandbox.limits.memory_bytes, sandbox.max_output_bytes) == (300 << 20, 2 << 20)


async def test_a_worker_removes_what_a_killed_one_left_before_it_does_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_directory()  # so that nothing else in here makes one, and looks for leftovers then
    (place := tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    left = Path(tempfile.mkdtemp(prefix=PREFIX))
    (left / MARK).touch()
    (left / "decrypted").mkdir()
    config = Config.model_validate({"dataDir": str(tmp_path / "data")})
    async with running_store(tmp_path) as store, open_work(config)(store):
        assert not left.exists()  # noqa: ASYNC240 - nothing waits for it
