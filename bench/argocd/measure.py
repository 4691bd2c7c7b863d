"""Planning 100 Applications on 10 clusters, beside brute force on the same commits.

No peer runs here: argocd-diff-preview needs a cluster of its own, and publishes 100 s for 92 Applications. What is asked
for is a fiftieth of that. Brute force is what it does at the least: every Application of both sides rendered by one
program each.
"""

import itertools
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.argocd.files import APPLICATIONS, APPS_OF_A_KIND, CLUSTERS, ENVIRONMENTS
from bench.argocd.repo import Change, Estate
from bench.flux import ours
from bench.flux.footprint import peak_mib
from bench.flux.pairs import Checkouts, Pair
from bench.measure import Row, Runs, Unit, WrongResult
from bench.processes import environment
from bot.proc.programs import find

COMMAND_S, WORKER_S, TIMES = 2.0, 0.15, 2.0
WARMTHS = ("cold", "warm")
_BRUTE = "kustomize and helm for every Application of both sides"


def measure(directory: Path, rounds: int, say: Callable[[str], None]) -> list[Row]:
    say(f"argocd: making a repository of {APPLICATIONS} Applications on {CLUSTERS} clusters")
    estate = Estate.generate(directory / "repo")
    bench = _Bench(directory, estate, Checkouts(estate.repo, directory / "checkouts", "."))
    bench.command(Change.SCOPED, bench.empty_cache(), "to compile modules")
    for number in range(rounds):
        for change in Change:
            say(f"argocd: round {number + 1} of {rounds}, {change.value}")
            bench.take_turns(change)
        bench.brute()
    for change in Change:
        say(f"argocd: memory, {change.value}")
        bench.memory(change)
    return bench.rows()


@dataclass(slots=True)
class _Bench:
    directory: Path
    estate: Estate
    checkouts: Checkouts
    runs: Runs = field(default_factory=Runs)
    _editions: int = 0
    _caches: int = 0

    def take_turns(self, change: Change) -> None:
        """Cold, then warm with the same cache: as a command, and inside one worker."""
        cache = self.empty_cache()
        for warmth in WARMTHS:
            self.command(change, cache, f"{change.value}, command, {warmth}")
        heads = [self._head(change) for _ in WARMTHS]
        answers = ours.inside(self.estate.repo, self.empty_cache(), self.estate.base, heads)
        for warmth, planned in zip(WARMTHS, answers, strict=True):
            check(planned.verdicts, change)
            self.runs.add(f"{change.value}, worker, {warmth}", planned.duration_s)

    def command(self, change: Change, cache: Path, name: str) -> None:
        with self.checkouts.pair(self.estate.base, self._head(change)) as pair:
            planned = ours.plan(pair, cache)
        check(planned.verdicts, change)
        self.runs.add(name, planned.duration_s)

    def brute(self) -> None:
        with (
            self.checkouts.pair(self.estate.base, self._head(Change.EVERYTHING)) as pair,
            self.runs.timed(_BRUTE),
        ):
            _render_all(pair)

    def memory(self, change: Change) -> None:
        cache = self.empty_cache()
        for warmth in WARMTHS:
            with self.checkouts.pair(self.estate.base, self._head(change)) as pair:
                at_most = peak_mib(ours.command(pair), environment(cache))
                self.runs.add(f"memory, {change.value}, {warmth}", at_most)

    def _head(self, change: Change) -> str:
        self._editions += 1
        return self.estate.head(change, self._editions)

    def empty_cache(self) -> Path:
        self._caches += 1
        return self.directory / f"cache-{self._caches}"

    def rows(self) -> list[Row]:
        return [*self._times(), *self._memories()]

    def _times(self) -> Iterator[Row]:
        for change, place, warmth in itertools.product(Change, ("command", "worker"), WARMTHS):
            what = f"{change.value}, {place}, {warmth}"
            is_replan = (change, place, warmth) == (Change.SCOPED, "worker", "warm")
            yield Row(
                "argocd",
                f"{what}; peer: {_BRUTE}",
                self.runs.of(what),
                self.runs.of(_BRUTE),
                at_most=WORKER_S if is_replan else COMMAND_S,
                ratio_at_least=TIMES,
            )

    def _memories(self) -> Iterator[Row]:
        for change, warmth in itertools.product(Change, WARMTHS):
            what = f"memory, {change.value}, {warmth}"
            yield Row("argocd", what, self.runs.of(what), unit=Unit.MEBIBYTES)


def check(verdicts: Counter[str], change: Change) -> None:
    """Every verdict on an Application has to be the right one, and none may be unknown."""
    found = Counter(
        {
            name.removeprefix("detect "): number
            for name, number in verdicts.items()
            if name.startswith("detect ")
        }
    )
    # The root Application is one of them: it changes with a cluster's Secret and is unchanged otherwise.
    root = "changed" if change is Change.CLUSTER else "unchanged"
    expected = Counter(change.verdicts) + Counter({root: 1})
    if found != expected or any("unknown" in name for name in verdicts):
        raise WrongResult(f"{change.value}: {dict(verdicts)}, not {dict(expected)}")


def _render_all(pair: Pair) -> None:
    kustomize, helm = find("kustomize"), find("helm")
    commands = []
    for side, environment_name in itertools.product((pair.before, pair.after), ENVIRONMENTS):
        for _ in range(ENVIRONMENTS[environment_name]):
            for number in range(APPS_OF_A_KIND):
                overlay = side / f"apps/kustomize/shop-{number}/overlays/{environment_name}"
                commands.append([kustomize, "build", overlay])
                chart = side / f"apps/helm/site-{number}"
                values = [side / "shared/values.yaml", chart / f"values-{environment_name}.yaml"]
                commands.append([helm, "template", "site", chart, *(f"--values={file}" for file in values)])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_run, commands))


def _run(argv: list[str | Path]) -> None:
    answer = subprocess.run(argv, capture_output=True, timeout=60, check=False)
    if answer.returncode != 0:
        raise WrongResult(answer.stderr.decode(errors="replace")[-1000:])
