"""The figures for the eye and for docs/performance.md."""

import re
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Row

HEADINGS = ("bench", "what", "ours", "peer", "ratio", "asked for", "")
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
_PLACE = re.compile(
    r"(?<=<!-- figures: written by `make bench ARGS=--write` -->\n).*?(?=<!-- /figures -->)", re.DOTALL
)


def text(rows: Sequence[Row]) -> str:
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in cells
    )


def markdown(rows: Sequence[Row], surroundings: str) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(_cells(row) for row in rows)]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return f"\n{surroundings}\n\n{table}\n"


def write(rows: Sequence[Row], surroundings: str, page: Path = PAGE) -> None:
    """Put the table in the place of the one that stands in the page."""
    before = page.read_text(encoding="utf-8")
    if not _PLACE.search(before):
        raise LookupError(f"{page} has no place for the figures")
    page.write_text(_PLACE.sub(lambda _: markdown(rows, surroundings), before), encoding="utf-8")


def _cells(row: Row) -> tuple[str, ...]:
    asked = []
    if row.ratio_at_least is not None:
        asked.append(f"{row.ratio_at_least:.0f} times faster")
    if row.at_most is not None:
        asked.append(f"under {row.unit.shown(row.at_most)}")
    return (
        row.bench,
        row.what,
        row.unit.shown(row.median),
        "" if row.peer_median is None else row.unit.shown(row.peer_median),
        "" if row.ratio is None else f"{row.ratio:.1f}",
        ", ".join(asked),
        "" if not asked else "missed" if row.misses else "met",
    )
