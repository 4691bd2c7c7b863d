"""What the configuration says, as the worker's world has it."""

from pathlib import Path

from bot.cli.world import open_world
from bot.config import Config
from tests.loops.conftest import running_store


async def test_a_renderer_may_use_what_the_operator_says(tmp_path: Path) -> None:
    limits = {"renderTimeout": "7s", "renderMemory": "300Mi", "renderOutput": "2Mi"}
    config = Config.model_validate({"dataDir": str(tmp_path), "limits": limits})
    async with running_store(tmp_path) as store, open_world(config, store) as world:
        sandbox = world.workshop.sandbox
    assert (sandbox.timeout_s, sandbox.limits.cpu_s) == (7.0, 4)
    assert (sandbox.limits.memory_bytes, sandbox.max_output_bytes) == (300 << 20, 2 << 20)
