"""What the trials came to: a line for each feature, and every deviation in words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from oracles.judge import Judgement, Outcome
from oracles.known import KNOWN
from oracles.scene import Scene
from oracles.trial import Trial

PAGE = Path(__file__).parent.parent / "docs" / "fidelity.md"
_PLACE = re.compile(
    r"(?<=<!-- oracles: written by `make oracles ARGS=--write` -->\n).*?(?=<!-- /oracles -->)", re.DOTALL
)
_MOST_LINES = 4
_AGREEING = frozenset({Outcome.SAME, Outcome.REFUSED})
HEADINGS = ("feature", "alone", "agreeing", "in combinations", "agreeing", "remarks")


@dataclass(slots=True)
class _Row:
    alone: int = 0
    alone_same: int = 0
    together: int = 0
    together_same: int = 0
    remarks: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was tried. `problems` are what nobody has explained yet."""

    trials: Sequence[Trial]

    @property
    def refusals(self) -> list[str]:
        """What was refused by both, and in which words."""
        return [
            f"{trial.scene.name} ({', '.join(trial.scene.features)}): {'; '.join(j.why)}"
            for trial in self.trials
            for j in trial.judgements
            if j.outcome is Outcome.REFUSED
        ]

    @property
    def problems(self) -> list[str]:
        found = [
            f"{trial.scene.name} ({', '.join(trial.scene.features)}): {j.kustomization}: {j.outcome.value}: {line}"
            for trial in self.trials
            for j in trial.judgements
            if not is_explained(trial.scene, j)
            for line in _shortened(j.why)
        ]
        return [*found, *self._stale()]

    def _stale(self) -> Iterator[str]:
        tried = {trial.scene.features for trial in self.trials}
        for feature, known in KNOWN.items():
            seen = any(_fits(feature, trial.scene, j) for trial in self.trials for j in trial.judgements)
            if (feature,) in tried and not seen:
                yield f"{feature}: no longer deviates ({known.reason}); remove it from oracles/known.py"

    def table(self) -> list[tuple[str, ...]]:
        rows: dict[str, _Row] = {}
        for trial in self.trials:
            for feature in trial.scene.features:
                _count(rows.setdefault(feature, _Row()), feature, trial)
        return [
            HEADINGS,
            *(
                (
                    feature,
                    *(
                        str(n) if n else ""
                        for n in (row.alone, row.alone_same, row.together, row.together_same)
                    ),
                    "; ".join(row.remarks),
                )
                for feature, row in rows.items()
            ),
        ]

    @property
    def totals(self) -> str:
        judgements = [j for trial in self.trials for j in trial.judgements]
        same = sum(trial_agrees(trial) for trial in self.trials)
        refused = sum(any(j.outcome is Outcome.REFUSED for j in trial.judgements) for trial in self.trials)
        objects = sum(j.objects for j in judgements)
        return (
            f"{len(self.trials)} repositories with {len(judgements)} Kustomizations and {objects} objects; "
            f"{same} repositories agree in everything, {refused} of them in what chance combined and neither takes"
        )


def _shortened(why: Sequence[str]) -> list[str]:
    more = len(why) - _MOST_LINES
    return [*why[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]


def trial_agrees(trial: Trial) -> bool:
    return all(j.outcome in _AGREEING for j in trial.judgements)


def is_explained(scene: Scene, judgement: Judgement) -> bool:
    return judgement.outcome in _AGREEING or any(_fits(f, scene, judgement) for f in scene.features)


def _fits(feature: str, scene: Scene, judgement: Judgement) -> bool:
    known = KNOWN.get(feature)
    if known is None or feature not in scene.features:
        return False
    return judgement.outcome is known.outcome and any(known.says in line for line in judgement.why)


def _count(row: _Row, feature: str, trial: Trial) -> None:
    """Of several features, a known deviation counts for the one that brings it."""
    deviates = any(_fits(feature, trial.scene, j) for j in trial.judgements)
    if len(trial.scene.features) == 1:
        row.alone += 1
        row.alone_same += trial_agrees(trial)
    else:
        row.together += 1
        row.together_same += not deviates and all(is_explained(trial.scene, j) for j in trial.judgements)
    if deviates:
        row.remarks[KNOWN[feature].reason] = None


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
    before = page.read_text(encoding="utf-8")
    if not _PLACE.search(before):
        raise LookupError(f"{page} has no place for what the oracles say")
    page.write_text(_PLACE.sub(lambda _: markdown(result, surroundings), before), encoding="utf-8")
