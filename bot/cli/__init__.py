"""The program's commands, each in a module of its own that is loaded when the command is used.

`longshore plan` loads neither forge, cluster, queue nor web code, and `--help` loads no command at all: the table below
says what help needs to know.
"""

from importlib import import_module
from typing import Any, cast

import click

from bot.errors import LongshoreError

COMMANDS = {
    "plan": "Show what a change does to every target.",
    "deliver": "Look at a delivery branch now; answer what a delivery asks.",
    "config": "Check the configuration, show an example.",
    "run": "Run everything on this machine: store, web and worker.",
    "web": "Accept webhooks.",
    "worker": "Do the work that webhooks and schedules ask for.",
}
"""Each command's module in this package, and its line in the help; the module's `command` has the same line."""


class Commands(click.Group):
    """Finds commands by the table; turns errors of ours into a message and exit status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in COMMANDS:
            return None
        return cast(click.Command, import_module(f"bot.cli.{cmd_name}").command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = args[0] in COMMANDS
        if not known and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}; there are: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LongshoreError as error:
            message = f"{error.message}\n  {error.hint}" if error.hint else error.message
            raise click.ClickException(message) from None


@click.group(
    cls=Commands,
    epilog="""\b
Examples:
  longshore plan                      what the working tree changes
  longshore run --config config.yaml  the whole bot on one machine
  longshore COMMAND --help            more about a command""",
)
@click.version_option(package_name="longshore", message="longshore %(version)s")
def main() -> None:
    """The plan on the pull request, the delivery after the merge.

    Longshore tells people on the pull request exactly what a change will do to every cluster, and does exactly that
    when the change is merged.
    """
