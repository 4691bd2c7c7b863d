"""`longshore run`: the whole bot on one machine, each part a process of its own with no more than it needs."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from bot.cli.process import config_option, log_options, run_process

if TYPE_CHECKING:
    from bot.cli.supervisor import Role
    from bot.config import Config
    from bot.store.embedded import EmbeddedStore

# All that the web process gets, beside its webhook secrets: no token, no kubeconfig, no home to find one in.
_WEB_VARIABLES = frozenset(
    {"PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "VIRTUAL_ENV"}
)
_WEB_PREFIXES = ("LC_", "PYTHON", "LONGSHORE_LOG_")
WEB_STOP_S = 15.0
WORKER_STOP_EXTRA_S = 15.0


@click.command(
    short_help="Run everything on this machine: store, web and worker.",
    epilog="""\b
Examples:
  longshore run --config config.yaml
  LONGSHORE_LOG_FORMAT=json longshore run""",
)
@config_option
@log_options
def command(config_file: Path, log_level: str, log_format: Literal["auto", "json", "console"]) -> None:
    """Run web, worker and, where store.url is `embedded`, a Valkey of our own; keep them alive.

    A part that ends is started again. On SIGTERM or Ctrl-C the worker may finish its steps, and the store ends last.
    """
    # NB: imported here so that `longshore --help` stays instant.
    from bot import log  # noqa: PLC0415
    from bot.config import load  # noqa: PLC0415

    log.configure(log_level, log_format)
    config = load(config_file)
    click.echo(_greeting(config))
    run_process(
        _run(config, config_file, {"LONGSHORE_LOG_LEVEL": log_level, "LONGSHORE_LOG_FORMAT": log_format})
    )


async def _run(config: "Config", config_file: Path, log_settings: Mapping[str, str]) -> int:
    from bot.cli.supervisor import Supervisor  # noqa: PLC0415 - as above
    from bot.store.embedded import EmbeddedStore  # noqa: PLC0415

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = EmbeddedStore(config.data_dir) if config.store.url == "embedded" else None
    environment = {**os.environ, **log_settings}
    await Supervisor(roles(config, config_file, environment, store), store).run(stop)
    return 0


def roles(
    config: "Config", config_file: Path, environment: Mapping[str, str], store: "EmbeddedStore | None"
) -> tuple["Role", ...]:
    """Web and worker as children, told of the embedded store where there is one."""
    from bot.cli.supervisor import Role  # noqa: PLC0415 - as above

    def argv(role: str) -> tuple[str, ...]:
        address = ("--store-url", store.url) if store is not None else ()
        return (sys.executable, "-m", "bot.cli", role, "--config", str(config_file), *address)

    return (
        Role("web", argv("web"), web_environment(config, environment), WEB_STOP_S),
        Role("worker", argv("worker"), environment, config.worker.drain + WORKER_STOP_EXTRA_S),
    )


def web_environment(config: "Config", environment: Mapping[str, str]) -> dict[str, str]:
    """What the web process may see of our environment: a list of what it needs, not of what is secret."""
    secrets = {secret for forge in config.forges.values() for secret in forge.webhook_secrets}
    return {
        name: value
        for name, value in environment.items()
        if name in _WEB_VARIABLES or name.startswith(_WEB_PREFIXES) or f"${{env:{name}}}" in secrets
    }


def _greeting(config: "Config") -> str:
    address = f"http://{config.web.host}:{config.web.port or '(a free port, see web_ready)'}"
    hooks = ", ".join(f"/hooks/{name}" for name in config.forges) or "none: add one under `forges`"
    return f"Longshore listens on {address}; webhooks: {hooks}; health: /readyz; metrics: /metrics. Ctrl-C ends it."
