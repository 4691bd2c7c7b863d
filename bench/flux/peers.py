"""Those who plan or render Flux repositories too, from two work trees that are there already.

Each gets what it likes best: checkouts outside of the time, its own cache where it keeps one, its own defaults.
"""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.flux.pairs import Pair
from bench.measure import WrongResult
from bot.proc.programs import find
from tools.builder import ensure
from tools.programs import family_of
from tools.steps import Progress

TIMEOUT_S = 600.0
_KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_CHANGED = re.compile(r"^--- (\S+) \S+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Flate:
    """`what` is `all`, or `ks` for Kustomizations alone, where the charts of a repository cannot be had."""

    program: Path
    what: str = "all"

    @classmethod
    def built(cls, what: str = "all") -> "Flate":
        """The pinned one; the first time this takes minutes, and the network."""
        return cls(ensure(family_of("flate"), Progress()) / "flate", what)

    def argv(self, pair: Pair) -> list[str | Path]:
        sides = ("--path", pair.after / pair.start, "--path-orig", pair.before / pair.start)
        return [self.program, "diff", self.what, "--no-progress", "--output", "diff", *sides]

    def env(self, cache: Path) -> dict[str, str]:
        return {"HOME": str(cache), "XDG_CACHE_HOME": str(cache), "PATH": os.environ["PATH"]}

    def run(self, pair: Pair, cache: Path) -> Counter[str]:
        """How many objects of each kind it says are different. Raises WrongResult where it fails."""
        answer = subprocess.run(
            self.argv(pair),
            env=self.env(cache),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if answer.returncode not in {0, 1} or "flate error" in answer.stderr:
            raise WrongResult(f"flate: {answer.stderr[-1000:]}")
        return Counter(_CHANGED.findall(answer.stdout))


@dataclass(frozen=True, slots=True)
class BruteForce:
    """`kustomize build` of every kustomization of the head, on all cores, output thrown away."""

    kustomize: Path

    @classmethod
    def found(cls) -> "BruteForce":
        return cls(find("kustomize"))

    def run(self, pair: Pair) -> Counter[bool]:
        """How many could be built and how many not: what lies somewhere else, or is a part of another one."""
        return _side_by_side(self._builds, directories(pair.after))

    def _builds(self, directory: Path) -> bool:
        argv: list[str | Path] = [self.kustomize, "build"]
        answer = subprocess.run(
            argv,
            cwd=directory,
            env={},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
        return answer.returncode == 0


def directories(checkout: Path) -> list[Path]:
    """Directories with a kustomization that is no component."""
    files = sorted(file for name in _KUSTOMIZATION_FILES for file in checkout.rglob(name))
    return [file.parent for file in files if "kind: Component" not in file.read_text(encoding="utf-8")]


def _side_by_side(work: Callable[[Path], bool], each: list[Path]) -> Counter[bool]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return Counter(pool.map(work, each))
