"""The newest commits of a Flux repository that the operator has on disk: figures to repeat by hand.

Charts of such a repository lie elsewhere and nothing is fetched, so flate is asked for Kustomizations alone; we plan
what we find, and a release whose chart is not here is unknown. Each commit is compared with its parent.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from bench.flux import ours
from bench.flux.footprint import peak_mib
from bench.flux.pairs import Checkouts, Pair
from bench.flux.peers import BruteForce, Flate
from bench.measure import Row, Runs, Unit, WrongResult
from bench.processes import environment
from bench.repos import git

WARMTHS = ("cold", "warm")
_BRUTE = "kustomize build of all of one side"
_START = "flux-system/gotk-sync.yaml"


def of(repo: Path, start: str) -> Callable[[Path, int, Callable[[str], None]], list[Row]]:
    """A bench of as many commits as it is asked for runs."""

    def measure(directory: Path, commits: int, say: Callable[[str], None]) -> list[Row]:
        say(f"flux: copying {repo}")
        copy = directory / "repo"
        # NB: objects are copied or linked, never borrowed: flate cannot read a repository with alternates.
        git(directory, "clone", "--quiet", "--local", str(repo.resolve()), str(copy))
        checkouts = Checkouts(copy, directory / "checkouts", start or _start(copy))
        bench = _Bench(directory, checkouts, Flate.built("ks"), BruteForce.found())
        heads = git(copy, "rev-list", "--first-parent", f"--max-count={commits}", "HEAD").split()
        bench.warm_up(heads[0])
        for head in heads:
            say(f"flux: {git(copy, 'log', '-1', '--format=%h %s', head)[:100]}")
            bench.commit(head)
        bench.memory(heads[0])
        return bench.rows()

    return measure


def _start(copy: Path) -> str:
    found = [file.parent.parent for file in copy.rglob(_START)]
    if len(found) != 1:
        raise WrongResult(f"{len(found)} directories hold a {_START}; name one with --start")
    return str(found[0].relative_to(copy))


@dataclass(slots=True)
class _Bench:
    directory: Path
    checkouts: Checkouts
    flate: Flate
    brute_force: BruteForce
    runs: Runs = field(default_factory=Runs)
    _caches: int = 0

    def warm_up(self, head: str) -> None:
        with self._pair(head) as pair:
            ours.plan(pair, self._empty_cache())

    def commit(self, head: str) -> None:
        """Warm is the same once more: the programs that keep results find them."""
        cache, theirs, workers = self._empty_cache(), self._empty_cache(), self._empty_cache()
        with self._pair(head) as pair:
            for warmth in WARMTHS:
                with self.runs.timed(f"flate, {warmth}"):
                    self.flate.run(pair, theirs)
                self.runs.add(f"command, {warmth}", ours.plan(pair, cache).duration_s)
            with self.runs.timed(_BRUTE):
                self.brute_force.run(pair)
            answers = ours.inside(pair.repo, workers, pair.base, [head, head])
        for warmth, planned in zip(WARMTHS, answers, strict=True):
            self.runs.add(f"worker, {warmth}", planned.duration_s)

    def memory(self, head: str) -> None:
        cache, theirs = self._empty_cache(), self._empty_cache()
        with self._pair(head) as pair:
            for warmth in WARMTHS:
                self.runs.add(
                    f"flate, memory, {warmth}", peak_mib(self.flate.argv(pair), self.flate.env(theirs))
                )
                self.runs.add(f"memory, {warmth}", peak_mib(ours.command(pair), environment(cache)))

    def _pair(self, head: str) -> AbstractContextManager[Pair]:
        return self.checkouts.pair(git(self.checkouts.repo, "rev-parse", f"{head}^"), head)

    def _empty_cache(self) -> Path:
        self._caches += 1
        return self.directory / f"cache-{self._caches}"

    def rows(self) -> list[Row]:
        times = [
            Row(
                "flux",
                f"{place}, {warmth}; peer: flate",
                self.runs.of(f"{place}, {warmth}"),
                self.runs.of(f"flate, {warmth}"),
            )
            for place in ("command", "worker")
            for warmth in WARMTHS
        ]
        brute = Row(
            "flux", f"command, cold; peer: {_BRUTE}", self.runs.of("command, cold"), self.runs.of(_BRUTE)
        )
        memory = [
            Row(
                "flux",
                f"memory, {warmth}; peer: flate",
                self.runs.of(f"memory, {warmth}"),
                self.runs.of(f"flate, memory, {warmth}"),
                Unit.MEBIBYTES,
            )
            for warmth in WARMTHS
        ]
        return [*times, brute, *memory]
