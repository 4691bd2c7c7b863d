"""`longshore deliver`: look at a delivery branch now, and answer what a delivery asks a person."""

import re
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.aio import run
from bot.cli.process import config_option, store_option
from bot.errors import LongshoreError, UserError

if TYPE_CHECKING:
    from bot.cli.world import Clusters
    from bot.config import Config
    from bot.engines.direct.standing import Standing
    from bot.kube.client import KubeClient
    from bot.kube.parent import Identity
    from bot.model.keys import BranchKey

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@click.command(
    short_help="Look at a delivery branch now; answer what a delivery asks.",
    epilog="""\b
Examples:
  longshore deliver acme/fleet@main                    look again now
  longshore deliver acme/fleet@main --retry            try again what failed
  longshore deliver acme/fleet@main --allow-prune DIGEST
                                                       let that deletion go
  longshore deliver acme/fleet@main --accept SHA       take a rewritten branch""",
)
@click.argument("source", metavar="[FORGE:]OWNER/NAME@BRANCH")
@click.option(
    "--allow-prune", metavar="DIGEST", help="Let the deletion go that a report names by this digest."
)
@click.option("--accept", metavar="SHA", help="Deliver this commit although the branch was rewritten.")
@click.option("--retry", is_flag=True, help="Start again what failed at the branch's head.")
@config_option
@store_option
def command(
    source: str,
    allow_prune: str | None,
    accept: str | None,
    retry: bool,
    config_file: Path,
    store_url: str | None,
) -> None:
    """Wake the delivery of a branch, and leave a person's answer in the clusters it is for.

    Needs the operator's configuration and its access to the clusters: who may run it may deliver.
    """
    # NB: imported here so that `longshore --help` stays instant.
    from bot.config import load  # noqa: PLC0415

    if sum(map(bool, (allow_prune, accept, retry))) > 1:
        raise click.UsageError("give one of --allow-prune, --accept and --retry at a time")
    if accept and not _SHA.fullmatch(accept):
        raise click.UsageError("--accept takes a full commit id, 40 characters")
    config = load(config_file)
    branch = _branch(config, source)
    if allow_prune or accept or retry:
        click.echo(run(_answer(config, branch, allow_prune, accept)))
    click.echo(run(_wake(config, branch, store_url)))


def _branch(config: "Config", text: str) -> "BranchKey":
    """The branch; without a forge, the one whose repositories include it. Raises UserError."""
    from bot.model.keys import BranchKey  # noqa: PLC0415
    from bot.model.repo import RepoId  # noqa: PLC0415

    path, _, branch = text.partition("@")
    forge, _, path = path.rpartition(":")
    if not branch or "/" not in path:
        raise UserError(f"{text!r} is not of the form OWNER/NAME@BRANCH")
    forges = [forge] if forge else [name for name in config.forges if config.repository(name, path)]
    if len(forges) != 1 or config.repository(forges[0], path) is None:
        known = ", ".join(f"{entry.forge}:{entry.repository}" for entry in config.repositories) or "none"
        raise UserError(f"{text!r} is not a repository that is served", hint=f"served: {known}")
    entry = config.repository(forges[0], path)
    if entry and entry.branches and branch not in entry.branches:
        raise UserError(
            f"{branch!r} is not a delivery branch of {path}", hint=f"these are: {', '.join(entry.branches)}"
        )
    return BranchKey(RepoId(forges[0], path), branch)


async def _answer(config: "Config", branch: "BranchKey", allow_prune: str | None, accept: str | None) -> str:
    from bot.cli.world import Clusters  # noqa: PLC0415
    from bot.kube import parent as parents  # noqa: PLC0415
    from bot.model.objects import Digest  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        found = await _standings(Clusters(config, stack), config, branch)
        if allow_prune is not None:
            asking = [(c, i) for c, i, s in found if _guard_digest(s) == allow_prune]
            if not asking:
                raise UserError(f"no deletion asks by the digest {allow_prune}", hint=_waiting(found))
            for client, identity in asking:
                await parents.allow_prune(client, identity.parent, Digest(allow_prune))
            return f"Allowed on {_names(identity for _, identity in asking)}."
        name, value = (parents.ACCEPT, accept) if accept else (parents.ATTEMPT, f"{time.time():.0f}")
        chosen = [(c, i) for c, i, s in found if accept or _has_failed(s)]
        if not chosen:
            return "Nothing was delivered yet." if accept else "Nothing has failed that a cluster knows of."
        for client, identity in chosen:
            await parents.say(client, identity.parent, name, value or "")
        return f"{'Accepted' if accept else 'To be started again'} on {_names(i for _, i in chosen)}."


async def _standings(
    clusters: "Clusters", config: "Config", branch: "BranchKey"
) -> list[tuple["KubeClient", "Identity", "Standing"]]:
    """What every cluster that the branch may write to has of its targets. Raises `UserError` where there is none."""
    from bot.engines.direct.standing import standing  # noqa: PLC0415
    from bot.kube.listing import listed, of_branch  # noqa: PLC0415
    from bot.kube.parent import Source  # noqa: PLC0415

    path, found = branch.repo.path, []
    source = Source(branch.repo, branch.branch)
    written = {n: c for n, c in config.clusters.items() if c.is_written_from(path, branch.branch)}
    if not written:
        raise UserError(
            f"nothing may be delivered from {path}@{branch.branch} to any cluster",
            hint="clusters.NAME.allow has to name repository and branch, with what may be written",
        )
    for name, cluster in written.items():
        try:
            client = await clusters.connect(name)
            for identity in of_branch(await listed(client, cluster.namespace), source):
                known = await standing(client, identity.source.repo, identity.target, cluster.namespace)
                if known is not None:
                    found.append((client, identity, known))
        except LongshoreError as error:
            # The others are answered all the same.
            click.echo(f"cluster {name} is left out: {error}", err=True)
    return found


def _guard_digest(standing: "Standing") -> str:
    return standing.last.guard.digest if standing.last and standing.last.guard else ""


def _has_failed(standing: "Standing") -> bool:
    from bot.model.delivery import Phase  # noqa: PLC0415

    return standing.last is not None and standing.last.phase in {Phase.FAILED, Phase.UNKNOWN}


def _waiting(found: list[tuple["KubeClient", "Identity", "Standing"]]) -> str:
    asking = [f"{identity.target}: {_guard_digest(s)}" for _, identity, s in found if _guard_digest(s)]
    return f"asking now: {'; '.join(asking)}" if asking else "no deletion asks at the moment"


def _names(identities: Iterable["Identity"]) -> str:
    return ", ".join(sorted(str(identity.target) for identity in identities))


async def _wake(config: "Config", branch: "BranchKey", store_url: str | None) -> str:
    from bot.model.steps import Wake  # noqa: PLC0415
    from bot.store.connection import Store, StoreUnavailable  # noqa: PLC0415
    from bot.store.embedded import EmbeddedStore  # noqa: PLC0415
    from bot.store.queue import Queue  # noqa: PLC0415

    url = store_url or config.store.url
    store = Store.open(EmbeddedStore(config.data_dir).url if url == "embedded" else url)
    try:
        await Queue(store).wake(Wake(branch.deliver, "longshore deliver"))
    except StoreUnavailable:
        return f"The store cannot be reached; {branch} is looked at again with the next sweep."
    finally:
        await store.close()
    return f"{branch} is looked at now; the outcome is told on its commit and pull requests."
