"""`python -m bench`: every figure of docs/performance.md, on this machine. Ends by itself, talks to loopback only.

What is asked for and missed is said; only a wrong result is an error.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from bench import deliver, intake, memory, plan, table
from bench.argocd import measure as argocd
from bench.flux import foreign
from bench.flux import measure as flux
from bench.measure import Row, WrongResult
from bench.surroundings import surroundings

Bench = Callable[[Path, int, Callable[[str], None]], list[Row]]
BENCHES: dict[str, Bench] = {
    "plan": plan.measure,
    "intake": intake.measure,
    "deliver": deliver.measure,
    "memory": memory.measure,
    "flux": flux.measure,
    "argocd": argocd.measure,
}


@click.command()
@click.argument("which", type=click.Choice([*BENCHES, "all"]), default="all")
@click.option("--runs", type=click.IntRange(1, 20), default=5, help="Runs of each; the median counts.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write every single run here.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
@click.option(
    "--repo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="With `flux`: the newest commits of this repository, instead of a generated one.",
)
@click.option("--start", default="", help="With --repo: the directory that Flux begins with.")
def main(
    which: str, runs: int, json_file: Path | None, *, write: bool, repo: Path | None, start: str
) -> None:
    """Measure Longshore side by side with doing without it."""
    if write and (repo or which not in {"all", *table.SECTIONS}):
        raise click.UsageError("--write needs all benches, or the page would lose the others' figures")
    if repo and which != "flux":
        raise click.UsageError("--repo is for `flux`")
    where = surroundings()
    benches = {"flux": foreign.of(repo, start)} if repo else BENCHES
    rows = _measured(benches, [*BENCHES] if which == "all" else [which], runs)
    click.echo(f"{where}\n\n{table.text(rows)}")
    if json_file:
        described = [{**asdict(row), "median": row.median, "ratio": row.ratio} for row in rows]
        json_file.write_text(
            json.dumps({"surroundings": where, "rows": described}, indent=2) + "\n", encoding="utf-8"
        )
    if write:
        table.write(rows, where)
    for row in rows:
        for miss in row.misses:
            click.echo(f"missed: {row.bench}, {row.what}: {miss}", err=True)


def _measured(benches: Mapping[str, Bench], names: Sequence[str], runs: int) -> list[Row]:
    rows = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="longshore-bench-") as directory:
            try:
                rows += benches[name](Path(directory), runs, lambda line: click.echo(line, err=True))
            except WrongResult as error:
                raise click.ClickException(f"{name}: {error}") from None
    return rows


if __name__ == "__main__":
    main()
