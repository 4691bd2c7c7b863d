"""`python -m oracles`: hold our renderings against Flux's and Argo CD's own, and our rules of Gitea against Gitea.

Ends with 1 where they and we disagree and a `known.py` does not say why. Talks to loopback only.
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from oracles.argocd.oracle import ARGOCD
from oracles.flux.oracle import FLUX
from oracles.oracle import Oracle, Wanted
from oracles.processes import OracleMissing
from oracles.report import Result, text, write
from oracles.trials import NeverSettled

ORACLES = {oracle.name: oracle for oracle in (FLUX, ARGOCD)}
RULES = ("asked", "gitea")
"""What judges rules and no repositories: Argo CD's generators on forges of ours, and Gitea. The options are not for it,
and it has no table."""


@click.command()
@click.argument("names", metavar="[flux|argocd|asked|gitea]", nargs=-1, type=click.Choice([*ORACLES, *RULES]))
@click.option("--seed", default=4, help="Of the chance that combines features.")
@click.option("--combinations", default=60, type=click.IntRange(0, 1000), help="How many to try.")
@click.option("--only", metavar="REGEX", help="Only repositories whose name it is found in.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Leave the repositories there, to be looked at."
)
@click.option("--write", "is_for_page", is_flag=True, help="Put the tables into docs/fidelity.md.")
def main(
    names: tuple[str, ...],
    seed: int,
    combinations: int,
    only: str | None,
    keep: Path | None,
    *,
    is_for_page: bool,
) -> None:
    """Hold our renderings against the controllers' own, and our rules of Gitea against Gitea."""
    if is_for_page and only:
        raise click.UsageError("--write needs all repositories, or the page would lose the others")
    problems = 0
    for name in names or (*ORACLES, *RULES):
        if name in RULES:
            problems += pytest.main([str(Path(__file__).parent / name)])
            continue
        oracle = ORACLES[name]
        result = _result(oracle, Wanted(seed, combinations, only, keep / name if keep else None))
        if is_for_page:
            write(result, f"{datetime.now(UTC):%Y-%m-%d}, {oracle.programs}, seed {seed}")
        problems += len(result.problems)
    sys.exit(bool(problems))


def _result(oracle: Oracle, wanted: Wanted) -> Result:
    began_s = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began_s:5.0f} s  {oracle.name}: {line}", err=True)

    try:
        with tempfile.TemporaryDirectory(prefix="longshore-oracles-") as directory:
            result = Result(oracle, asyncio.run(oracle.tried(wanted, Path(directory), say)))
            # Told before the directory is taken away, which may take as long.
            click.echo(f"\n{text(result.table())}\n{result.totals}; {time.monotonic() - began_s:.0f} s")
            for refusal in result.refusals:
                click.echo(f"refused by both: {refusal}", err=True)
            for problem in result.problems:
                click.echo(f"disagreement: {problem}", err=True)
            return result
    except (NeverSettled, OracleMissing) as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
