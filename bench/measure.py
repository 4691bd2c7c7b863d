"""What a bench brings home: runs of ours, runs of the peer, and the bounds they are held to.

Invariant: a figure is the median of its runs; a ratio is the peer's median over ours.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Unit(StrEnum):
    SECONDS = "s"
    MEBIBYTES = "MiB"

    @property
    def better(self) -> str:
        """What a ratio of it says."""
        return "times faster" if self is Unit.SECONDS else "times less"

    def shown(self, value: float) -> str:
        if self is Unit.MEBIBYTES:
            return f"{value:.0f} MiB"
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ratio_at_least` holds anywhere; `at_most` is for a machine that has nothing else to do."""

    bench: str
    what: str
    ours: tuple[float, ...]
    peer: tuple[float, ...] = ()
    unit: Unit = Unit.SECONDS
    at_most: float | None = None
    ratio_at_least: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.ours)

    @property
    def peer_median(self) -> float | None:
        return statistics.median(self.peer) if self.peer else None

    @property
    def ratio(self) -> float | None:
        return statistics.median(self.peer) / self.median if self.peer else None

    @property
    def misses(self) -> tuple[str, ...]:
        """Every bound that does not hold, in words."""
        found = []
        if self.ratio is not None and self.ratio_at_least is not None and self.ratio < self.ratio_at_least:
            found.append(f"{self.ratio:.1f} {self.unit.better}, not {self.ratio_at_least:.0f}")
        if self.at_most is not None and self.median >= self.at_most:
            found.append(f"{self.unit.shown(self.median)}, not under {self.unit.shown(self.at_most)}")
        return tuple(found)


@dataclass(slots=True)
class Runs:
    """Runs by name, collected while the rounds go on."""

    by_name: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.by_name.setdefault(name, []).append(value)

    def of(self, name: str) -> tuple[float, ...]:
        return tuple(self.by_name[name])

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Adds how long the block took, unless it fails."""
        began = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - began)


class WrongResult(Exception):
    """What was measured did not do its work, so its time says nothing."""
