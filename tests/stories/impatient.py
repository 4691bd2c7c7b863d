"""The worker as it is, but for the length of its leases, and that it tells on SIGUSR1 what it waits for.

`python -m tests.stories.impatient CONFIG STORE_URL`"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from bot import log
from bot.cli.worker import options_of, steps_of
from bot.cli.world import open_world
from bot.config import Config, load
from bot.loops import sweep
from bot.model.keys import SWEEP
from bot.model.steps import StepKey
from bot.store.connection import Store
from bot.worker.process import OpenWork, Work, serve

QUEUE_LEASE_S = 3.0
CLUSTER_LEASE_S = 6


def open_work(config: Config) -> OpenWork:
    @asynccontextmanager
    async def opened(store: Store) -> AsyncIterator[Work]:
        async with open_world(config, store) as world:
            hasty = replace(world, holder=replace(world.holder, duration_s=CLUSTER_LEASE_S))
            yield Work(steps_of(hasty), (StepKey(SWEEP, sweep.ALL),), world.workshop.protections)

    return opened


def say_where_tasks_wait() -> None:
    """For a story that waits in vain: each task with the lines it stands at, outermost first."""
    for task in asyncio.all_tasks():
        lines: list[str] = []
        awaited: Any = task.get_coro()
        while (frame := getattr(awaited, "cr_frame", None)) is not None:
            lines.append(f"{frame.f_code.co_qualname}:{frame.f_lineno}")
            awaited = getattr(awaited, "cr_await", None)
        structlog.get_logger(__name__).info(
            "task_waits", task=task.get_name(), at=lines, on=repr(awaited)[:200]
        )


async def main(config_file: Path, store_url: str) -> int:
    log.configure("info", "json")
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, say_where_tasks_wait)
    config = load(config_file)
    options = replace(options_of(config, store_url), lease_s=QUEUE_LEASE_S)
    return await serve(options, open_work(config))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2])))
