"""What the trials came to: a line for each feature, and every deviation in words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from oracles.oracle import Oracle
from oracles.trials import AGREEING, Judgement, Outcome, Trial

PAGE = Path(__file__).parent.parent / "docs" / "fidelity.md"
_MOST_LINES = 4
HEADINGS = ("feature", "alone", "agreeing", "in combinations", "agreeing", "remarks")


@dataclass(slots=True)
class _Row:
    alone: int = 0
    alone_same: int = 0
    together: int = 0
    together_same: int = 0
    remarks: dict[str, None] = field(default_factory=dict)

    def cells(self, feature: str) -> tuple[str, ...]:
        counts = (self.alone, self.alone_same, self.together, self.together_same)
        return feature, *(str(count) if count else "" for count in counts), "; ".join(self.remarks)


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was tried. `problems` are what nobody has explained yet."""

    oracle: Oracle
    trials: Sequence[Trial]

    @property
    def refusals(self) -> list[str]:
        """What was refused by both, and in which words."""
        return [
            f"{trial.name} ({', '.join(trial.features)}): {'; '.join(j.why)}"
            for trial in self.trials
            for j in trial.judgements
            if j.outcome is Outcome.REFUSED
        ]

    @property
    def problems(self) -> list[str]:
        found = [
            f"{trial.name} ({', '.join(trial.features)}): {j.target}: {j.outcome.value}: {line}"
            for trial in self.trials
            for j in trial.judgements
            if not self._is_explained(trial, j)
            for line in _shortened(j.why)
        ]
        return [*found, *self._stale()]

    def _stale(self) -> Iterator[str]:
        tried = {trial.features for trial in self.trials}
        for feature, known in self.oracle.known.items():
            seen = any(self._fits(feature, trial, j) for trial in self.trials for j in trial.judgements)
            if (feature,) in tried and not seen:
                where = f"oracles/{self.oracle.name}/known.py"
                yield f"{feature}: no longer deviates ({known.reason}); remove it from {where}"

    def table(self) -> list[tuple[str, ...]]:
        rows: dict[str, _Row] = {}
        for trial in self.trials:
            for feature in trial.features:
                self._count(rows.setdefault(feature, _Row()), feature, trial)
        return [HEADINGS, *(row.cells(feature) for feature, row in rows.items())]

    @property
    def totals(self) -> str:
        judgements = [j for trial in self.trials for j in trial.judgements]
        same = sum(trial.agrees for trial in self.trials)
        refused = sum(any(j.outcome is Outcome.REFUSED for j in trial.judgements) for trial in self.trials)
        objects = sum(j.objects for j in judgements)
        return (
            f"{len(self.trials)} repositories with {len(judgements)} {self.oracle.nouns} and {objects} objects; "
            f"{same} repositories agree in everything, {refused} of them in what chance combined and neither takes"
        )

    def _is_explained(self, trial: Trial, judgement: Judgement) -> bool:
        return judgement.outcome in AGREEING or any(self._fits(f, trial, judgement) for f in trial.features)

    def _fits(self, feature: str, trial: Trial, judgement: Judgement) -> bool:
        known = self.oracle.known.get(feature)
        if known is None or feature not in trial.features:
            return False
        return judgement.outcome is known.outcome and any(known.says in line for line in judgement.why)

    def _count(self, row: _Row, feature: str, trial: Trial) -> None:
        """Of several features, a known deviation counts for the one that brings it."""
        deviates = any(self._fits(feature, trial, j) for j in trial.judgements)
        if len(trial.features) == 1:
            row.alone += 1
            row.alone_same += trial.agrees
        else:
            row.together += 1
            row.together_same += not deviates and all(self._is_explained(trial, j) for j in trial.judgements)
        if deviates:
            row.remarks[self.oracle.known[feature].reason] = None


def _shortened(why: Sequence[str]) -> list[str]:
    more = len(why) - _MOST_LINES
    return [*why[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]


def text(rows: Iterable[tuple[str, ...]]) -> str:
    lines = list(rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def markdown(result: Result, surroundings: str) -> str:
    heading, *rows = result.table()
    lines = [heading, ("---", "--:", "--:", "--:", "--:", "---"), *rows]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return f"\n{surroundings}: {result.totals}.\n\n{table}\n"


def write(result: Result, surroundings: str, page: Path = PAGE) -> None:
    """Put the table in the place of the one that stands in the page."""
    name = result.oracle.name
    place = re.compile(rf"(?<={_opening(name)}\n).*?(?=<!-- /oracles {name} -->)", re.DOTALL)
    before = page.read_text(encoding="utf-8")
    if not place.search(before):
        raise LookupError(f"{page} has no place for what {name} says")
    page.write_text(place.sub(lambda _: markdown(result, surroundings), before), encoding="utf-8")


def _opening(name: str) -> str:
    return f"<!-- oracles {name}: written by `make oracles ARGS=--write` -->"
