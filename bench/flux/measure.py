"""Planning a Flux repository of 250 Kustomizations and 170 releases, beside flate and brute force on the same commits.

Cold: empty caches on both sides, the files in the page cache. Warm: the same kind of change was planned once before,
with another edition: nobody has seen the head. What is asked for: half of flate's time, a quarter of its memory.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.flux import ours
from bench.flux.files import KUSTOMIZATIONS, RELEASES
from bench.flux.footprint import peak_mib
from bench.flux.pairs import Checkouts
from bench.flux.peers import BruteForce, Flate
from bench.flux.repo import Change, Estate
from bench.measure import Row, Runs, Unit, WrongResult
from bench.processes import environment

WORKER_S, TIMES, TIMES_LESS_MEMORY = 0.15, 2.0, 4.0
WARMTHS = ("cold", "warm")
_BRUTE = "kustomize build of all of one side"


def measure(directory: Path, rounds: int, say: Callable[[str], None]) -> list[Row]:
    say(f"flux: making a repository of {KUSTOMIZATIONS} Kustomizations and {RELEASES} releases")
    estate = Estate.generate(directory / "repo")
    checkouts = Checkouts(estate.repo, directory / "checkouts", "clusters/main")
    bench = _Bench(directory, estate, checkouts, Flate.built(), BruteForce.found())
    bench.warm_up()
    for number in range(rounds):
        for change in Change:
            say(f"flux: round {number + 1} of {rounds}, {change.value}")
            bench.take_turns(change)
        bench.brute()
    for change in Change:
        say(f"flux: memory, {change.value}")
        bench.memory(change)
    return bench.rows()


@dataclass(slots=True)
class _Bench:
    directory: Path
    estate: Estate
    checkouts: Checkouts
    flate: Flate
    brute_force: BruteForce
    runs: Runs = field(default_factory=Runs)
    _editions: int = 0
    _caches: int = 0

    def warm_up(self) -> None:
        """Modules compiled and programs in the page cache, as anywhere where they have run once."""
        with self.checkouts.pair(self.estate.base, self._head(Change.SCOPED)) as pair:
            ours.plan(pair, self._empty_cache())
            self.flate.run(pair, self._empty_cache())

    def take_turns(self, change: Change) -> None:
        """Cold, then warm with the same cache, one program after the other."""
        cache, theirs = self._empty_cache(), self._empty_cache()
        for warmth in WARMTHS:
            with self.checkouts.pair(self.estate.base, self._head(change)) as pair:
                with self.runs.timed(f"flate, {change.value}, {warmth}"):
                    found = self.flate.run(pair, theirs)
                _check_flate(found, change)
                planned = ours.plan(pair, cache)
            self._add(change, "command", warmth, planned)
        heads = [self._head(change) for _ in WARMTHS]
        answers = ours.inside(self.estate.repo, self._empty_cache(), self.estate.base, heads)
        for warmth, planned in zip(WARMTHS, answers, strict=True):
            self._add(change, "worker", warmth, planned)

    def _add(self, change: Change, place: str, warmth: str, planned: ours.Planned) -> None:
        check(planned.verdicts, change)
        self.runs.add(f"{change.value}, {place}, {warmth}", planned.duration_s)

    def brute(self) -> None:
        with self.checkouts.pair(self.estate.base, self.estate.base) as pair, self.runs.timed(_BRUTE):
            built = self.brute_force.run(pair)
        if built[False]:
            raise WrongResult(f"{built[False]} kustomizations cannot be built")

    def memory(self, change: Change) -> None:
        cache, theirs = self._empty_cache(), self._empty_cache()
        for warmth in WARMTHS:
            with self.checkouts.pair(self.estate.base, self._head(change)) as pair:
                at_most = peak_mib(self.flate.argv(pair), self.flate.env(theirs))
                self.runs.add(f"flate, memory, {change.value}, {warmth}", at_most)
                at_most = peak_mib(ours.command(pair), environment(cache))
                self.runs.add(f"memory, {change.value}, {warmth}", at_most)

    def _head(self, change: Change) -> str:
        self._editions += 1
        return self.estate.head(change, self._editions)

    def _empty_cache(self) -> Path:
        self._caches += 1
        return self.directory / f"cache-{self._caches}"

    def rows(self) -> list[Row]:
        times = [
            self._time(change, place, warmth)
            for change in Change
            for place in ("command", "worker")
            for warmth in WARMTHS
        ]
        brute = [self._against_brute(change) for change in Change]
        return [*times, *brute, *(self._memory(change, warmth) for change in Change for warmth in WARMTHS)]

    def _time(self, change: Change, place: str, warmth: str) -> Row:
        what = f"{change.value}, {place}, {warmth}"
        is_replan = (change, place, warmth) == (Change.SCOPED, "worker", "warm")
        return Row(
            "flux",
            f"{what}; peer: flate",
            self.runs.of(what),
            self.runs.of(f"flate, {change.value}, {warmth}"),
            at_most=WORKER_S if is_replan else None,
            ratio_at_least=TIMES,
        )

    def _against_brute(self, change: Change) -> Row:
        what = f"{change.value}, command, cold"
        return Row("flux", f"{what}; peer: {_BRUTE}", self.runs.of(what), self.runs.of(_BRUTE))

    def _memory(self, change: Change, warmth: str) -> Row:
        what = f"memory, {change.value}, {warmth}"
        return Row(
            "flux",
            f"{what}; peer: flate",
            self.runs.of(what),
            self.runs.of(f"flate, {what}"),
            unit=Unit.MEBIBYTES,
            ratio_at_least=TIMES_LESS_MEMORY,
        )


def check(verdicts: Counter[str], change: Change) -> None:
    """Every verdict of ours has to be the right one."""
    expected: Counter[str] = Counter()
    for renderer, everything, changed in (
        ("kustomize", KUSTOMIZATIONS, change.kustomizations),
        ("helm", RELEASES, change.releases),
    ):
        expected += Counter({f"{renderer} changed": changed, f"{renderer} unchanged": everything - changed})
    if verdicts != expected:
        raise WrongResult(f"{change.value}: {dict(verdicts)}, not {dict(expected)}")


def _check_flate(found: Counter[str], change: Change) -> None:
    if found["HelmRelease"] != change.releases:
        raise WrongResult(f"flate, {change.value}: {dict(found)}, not {change.releases} releases")
