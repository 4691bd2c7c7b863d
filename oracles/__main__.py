"""`python -m oracles`: hold our renderings against Flux's own controllers. Talks to loopback only.

Ends with 1 where Flux and we disagree and oracles/known.py does not say why.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.cli.workshop import make_workshop
from bot.diff.mask import Mask
from bot.planning.elsewhere import Elsewhere
from bot.render.helm.inputs import ClusterFacts
from oracles.controllers import OracleMissing
from oracles.gitserver import GitServer
from oracles.live import NeverSettled
from oracles.programme import worlds
from oracles.report import Result, text, write
from oracles.scene import Scene
from oracles.trial import Say, Trial, tried
from tools.programs import KUBERNETES, ORACLES

_CACHE_BYTES = 256 << 20


@click.command()
@click.option("--seed", default=4, help="Of the chance that combines features.")
@click.option("--combinations", default=60, type=click.IntRange(0, 1000), help="How many to try.")
@click.option("--only", metavar="REGEX", help="Only repositories whose name it is found in.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Leave the repositories there, to be looked at."
)
@click.option("--write", "is_for_page", is_flag=True, help="Put the table into docs/fidelity.md.")
def main(seed: int, combinations: int, only: str | None, keep: Path | None, *, is_for_page: bool) -> None:
    """Hold our renderings against Flux's own controllers."""
    if is_for_page and only:
        raise click.UsageError("--write needs all repositories, or the page would lose the others")
    began_s = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began_s:5.0f} s  {line}", err=True)

    try:
        with tempfile.TemporaryDirectory(prefix="longshore-oracles-") as directory:
            trials = asyncio.run(_run(Path(directory), keep, (seed, combinations, only), say))
    except (NeverSettled, OracleMissing) as error:
        raise click.ClickException(str(error)) from None
    result = Result(trials)
    click.echo(f"\n{text(result.table())}\n{result.totals}; {time.monotonic() - began_s:.0f} s")
    if is_for_page:
        write(result, _surroundings(seed))
    for refusal in result.refusals:
        click.echo(f"refused by both: {refusal}", err=True)
    for problem in result.problems:
        click.echo(f"disagreement: {problem}", err=True)
    sys.exit(bool(result.problems))


async def _run(
    directory: Path, keep: Path | None, wanted: tuple[int, int, str | None], say: Say
) -> list[Trial]:
    seed, combinations, only = wanted
    elsewhere = Elsewhere(facts=_facts)
    workshop = await make_workshop(
        *(directory / "cache", Mask(os.urandom(32)), _CACHE_BYTES, os.cpu_count() or 1), elsewhere=elsewhere
    )
    trials: list[Trial] = []
    with closing(workshop):
        async with GitServer.running(keep or directory / "git") as server:
            for number, scenes in enumerate(worlds(server.url, seed, combinations), 1):
                chosen = [scene for scene in scenes if _is_chosen(scene, only)]
                if chosen:
                    private = directory / f"world-{number}"
                    private.mkdir()
                    trials += await tried(chosen, server, private, workshop, say)
    return trials


async def _facts(_cluster: str) -> ClusterFacts:
    """Every cluster is the control plane that Flux sees."""
    return ClusterFacts(KUBERNETES.version)


def _is_chosen(scene: Scene, only: str | None) -> bool:
    return only is None or re.search(only, scene.name) is not None


def _surroundings(seed: int) -> str:
    programs = ", ".join(
        f"{family.name.removeprefix('flux-')}-controller {family.version}" for family in ORACLES
    )
    return f"{datetime.now(UTC):%Y-%m-%d}, {programs}, seed {seed}"


if __name__ == "__main__":
    main()
