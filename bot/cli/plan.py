"""`longshore plan`: what a change does to every target, in a repository of one's own, without server or account."""

import asyncio
import gc
import os
import shutil
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from bot.aio import run
from bot.cli.progress import Progress
from bot.errors import LongshoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.model.plan import Plan
    from bot.planning.verify import Verification

Format = Literal["text", "markdown", "json"]
_CYCLES_AFTER = 200_000
"""Objects that are made before Python looks for cycles among them. A plan is made of things that stay: looking through
them as often as usual costs a sixth of it and frees next to nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    repo: Path
    base: str | None
    head: str | None
    discover: str
    verify: bool
    offline: bool
    allow_host: tuple[str, ...]
    format: Format
    sops_age_key_file: tuple[Path, ...]
    decrypt: bool
    kube_version: str | None
    no_strict_substitution: bool
    plugins: Path | None


class _Misused(click.UsageError):
    """Ends with 1: click's own 2 means "something changes" here."""

    exit_code = 1


class _Command(click.Command):
    """Says by its exit status that it was called wrongly, in a way that nobody takes for a change."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as error:
            raise _Misused(error.format_message(), error.ctx) from None


@click.command(
    cls=_Command,
    short_help="Show what a change does to every target.",
    epilog="""\b
Examples:
  longshore plan                          the working tree's changes
  longshore plan --base v1.4 --head main  one revision against another
  longshore plan --format json | jq .totals
  longshore plan --exit-code              0 nothing, 2 changes, 3 unknown""",
)
@click.option(
    "--repo",
    type=click.Path(path_type=Path, exists=True),
    default=Path(),
    help="The repository. Default: here.",
)
@click.option(
    "--base",
    metavar="REV",
    callback=lambda _context, _option, given: _revision(given),
    help="Compare with this revision. Default: where the head left the default branch.",
)
@click.option(
    "--head",
    metavar="REV",
    callback=lambda _context, _option, given: _revision(given),
    help="The revision to plan. Default: the working tree as it is.",
)
@click.option(
    "--discover",
    type=click.Choice(["auto", "config", "flux", "argocd", "kustomize"]),
    default="auto",
    help="How targets are found: .longshore.yaml, Flux, Argo CD, or every kustomization nothing refers to.",
)
@click.option(
    "--verify", is_flag=True, help="Render everything on both sides as well, and check that it agrees."
)
@click.option(
    "--sops-age-key-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="Decrypt what SOPS encrypted with the keys in this file. Only for changes you trust.",
)
@click.option("--decrypt", is_flag=True, help="The same with the file that SOPS_AGE_KEY_FILE names.")
@click.option(
    "--offline", is_flag=True, help="Fetch nothing: take charts and sources as they were fetched before."
)
@click.option(
    "--allow-host",
    metavar="HOST[:PORT]",
    multiple=True,
    callback=lambda _context, _option, given: _hosts(given),
    help="Fetch charts and sources from this host too, though its address is private or it speaks plain http.",
)
@click.option(
    "--kube-version",
    metavar="VERSION",
    callback=lambda _context, _option, given: _kube_version(given),
    help="The version of Kubernetes that charts are rendered for. Default: a recent one.",
)
@click.option(
    "--no-strict-substitution",
    is_flag=True,
    help="Let a variable that nothing sets become empty, as Flux does before 2.9.",
)
@click.option(
    "--plugins",
    metavar="CONFIG",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The config.yaml whose `plugins`, `jsonnet` and `kustomize` render what only programs of yours can. Default: none.",
)
@click.option(
    "--format", type=click.Choice(["text", "markdown", "json"]), default="text", help="How to print the plan."
)
@click.option(
    "--exit-code", is_flag=True, help="End with 2 when something changes, 3 when a target is unknown."
)
def command(exit_code: bool, **options: object) -> None:
    """Show what a change does to every target, object by object.

    Nothing is changed, neither in the repository nor in a cluster. Secret values are never shown.
    """
    gc.set_threshold(_CYCLES_AFTER)
    wanted = Options(**options)  # type: ignore[arg-type]  # click has checked each of them
    with Progress(sys.stderr) as progress:
        try:
            plan, verification = run(_run(wanted, progress))
        except LongshoreError as error:
            progress.clear()
            raise click.ClickException(
                f"{error.message}\n  {error.hint}" if error.hint else error.message
            ) from None
        except asyncio.CancelledError:
            sys.exit(128 + signal.SIGTERM)
    _print(_printed(plan, wanted.format))
    if verification is not None:
        _say_verified(verification)
    if exit_code:
        from bot.cli.planned import exit_code as code_of  # noqa: PLC0415 - loaded by now

        sys.exit(code_of(plan))


async def _run(options: Options, progress: Progress) -> "tuple[Plan, Verification | None]":
    """The plan, and what `--verify` found where it was asked for."""
    from bot.cli.sides import find_sides  # noqa: PLC0415 - `longshore plan --help` does without
    from bot.git.repository import Repository  # noqa: PLC0415 - as above
    from bot.proc.sandbox import layers  # noqa: PLC0415 - as above

    if (task := asyncio.current_task()) and threading.current_thread() is threading.main_thread():
        # So that nothing is left lying in the temporary directory, as it is with Ctrl-C.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    # None of these waits for the others: what plans is loaded, the sandbox tried, and git asked.
    loading = asyncio.create_task(asyncio.to_thread(_loaded))
    probing = asyncio.create_task(asyncio.to_thread(layers))
    async with Repository.open(options.repo) as repository:
        sides = await find_sides(repository, options.base, options.head)
        await probing
        planned = await loading
        return await planned(repository, sides, options, progress)


def _loaded() -> "Callable[..., Awaitable[tuple[Plan, Verification | None]]]":
    from bot.cli.planned import planned  # noqa: PLC0415 - this is most of what there is to load

    return planned


def _revision(given: str | None) -> str | None:
    """An unset variable of a script is not taken for the default: something else would be compared, and nobody told."""
    if given == "":
        raise click.BadParameter("is empty; leave the option out for the default")
    return given


def _hosts(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        return given
    from bot.config.sources import host_pattern  # noqa: PLC0415 - few name any

    try:
        return tuple(host_pattern(host) for host in given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _kube_version(given: str | None) -> str | None:
    if given is None:
        return None
    from bot.config.clusters import kube_version  # noqa: PLC0415 - as below

    try:
        return kube_version(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _say_verified(found: "Verification") -> None:
    """Beside the plan, not in it: a plan is the same whether it was verified or not."""
    if found.disagreements:
        lines = [
            f"{d.target}:\n  planned:  {d.planned}\n  rendered: {d.rendered}" for d in found.disagreements
        ]
        raise click.ClickException(
            "--verify disagrees with the plan; please report this\n" + "\n".join(lines)
        )
    unproven = f"; {found.unknown} cannot be rendered and prove{'s' * (found.unknown == 1)} nothing"
    targets = "target" if found.checked == 1 else "targets"
    agreed = f"--verify agrees: {found.checked} {targets} rendered in full on both sides"
    click.echo(agreed + (unproven if found.unknown else ""), err=True)


def _print(text: str) -> None:
    try:
        click.echo(text, nl=False)
    except BrokenPipeError:
        raise  # nobody reads on: click ends without a word
    except OSError as error:
        raise click.ClickException(f"the plan cannot be written: {error.strerror}") from None


def _printed(plan: "Plan", wanted: Format) -> str:
    # NB: each form is loaded alone; markdown brings a template engine along.
    match wanted:
        case "json":
            from bot.report.plan_json import plan_json  # noqa: PLC0415

            return plan_json(plan)
        case "markdown":
            from bot.report.comment import plan_comment  # noqa: PLC0415

            return plan_comment(plan)
        case "text":
            from bot.report.terminal import plan_text  # noqa: PLC0415

            in_terminal = sys.stdout is not None and sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if in_terminal else None
            return plan_text(plan, colour=in_terminal and "NO_COLOR" not in os.environ, width=width)
