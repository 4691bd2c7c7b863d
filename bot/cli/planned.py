"""The work of `longshore plan`, and with it all the modules that plan: loaded while git is asked what is to be compared."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.progress import Progress
from bot.cli.sides import Sides
from bot.cli.workshop import personal_decryptor, personal_workshop
from bot.discover.repository import RepositoryIdentity
from bot.errors import UserError
from bot.git.repository import Repository
from bot.model.hosts import Hosts
from bot.model.plan import Plan, Side
from bot.model.programs import Programs
from bot.model.rendering import Diagnostic, Severity, Trust
from bot.planning.expansion import Finding, Mode
from bot.planning.plan import look, make_plan
from bot.planning.renderings import Renderings
from bot.planning.workshop import Workshop

if TYPE_CHECKING:
    from bot.cli.plan import Options
    from bot.planning.verify import Verification

EXIT_CHANGES, EXIT_UNKNOWN = 2, 3
_LOOKED_FOR = {
    Mode.CONFIG: "a .longshore.yaml with targets (`longshore config example --team` shows one)",
    Mode.FLUX: "a Kustomization or HelmRelease of Flux",
    Mode.ARGOCD: "an Application or ApplicationSet of Argo CD",
}
_KEY_FILE_VARIABLE = "SOPS_AGE_KEY_FILE"


async def planned(
    repository: Repository, sides: Sides, options: "Options", progress: Progress
) -> "tuple[Plan, Verification | None]":
    """The plan, and what `--verify` found where it was asked for."""
    hosts = Hosts(("*", *options.allow_host), way_in="`--allow-host {}` would allow it")
    decryptor = await personal_decryptor(_key_files(options))
    trust = decryptor.trust if decryptor else Trust.PULL_REQUEST
    finding = Finding(
        Mode(options.discover),
        RepositoryIdentity.of(sides.urls),
        is_strict=not options.no_strict_substitution,
    )
    programs = await asyncio.to_thread(_programs, options.plugins)
    async with personal_workshop(hosts, programs, offline=options.offline) as personal:
        workshop = _for_version(personal, options.kube_version)
        progress.say("finding targets")
        async with workshop.elsewhere.visit() as errand:
            renderings = Renderings(workshop, trust, progress.say, decryptor=decryptor, errand=errand)
            change = await look(repository, Side(*sides.base), Side(*sides.head), finding, renderings)
            plan = await make_plan(change, renderings)
        plan = replace(plan, diagnostics=(*sides.remarks, *plan.diagnostics, *_why_none(plan, finding)))
        if not options.verify:
            return plan, None
        from bot.planning.exhaustive import ExhaustiveRenderings  # noqa: PLC0415 - few ask for it
        from bot.planning.verify import verify  # noqa: PLC0415 - as above

        async with ExhaustiveRenderings.open(workshop, progress.say, decryptor) as exhaustive:
            return plan, await verify(repository, plan, finding, exhaustive)


def _programs(config_file: Path | None) -> Programs:
    """Those of an operator's file. Raises `ConfigError`."""
    if config_file is None:
        return Programs()
    from bot.config import load  # noqa: PLC0415 - few name a file

    return load(config_file).programs()


def exit_code(plan: Plan) -> int:
    """For `--exit-code`."""
    from bot.report.phrases import is_unsure  # noqa: PLC0415 - few ask for it

    if is_unsure(plan):
        return EXIT_UNKNOWN
    return EXIT_CHANGES if plan.changed else 0


def _why_none(plan: Plan, finding: Finding) -> tuple[Diagnostic, ...]:
    """Where only one way of finding was asked for: `auto` says for itself what it looked for."""
    if plan.targets or finding.mode not in _LOOKED_FOR:
        return ()
    message = f"neither side has {_LOOKED_FOR[finding.mode]}; without --discover, everything is looked for"
    return (Diagnostic(Severity.NOTICE, message),)


def _for_version(workshop: Workshop, version: str | None) -> Workshop:
    """Charts are told that every cluster is of this version."""
    if version is None:
        return workshop
    from bot.render.helm.inputs import ClusterFacts  # noqa: PLC0415 - few ask for it

    async def facts_of(_cluster: str) -> ClusterFacts:
        return ClusterFacts(version)

    return replace(workshop, elsewhere=replace(workshop.elsewhere, facts=facts_of))


def _key_files(options: "Options") -> tuple[Path, ...]:
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
