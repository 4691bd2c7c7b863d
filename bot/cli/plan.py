"""`longshore plan`: what a change does to every target, in a repository of one's own, without server or account."""

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from bot.aio import run
from bot.cli.progress import Progress
from bot.errors import LongshoreError, UserError
from bot.model.plan import Plan, Side, TargetStatus
from bot.model.rendering import Diagnostic, Severity, Trust
from bot.model.repo import Sha

if TYPE_CHECKING:
    from bot.git.repository import Repository
    from bot.planning.renderings import Workshop
    from bot.planning.verify import Verification

Format = Literal["text", "markdown", "json"]
EXIT_CHANGES, EXIT_UNKNOWN = 2, 3
_KEY_FILE_VARIABLE = "SOPS_AGE_KEY_FILE"


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
  longshore plan                          the working tree against the default branch
  longshore plan --base v1.4 --head main  one revision against another
  longshore plan --format json | jq .totals
  longshore plan --exit-code              0 nothing, 2 changes, 3 unknown targets, 1 error""",
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
    help="Compare with this revision. Default: where the head left the default branch.",
)
@click.option("--head", metavar="REV", help="The revision to plan. Default: the working tree as it is.")
@click.option(
    "--discover",
    type=click.Choice(["auto", "config", "flux", "argocd", "kustomize"]),
    default="auto",
    help="How targets are found: .longshore.yaml, Flux Kustomizations, or every kustomization nothing refers to.",
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
    help="Fetch charts and sources from this host too, though its address is private or it speaks plain http.",
)
@click.option(
    "--kube-version",
    metavar="VERSION",
    callback=lambda _context, _option, given: _kube_version(given),
    help="The version of Kubernetes that charts are rendered for. Default: a recent one.",
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
    wanted = Options(**options)  # type: ignore[arg-type]  # click has checked each of them
    if wanted.discover == "argocd":
        raise click.ClickException("--discover argocd is not built yet; use flux, kustomize or config")
    with Progress(sys.stderr) as progress:
        try:
            plan, verification = run(_run(wanted, progress))
        except LongshoreError as error:
            progress.clear()
            raise click.ClickException(
                f"{error.message}\n  {error.hint}" if error.hint else error.message
            ) from None
    click.echo(_printed(plan, wanted.format), nl=False)
    if verification is not None:
        _say_verified(verification)
    if exit_code:
        sys.exit(_exit_code(plan))


async def _run(options: Options, progress: Progress) -> "tuple[Plan, Verification | None]":
    """The plan, and what `--verify` found where it was asked for."""
    # NB: imported here so that `longshore --help` stays instant.
    from bot.cli.workshop import personal_decryptor, personal_workshop  # noqa: PLC0415
    from bot.discover.repository import RepositoryIdentity  # noqa: PLC0415
    from bot.git.repository import Repository  # noqa: PLC0415
    from bot.model.hosts import Hosts  # noqa: PLC0415
    from bot.planning.expansion import Finding, Mode  # noqa: PLC0415
    from bot.planning.plan import look, make_plan  # noqa: PLC0415
    from bot.planning.renderings import Renderings  # noqa: PLC0415

    key_files = _key_files(options)
    hosts = Hosts(("*", *options.allow_host))
    async with (
        Repository.open(options.repo) as repository,
        personal_workshop(hosts, offline=options.offline) as personal,
    ):
        workshop = _for_version(personal, options.kube_version)
        # Most of each is waiting for programs.
        (base, head, remarks), urls, decryptor = await asyncio.gather(
            _sides(repository, options), repository.remote_urls(), personal_decryptor(key_files)
        )
        finding = Finding(Mode(options.discover), RepositoryIdentity.of(urls))
        trust = decryptor.trust if decryptor else Trust.PULL_REQUEST
        progress.say("finding targets")
        async with workshop.elsewhere.visit() as errand:
            renderings = Renderings(workshop, trust, progress.say, decryptor=decryptor, errand=errand)
            plan = await make_plan(await look(repository, base, head, finding, renderings), renderings)
        plan = replace(plan, diagnostics=(*remarks, *plan.diagnostics))
        if not options.verify:
            return plan, None
        from bot.planning.exhaustive import ExhaustiveRenderings  # noqa: PLC0415 - as above
        from bot.planning.verify import verify  # noqa: PLC0415 - as above

        async with ExhaustiveRenderings.open(workshop, progress.say, decryptor) as exhaustive:
            return plan, await verify(repository, plan, finding, exhaustive)


def _kube_version(given: str | None) -> str | None:
    from bot.config.clusters import kube_version  # noqa: PLC0415 - as below

    try:
        return None if given is None else kube_version(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _for_version(workshop: "Workshop", version: str | None) -> "Workshop":
    """Charts are told that every cluster is of this version."""
    if version is None:
        return workshop
    from bot.render.helm.inputs import ClusterFacts  # noqa: PLC0415 - as below

    async def facts_of(_cluster: str) -> ClusterFacts:
        return ClusterFacts(version)

    return replace(workshop, elsewhere=replace(workshop.elsewhere, facts=facts_of))


def _key_files(options: Options) -> tuple[Path, ...]:
    """The keys that a person hands over in so many words: one that merely lies around decrypts nothing."""
    if not options.decrypt:
        return options.sops_age_key_file
    named = os.environ.get(_KEY_FILE_VARIABLE)
    if not named:
        raise UserError(
            f"--decrypt takes the keys from the file that {_KEY_FILE_VARIABLE} names, and it is not set",
            hint="set it, or name the file with --sops-age-key-file",
        )
    return (*options.sops_age_key_file, Path(named))


async def _sides(repository: "Repository", options: Options) -> tuple[Side, Side, tuple[Diagnostic, ...]]:
    """Base and head of the comparison, and what is to be said about the working tree."""
    from bot.git.worktree import snapshot  # noqa: PLC0415 - as above

    tip = await repository.resolve(options.head or "HEAD")
    if options.head:
        base, tree = await asyncio.gather(_base(repository, options, tip), repository.tree_of(tip))
        return base, Side(options.head, tree, tip), ()
    base, taken = await asyncio.gather(_base(repository, options, tip), snapshot(repository))
    return base, Side("working tree", taken.tree), taken.remarks


async def _base(repository: "Repository", options: Options, tip: Sha) -> Side:
    if options.base:
        start, label = await repository.resolve(options.base), options.base
    else:
        branch = await repository.default_branch()
        meeting = await repository.merge_base(branch.sha, tip)
        if meeting is None:
            raise UserError(
                f"{branch.name} and the head have no common ancestor",
                hint="name the base yourself with --base",
            )
        start, label = meeting, branch.name
    return Side(label, await repository.tree_of(start), start)


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


def _printed(plan: Plan, wanted: Format) -> str:
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

            in_terminal = sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if in_terminal else None
            return plan_text(plan, colour=in_terminal and "NO_COLOR" not in os.environ, width=width)


def _exit_code(plan: Plan) -> int:
    if plan.with_status(TargetStatus.UNKNOWN) or any(d.severity is Severity.ERROR for d in plan.diagnostics):
        return EXIT_UNKNOWN
    return EXIT_CHANGES if plan.changed else 0
