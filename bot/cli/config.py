"""`longshore config`: check the configuration, show an example, give editors a schema."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.process import config_option
from bot.errors import LongshoreError, UserError

if TYPE_CHECKING:
    from bot.config import Config

EXAMPLE_TITLE = (
    "Longshore's configuration: every field with its meaning. `longshore config example` writes this file from the "
    "schema; copy it to config.yaml and take out what you do not need."
)


TEAM_EXAMPLE_TITLE = "What a team declares in its repository, as .longshore.yaml at the root."


@click.group(
    name="config",
    short_help="Check the configuration, show an example.",
    epilog="""\b
Examples:
  longshore config check                    the file, its secrets, forges and clusters
  longshore config check --offline          the file alone
  longshore config check --repo .           a repository's .longshore.yaml
  longshore config example > config.yaml    every field, explained""",
)
def command() -> None:
    """Check the configuration, show an example, or write the JSON Schema for editors."""


@command.command()
@config_option
@click.option("--offline", is_flag=True, help="Read the file only; ask no forge and no cluster.")
@click.option(
    "--repo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Check this directory's .longshore.yaml instead.",
)
def check(config_file: Path, offline: bool, repo: Path | None) -> None:
    """Report every mistake at once, and what the credentials lack."""
    if repo is not None:
        _check_team(repo, config_file)
        return
    from bot.config import load  # noqa: PLC0415 - so that `--help` stays instant

    config = load(config_file)
    click.echo(
        f"{config_file}: {len(config.forges)} forges, {len(config.repositories)} repositories, "
        f"{len(config.clusters)} clusters"
    )
    if not offline and not asyncio.run(_report(config)):
        raise SystemExit(1)


@command.command()
@click.option("--team", is_flag=True, help="Write .longshore.yaml instead of config.yaml.")
def example(team: bool) -> None:
    """Write a configuration with every field, its meaning and an example."""
    from bot.config import Config, TeamConfig  # noqa: PLC0415 - so that `--help` stays instant
    from bot.config.example import example as write  # noqa: PLC0415

    click.echo(write(TeamConfig, TEAM_EXAMPLE_TITLE) if team else write(Config, EXAMPLE_TITLE), nl=False)


@command.command()
@click.option("--team", is_flag=True, help="The schema of .longshore.yaml instead of config.yaml.")
def schema(team: bool) -> None:
    """Write the JSON Schema, for editors."""
    from bot.config import Config, TeamConfig  # noqa: PLC0415 - so that `--help` stays instant

    model = TeamConfig if team else Config
    click.echo(json.dumps(model.model_json_schema(), indent=2))


def _check_team(repo: Path, config_file: Path) -> None:
    from bot.config import TEAM_FILE, load, parse_team  # noqa: PLC0415 - so that `--help` stays instant

    file = repo / TEAM_FILE
    if not file.is_file():
        raise UserError(f"{file} does not exist", hint="without it, targets are discovered")
    clusters = load(config_file).clusters if config_file.is_file() else None
    team = parse_team(file.read_bytes(), str(file), clusters)
    click.echo(f"{file}: {len(team.targets)} targets")


async def _report(config: "Config") -> bool:
    """Print a line for everything that was asked; True when all is well."""
    is_well = True
    async for good, line in _findings(config):
        is_well = is_well and good
        click.echo(f"{'ok  ' if good else 'FAIL'} {line}")
    return is_well


async def _findings(config: "Config") -> AsyncIterator[tuple[bool, str]]:
    from bot.cli.world import Clusters, decryptors, forge_settings, secret_key  # noqa: PLC0415
    from bot.forge.opening import open_forge  # noqa: PLC0415

    try:
        secret_key(config)
    except LongshoreError as error:
        yield False, f"secretKey: {error}"
    try:
        held = await decryptors(config)
    except LongshoreError as error:
        yield False, f"repositories, sops.ageKeys: {error}"
    else:
        for forge_name, repository in held:
            yield True, f"repository {forge_name}:{repository}: keys to decrypt what is merged"
    async with AsyncExitStack() as stack:
        for name, entry in config.forges.items():
            try:
                for secret in entry.webhook_secrets:
                    secret.read()
                forge = await stack.enter_async_context(open_forge(forge_settings(name, entry)))
                who = await forge.identity()
                missing = await forge.missing_permissions()
            except LongshoreError as error:
                yield False, f"forge {name}: {error}"
                continue
            yield True, f"forge {name}: we are {who.login}"
            for lack in missing:
                yield False, f"forge {name}: {lack}"
            for degraded in forge.capabilities.degraded:
                yield True, f"forge {name}: {degraded}"
        clusters = Clusters(config, stack)
        for name in config.clusters:
            try:
                version = await (await clusters.connect(name)).version()
            except LongshoreError as error:
                yield False, str(error)
            else:
                yield True, f"cluster {name}: {version}"
