"""`longshore worker`: the process that does the work. It holds the credentials of forges and clusters."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from bot.cli.process import config_option, log_options, run_process, store_option, store_url

if TYPE_CHECKING:
    from bot.config import Config
    from bot.loops.world import World
    from bot.model.steps import StepFunction
    from bot.store.connection import Store
    from bot.worker.process import OpenWork, Work, WorkerOptions


@click.command(
    short_help="Do the work that webhooks and schedules ask for.",
    epilog="""\b
Examples:
  longshore worker --config config.yaml
  longshore worker --store-url redis://valkey:6379/0""",
)
@config_option
@store_option
@log_options
def command(
    config_file: Path,
    store_url: str | None,
    log_level: str,
    log_format: Literal["auto", "json", "console"],
) -> None:
    """Plan pull requests, deliver branches, sweep for what was missed.

    On SIGTERM running steps may finish for as long as worker.drain says; the rest is handed to other workers. When a
    worker is killed, another takes its steps over within twenty seconds. Run as many as you like beside one store.
    """
    # NB: imported here so that `longshore --help` stays instant.
    from bot import log  # noqa: PLC0415
    from bot.config import load  # noqa: PLC0415
    from bot.worker.process import serve  # noqa: PLC0415

    log.configure(log_level, log_format)
    config = load(config_file)
    run_process(serve(options_of(config, store_url), open_work(config)))


def options_of(config: "Config", given_store_url: str | None) -> "WorkerOptions":
    from importlib.metadata import version  # noqa: PLC0415 - as above

    from bot.worker.process import WorkerOptions  # noqa: PLC0415
    from bot.worker.runner import Limits  # noqa: PLC0415

    return WorkerOptions(
        store_url=store_url(config.store.url, given_store_url),
        version=version("longshore"),
        interactive=config.worker.interactive,
        background=config.worker.background,
        drain_s=config.worker.drain,
        sweep_every_s=config.schedules.sweep,
        metrics_host=config.worker.metrics_host,
        metrics_port=config.worker.metrics_port,
        limits=Limits(step_timeout_s=config.limits.step_timeout),
    )


def open_work(config: "Config") -> "OpenWork":
    """The loops on everything they can reach, opened for as long as the worker lives."""

    @asynccontextmanager
    async def opened(store: "Store") -> AsyncIterator["Work"]:
        from bot.cli.world import open_world  # noqa: PLC0415 - as above
        from bot.loops import sweep  # noqa: PLC0415
        from bot.model.keys import SWEEP  # noqa: PLC0415
        from bot.model.steps import StepKey  # noqa: PLC0415
        from bot.proc.private import remove_leftovers  # noqa: PLC0415
        from bot.worker.process import Work  # noqa: PLC0415

        # NB: a worker that was killed left decrypted files; they do not wait for the first rendering.
        await asyncio.to_thread(remove_leftovers)
        async with open_world(config, store) as world:
            yield Work(
                steps_of(world),
                (StepKey(SWEEP, sweep.ALL),),
                world.workshop.protections,
                {name: forge.credentials_expire for name, forge in world.forges.items()},
            )

    return opened


def steps_of(world: "World") -> Mapping[str, "StepFunction"]:
    from bot.loops import base, deliver, plan, sweep, target  # noqa: PLC0415 - as above
    from bot.model import keys  # noqa: PLC0415

    loops = {
        keys.PLAN: plan.step,
        keys.BASE: base.step,
        keys.DELIVER: deliver.step,
        keys.TARGET: target.step,
        keys.SWEEP: sweep.step,
    }
    return {name: partial(step, world) for name, step in loops.items()}
