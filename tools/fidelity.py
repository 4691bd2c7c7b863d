"""Try `longshore plan --verify` on repositories as they are in the world, over commits of their history.

    python tools/fidelity.py [--discover MODE] [--commits N] [--span N] [--widest N] [--touching PATHSPEC]...
                             [--plans DIR] [--json FILE] CLONE...

Reads local clones and downloads nothing. Every commit is planned against its first parent three times: with empty
caches, again with what that left behind, and by brute force, which must agree. Ends with 1 where it does not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.cli.workshop import make_workshop
from bot.diff.mask import Mask
from bot.discover.repository import RepositoryIdentity
from bot.git.repository import Repository
from bot.model.plan import Plan, Side, TargetStatus
from bot.model.rendering import Diagnostic
from bot.model.repo import Sha
from bot.planning.exhaustive import ExhaustiveRenderings
from bot.planning.expansion import Finding, Mode
from bot.planning.plan import look, make_plan
from bot.planning.renderings import Renderings
from bot.planning.verify import Verification, verify
from bot.planning.workshop import Workshop
from bot.render.sandbox import Bounds
from bot.report.comment import plan_comment
from bot.report.terminal import plan_text

CACHE_BYTES = 1 << 30
YAML = ["*.yaml", "*.yml"]


@dataclass(frozen=True)
class Wanted:
    mode: Mode
    head: str
    commits: int
    span: int
    widest: int
    touching: tuple[str, ...]
    plans: Path | None
    json: Path | None


@dataclass(frozen=True)
class Commit:
    """`files` is how many of those asked for it touches."""

    sha: Sha
    files: int


@dataclass(frozen=True)
class Trial:
    """One commit. `unknown` and `unprovable` count reasons, told without names so that like falls to like.

    `unprovable` are targets that nothing can render on either side: unchanged, as far as anybody can say.
    """

    sha: str
    files: int
    targets: int
    changed: int
    unknown: dict[str, int]
    unprovable: dict[str, int]
    cold_s: float
    warm_s: float
    brute_s: float
    disagreements: list[str]
    """`brute_s` of the first commit is for both sides; of a later one in a row, for the side that is new."""


@dataclass(frozen=True)
class Record:
    """Every trial of one clone, with targets found in one way."""

    name: str
    mode: str
    head: str
    trials: list[Trial]


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    wanted = Wanted(
        mode=Mode(options.discover),
        head=options.head,
        commits=options.commits,
        span=options.span,
        widest=options.widest,
        touching=tuple(options.touching or YAML),
        plans=options.plans,
        json=options.json,
    )
    records: list[Record] = []
    for clone in options.clones:
        asyncio.run(_examine(clone, wanted, records))
    print("\n".join(_table(records)))
    return int(any(trial.disagreements for record in records for trial in record.trials))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/fidelity.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clones", metavar="CLONE", nargs="+", type=Path, help="a local clone, bare or not")
    parser.add_argument("--discover", default="auto", choices=[mode.value for mode in Mode])
    parser.add_argument("--head", default="HEAD", metavar="REV", help="the newest commit to try")
    parser.add_argument("--commits", type=int, default=20, metavar="N", help="how many to try")
    parser.add_argument(
        "--span", type=int, default=20, metavar="N", help="take them evenly from the newest N that touch YAML"
    )
    parser.add_argument(
        "--widest", type=int, default=0, metavar="N", help="of these, take so many that touch the most files"
    )
    parser.add_argument(
        "--touching",
        action="append",
        metavar="PATHSPEC",
        help="only commits that touch this (instead of YAML)",
    )
    parser.add_argument("--plans", type=Path, metavar="DIR", help="write every plan there, to be read")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured there")
    return parser


async def _examine(clone: Path, wanted: Wanted, records: list[Record]) -> None:
    """Every trial is put down as soon as it is done: all of them take hours."""
    name = _name(clone)
    mask = Mask(os.urandom(32))
    async with Repository.open(clone) as repository, _judge(mask) as judge:
        head = await repository.resolve(wanted.head)
        record = Record(name, wanted.mode.value, head, [])
        records.append(record)
        chosen = _chosen(clone, head, wanted)
        for number, commit in enumerate(chosen, 1):
            plan, trial = await _attempt(repository, commit, wanted.mode, mask, judge)
            record.trials.append(trial)
            _say(f"{name} {wanted.mode} {number}/{len(chosen)} {_told(trial)}")
            if wanted.plans:
                _keep(plan, wanted.plans / name / wanted.mode, commit.sha)
            if wanted.json:
                wanted.json.write_text(json.dumps([asdict(record) for record in records], indent=1))


def _name(clone: Path) -> str:
    place = clone.resolve()
    return place.parent.name if place.name in {"repo", ".git"} else place.name


def _chosen(clone: Path, head: Sha, wanted: Wanted) -> list[Commit]:
    """Commits of the branch that touch what is asked for and have a parent, oldest first.

    The widest of the span, and the rest evenly from what is left of it.
    """
    span = max(wanted.span, wanted.commits)
    listed = ["log", "-z", "--first-parent", "--diff-merges=first-parent", "--min-parents=1", "--name-only"]
    listed += ["--format=%x01%H", f"--max-count={span}", head, "--", *wanted.touching]
    answer = subprocess.run(["git", "-C", clone, *listed], check=True, capture_output=True)
    found: dict[Sha, int] = {}
    for entry in answer.stdout.decode(errors="replace").split("\x01")[1:]:
        sha, *files = entry.strip("\0").split("\0")
        found[Sha(sha)] = len(files)
    widest = sorted(found, key=lambda sha: -found[sha])[: min(wanted.widest, wanted.commits)]
    rest = [sha for sha in found if sha not in widest]
    count = min(wanted.commits - len(widest), len(rest))
    chosen = {*widest, *(rest[index * len(rest) // count] for index in range(count))}
    return [Commit(sha, files) for sha, files in reversed(found.items()) if sha in chosen]


@asynccontextmanager
async def _judge(mask: Mask) -> AsyncIterator[ExhaustiveRenderings]:
    """One for all trials: of commits in a row, the head of one is the base of the next and rendered already."""
    with tempfile.TemporaryDirectory(prefix="fidelity-") as home:
        workshop = await make_workshop(Path(home), mask, CACHE_BYTES, Bounds(os.cpu_count() or 1))
        async with ExhaustiveRenderings.open(workshop) as judge:
            yield judge


async def _attempt(
    repository: Repository, commit: Commit, mode: Mode, mask: Mask, judge: ExhaustiveRenderings
) -> tuple[Plan, Trial]:
    finding = Finding(mode, RepositoryIdentity.of(await repository.remote_urls()))
    shas = await repository.resolve(f"{commit.sha}^1"), commit.sha
    sides = [Side(sha[:12], await repository.tree_of(sha), sha) for sha in shas]
    with tempfile.TemporaryDirectory(prefix="fidelity-") as home:
        workshop = await make_workshop(Path(home), mask, CACHE_BYTES, Bounds(os.cpu_count() or 1))
        plan, cold_s = await _planned(repository, sides, finding, workshop)
        again, warm_s = await _planned(repository, sides, finding, workshop)
    started = time.perf_counter()
    verification = await verify(repository, plan, finding, judge)
    brute_s = time.perf_counter() - started
    disagreements = _disagreements(plan, again, verification)
    unknown = plan.with_status(TargetStatus.UNKNOWN)
    quiet = [target for target in plan.with_status(TargetStatus.UNCHANGED) if target.diagnostics]
    return plan, Trial(
        commit.sha,
        commit.files,
        targets=len(plan.targets),
        changed=len(plan.changed),
        unknown=dict(Counter(_reason(target.diagnostics) for target in unknown)),
        unprovable=dict(Counter(_reason(target.diagnostics) for target in quiet)),
        cold_s=cold_s,
        warm_s=warm_s,
        brute_s=brute_s,
        disagreements=disagreements,
    )


async def _planned(
    repository: Repository, sides: list[Side], finding: Finding, workshop: Workshop
) -> tuple[Plan, float]:
    started = time.perf_counter()
    renderings = Renderings(workshop)
    base, head = sides
    plan = await make_plan(await look(repository, base, head, finding, renderings), renderings)
    return plan, time.perf_counter() - started


def _disagreements(plan: Plan, again: Plan, verification: Verification) -> list[str]:
    found = [f"{d.target}: planned {d.planned}, rendered {d.rendered}" for d in verification.disagreements]
    return found if plan == again else [*found, "planned anew from the caches it differs"]


def _reason(diagnostics: Iterable[Diagnostic]) -> str:
    """The first remark without what is particular to the target."""
    first = next(iter(diagnostics)).message
    return re.sub(r"\[\d+\]|\([^)]*/[^)]*\)|'[^']*'|\b\S+/\S+", "…", first)[:100]


def _keep(plan: Plan, directory: Path, sha: Sha) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{sha[:12]}.txt").write_text(plan_text(plan), errors="replace")
    (directory / f"{sha[:12]}.md").write_text(plan_comment(plan), errors="replace")


def _told(trial: Trial) -> str:
    verdict = "\n  ".join(["DISAGREES", *trial.disagreements]) if trial.disagreements else "agrees"
    unknown = sum(trial.unknown.values())
    return (
        f"{trial.sha[:10]} files {trial.files} targets {trial.targets} changed {trial.changed} unknown {unknown} "
        f"cold {trial.cold_s:.2f} s warm {trial.warm_s:.2f} s brute {trial.brute_s:.1f} s {verdict}"
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _table(records: Iterable[Record]) -> Iterator[str]:
    yield "| repository | found by | head | commits | targets | changed | unknown | cold | warm | brute force | disagreements |"
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for record in records:
        trials = record.trials
        cells = [
            record.name,
            record.mode,
            record.head[:10],
            str(len(trials)),
            _range([trial.targets for trial in trials]),
            str(sum(trial.changed for trial in trials)),
            str(sum(sum(trial.unknown.values()) for trial in trials)),
            *(
                f"{statistics.median(times):.2f} s"
                for times in ([t.cold_s for t in trials], [t.warm_s for t in trials])
            ),
            f"{trials[0].brute_s:.0f} s",
            str(sum(len(trial.disagreements) for trial in trials)),
        ]
        yield f"| {' | '.join(cells)} |"
    for record in records:
        for title in ("unknown", "unprovable"):
            reasons: Counter[str] = Counter()
            for trial in record.trials:
                reasons.update(getattr(trial, title))
            if reasons:
                yield f"\n{record.name}, {record.mode}, {title}:"
                yield from (f"- {count} x {reason}" for reason, count in reasons.most_common())


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}-{high}"


if __name__ == "__main__":
    sys.exit(main())
