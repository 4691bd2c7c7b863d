"""Planning one change of 300 kustomizations, against rendering both sides of all of them.

The peer is `kustomize build` of every kustomization of base and head, from checkouts that are there already, one
program per core. Cold: no cache of ours, the files in the page cache. Warm: the base was planned once before, the head
never: each run plans a commit that nobody has seen.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.fleet import KUSTOMIZATIONS, ROOTS, Change, Fleet, kustomizations
from bench.measure import Row, Runs, WrongResult
from bench.processes import environment
from bot.proc.programs import find

COMMAND_S, WORKER_S, RATIO = 0.4, 0.15, 20.0
TIMEOUT_S = 300.0
_PEER = f"kustomize build of 2 x {KUSTOMIZATIONS}"


def measure(directory: Path, rounds: int, say: Callable[[str], None]) -> list[Row]:
    say(f"plan: making a repository of {KUSTOMIZATIONS} kustomizations")
    bench = _Bench(directory, Fleet.generate(directory / "repo"))
    bench.warm_up()
    for number in range(rounds):
        say(f"plan: round {number + 1} of {rounds}, the peer")
        bench.peer()
        say(f"plan: round {number + 1} of {rounds}, the command")
        bench.command()
        say(f"plan: round {number + 1} of {rounds}, inside the worker")
        bench.worker()
    return bench.rows()


@dataclass(slots=True)
class _Bench:
    directory: Path
    fleet: Fleet
    runs: Runs = field(default_factory=Runs)
    _heads: int = 0
    _caches: int = 0
    _peers: list[Path] = field(default_factory=list)

    def warm_up(self) -> None:
        """Modules compiled and programs in the page cache, as anywhere where Longshore has run once."""
        self._command_s(Change.OVERLAY, self._empty_cache())

    def peer(self) -> None:
        if not self._peers:
            for side, revision in (("base", self.fleet.base), ("head", self._head(Change.BASE))):
                self.fleet.check_out(revision, self.directory / side)
                self._peers += kustomizations(self.directory / side)
        kustomize = find("kustomize")

        def build(directory: Path) -> None:
            subprocess.run(
                [kustomize, "build"], cwd=directory, check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT_S
            )

        with ThreadPoolExecutor(os.cpu_count()) as pool, self.runs.timed(_PEER):
            list(pool.map(build, self._peers))

    def command(self) -> None:
        for change in Change:
            self.runs.add(f"{change.value}, command, cold", self._command_s(change, self._empty_cache()))
        warm = self._empty_cache()
        self._command_s(Change.NOTHING, warm)
        for change in Change:
            self.runs.add(f"{change.value}, command, warm", self._command_s(change, warm))

    def _command_s(self, change: Change, cache: Path) -> float:
        longshore = Path(sys.executable).with_name("longshore")
        argv: list[str | Path] = [
            longshore,
            "plan",
            "--base",
            "main",
            "--head",
            self._head(change),
            "--format",
            "json",
        ]
        began = time.perf_counter()
        answer = subprocess.run(
            argv,
            cwd=self.fleet.repo,
            env=environment(cache),
            check=True,
            capture_output=True,
            timeout=TIMEOUT_S,
        )
        took_s = time.perf_counter() - began
        _check(Counter(target["status"] for target in json.loads(answer.stdout)["targets"]), change)
        return took_s

    def worker(self) -> None:
        for change in Change:
            self._inside("worker, cold", [change], self._empty_cache())
        self._inside("worker, warm", [Change.NOTHING, *Change], self._empty_cache())

    def _inside(self, name: str, changes: list[Change], cache: Path) -> None:
        """Each call is a new process; of several changes the first one only warms it up."""
        heads = [self._head(change) for change in changes]
        argv: list[str | Path] = [
            sys.executable,
            "-m",
            "bench.inside",
            self.fleet.repo,
            cache,
            "main",
            *heads,
        ]
        answer = subprocess.run(
            argv, env=environment(cache), check=True, capture_output=True, timeout=TIMEOUT_S
        )
        results = list(zip(changes, json.loads(answer.stdout), strict=True))
        for change, result in results[1:] or results:
            _check(result["targets"], change)
            self.runs.add(f"{change.value}, {name}", result["duration_s"])

    def _head(self, change: Change) -> str:
        self._heads += 1
        return self.fleet.head(change, self._heads)

    def _empty_cache(self) -> Path:
        self._caches += 1
        return self.directory / f"cache-{self._caches}"

    def rows(self) -> list[Row]:
        return [
            self._row(change, place, warmth)
            for change in Change
            for place in ("command", "worker")
            for warmth in ("cold", "warm")
        ]

    def _row(self, change: Change, place: str, warmth: str) -> Row:
        what = f"{change.value}, {place}, {warmth}"
        asked = change is Change.OVERLAY and warmth == "warm"
        return Row(
            "plan",
            what,
            self.runs.of(what),
            self.runs.of(_PEER),
            at_most=(COMMAND_S if place == "command" else WORKER_S) if asked else None,
            ratio_at_least=RATIO if asked else None,
        )


def _check(statuses: Mapping[str, int], change: Change) -> None:
    changed, unknown, everything = (
        statuses.get("changed", 0),
        statuses.get("unknown", 0),
        sum(statuses.values()),
    )
    if (changed, unknown, everything) != (change.targets, 0, ROOTS):
        raise WrongResult(f"{change.value}: {statuses}, not {change.targets} of {ROOTS} changed")
