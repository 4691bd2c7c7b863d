"""What the commands that run processes have in common: their options, the log, the store's address."""

import errno
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.aio import run
from bot.errors import UserError

_NO_PORT = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})
F = TypeVar("F", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    envvar="LONGSHORE_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The operator's file.",
)
store_option = click.option(
    "--store-url",
    envvar="LONGSHORE_STORE_URL",
    show_envvar=True,
    metavar="URL",
    help="Where the queue lives, instead of store.url: redis://HOST:PORT/DB, rediss://... or unix:///PATH.",
)


def log_options(function: F) -> F:
    level = click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        envvar="LONGSHORE_LOG_LEVEL",
        show_default=True,
    )
    style = click.option(
        "--log-format",
        type=click.Choice(["auto", "json", "console"]),
        default="auto",
        envvar="LONGSHORE_LOG_FORMAT",
        help="auto: for people on a terminal, JSON otherwise.",
    )
    return level(style(function))


def store_url(configured: str, given: str | None) -> str:
    """The address a lone process uses. Raises UserError where there is none: the embedded store needs a keeper."""
    url = given or configured
    if url == "embedded":
        raise UserError(
            "store.url is `embedded`, which only `longshore run` provides",
            hint="use `longshore run`, or set store.url (or --store-url) to a redis:// or unix:// address",
        )
    return url


def run_process(coroutine: Coroutine[Any, Any, int]) -> None:
    """Run to the end and leave with its exit status. Raises UserError for a port or a directory that cannot be had."""
    try:
        status = run(coroutine)
    except OSError as error:
        if error.filename is not None:
            raise UserError(
                f"{error.filename} cannot be used: {error.strerror}",
                hint="make it usable, or name another directory as dataDir",
            ) from error
        if error.errno not in _NO_PORT:
            raise
        raise UserError(
            error.strerror or "no port",
            hint="end what listens there, or choose another web.port or worker.metricsPort",
        ) from error
    raise SystemExit(status)
