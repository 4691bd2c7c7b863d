"""`longshore web`: the process that accepts webhooks. It reads webhook secrets and no other credential."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from bot.cli.process import config_option, log_options, run_process, store_option, store_url
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.config import Config
    from bot.web.app import WebOptions


@click.command(
    short_help="Accept webhooks.",
    epilog="""\b
Examples:
  longshore web --config config.yaml
  longshore web --store-url redis://valkey:6379/0
  LONGSHORE_STORE_URL=unix:///run/valkey.sock longshore web""",
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
    """Accept webhooks on /hooks/NAME and record what is to be looked at; a worker does the rest.

    Also answers /healthz, /readyz (what is not ready, and which protections are active) and /metrics. Ends in order
    on SIGTERM. Run as many as you like beside one store.
    """
    # NB: imported here so that `longshore --help` stays instant.
    from bot import log  # noqa: PLC0415
    from bot.config import load  # noqa: PLC0415
    from bot.web.process import serve  # noqa: PLC0415

    log.configure(log_level, log_format)
    run_process(serve(options_of(load(config_file), store_url)))


def options_of(config: "Config", given_store_url: str | None) -> "WebOptions":
    """Only what this process needs of the configuration; cluster and forge credentials are never read."""
    from bot.forge.dialects import DIALECTS  # noqa: PLC0415 - as above
    from bot.web.app import WebOptions  # noqa: PLC0415
    from bot.web.intake import Hook  # noqa: PLC0415

    def hook(name: str) -> Hook:
        forge = config.forges[name]
        dialect = DIALECTS[forge.kind]
        secrets = tuple(secret.read().encode() for secret in forge.webhook_secrets)
        for secret in secrets:
            if why := dialect.unusable(secret):
                raise UserError(
                    f"forges.{name}.webhookSecrets: {why}", hint="no delivery could prove its origin with it"
                )
        return Hook(name, dialect, secrets, lambda path: config.repository(name, path) is not None)

    return WebOptions(
        store_url=store_url(config.store.url, given_store_url),
        hooks={name: hook(name) for name in config.forges},
        host=config.web.host,
        port=config.web.port,
        max_body_bytes=config.web.max_body,
    )
