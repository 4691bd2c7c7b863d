"""`longshore config`: check the configuration, show an example, give editors a schema."""

import json
from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from bot.aio import run
from bot.cli.process import config_option
from bot.errors import UserError

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
  longshore config check                  the file, and what it names
  longshore config check --offline        the file alone
  longshore config check --repo .         a repository's .longshore.yaml
  longshore config example > config.yaml  every field, explained""",
)
def command() -> None:
    """Check the configuration, show an example, or write the JSON Schema for editors."""


@command.command(short_help="Report every mistake, and what credentials lack.")
@config_option
@click.option("--offline", is_flag=True, help="Read the file only; ask no forge and no cluster.")
@click.option(
    "--repo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Check this directory's .longshore.yaml instead.",
)
@click.pass_context
def check(context: click.Context, config_file: Path, offline: bool, repo: Path | None) -> None:
    """Report every mistake at once, what the credentials lack, and what is of no use."""
    if repo is not None:
        source = context.get_parameter_source("config_file")
        _check_team(repo, config_file, is_named=source is not ParameterSource.DEFAULT)
        return
    from bot.config import load  # noqa: PLC0415 - so that `--help` stays instant

    config = load(config_file)
    parts = (
        _count(config.forges, "forge"),
        _count(config.repositories, "repository", "repositories"),
        _count(config.clusters, "cluster"),
    )
    click.echo(f"{config_file}: {', '.join(parts)}")
    if not run(_report(config, offline=offline)):
        raise SystemExit(1)


@command.command(short_help="Write a configuration with every field explained.")
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


def _check_team(repo: Path, config_file: Path, *, is_named: bool) -> None:
    """Against the operator's clusters, where his file is at hand."""
    from bot.config import TEAM_FILE, load, parse_team  # noqa: PLC0415 - so that `--help` stays instant

    file = repo / TEAM_FILE
    if file.is_symlink() or file.is_dir():
        raise UserError(f"{file} must be a file, not a link or a directory")
    if not file.is_file():
        raise UserError(f"{file} does not exist", hint="without it, targets are discovered")
    clusters = load(config_file).clusters if is_named or config_file.is_file() else None
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    team = parse_team(data, str(file), clusters)
    found = _count(team.targets, "target") if team.targets else "no target; all are discovered"
    click.echo(f"{file}: {found}")


def _count(things: Sized, one: str, many: str = "") -> str:
    return f"{len(things)} {one if len(things) == 1 else many or one + 's'}"


async def _report(config: "Config", *, offline: bool) -> bool:
    """Print a line for everything that was looked at and asked; True when all is well."""
    from bot.cli.findings import by_asking, in_the_file  # noqa: PLC0415 - loads clients of forges and clusters

    is_well = True
    for level, line in in_the_file(config):
        click.echo(f"{level:4} {line}")
    if not offline:
        async for level, line in by_asking(config):
            is_well = is_well and level != "FAIL"
            click.echo(f"{level:4} {line}")
    return is_well
