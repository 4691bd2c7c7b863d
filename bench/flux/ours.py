"""Longshore on a pair of commits: as the command, and inside a worker."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.flux.pairs import Pair
from bench.measure import WrongResult
from bench.processes import environment

TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Planned:
    """`verdicts` counts targets by renderer and status: `helm changed`."""

    duration_s: float
    verdicts: Counter[str]


def command(pair: Pair) -> list[str | Path]:
    longshore = Path(sys.executable).with_name("longshore")
    return [
        longshore,
        "plan",
        "--repo",
        pair.repo,
        "--base",
        pair.base,
        "--head",
        pair.head,
        "--format",
        "json",
    ]


def plan(pair: Pair, cache: Path) -> Planned:
    """The whole process, interpreter start and output included."""
    began = time.perf_counter()
    output = _output(command(pair), cache)
    took_s = time.perf_counter() - began
    targets = json.loads(output)["targets"]
    return Planned(took_s, Counter(f"{target['renderer']} {target['status']}" for target in targets))


def inside(repo: Path, cache: Path, base: str, heads: Sequence[str]) -> list[Planned]:
    """One worker that plans these commits one after the other; the first one finds it just started."""
    argv: list[str | Path] = [sys.executable, "-m", "bench.inside", repo, cache, base, *heads]
    answers = json.loads(_output(argv, cache))
    return [Planned(one["duration_s"], Counter(one["by_renderer"])) for one in answers]


def _output(argv: Sequence[str | Path], cache: Path) -> str:
    answer = subprocess.run(
        argv, env=environment(cache), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if answer.returncode != 0:
        raise WrongResult(f"longshore: {answer.stderr[-1000:]}")
    return answer.stdout
