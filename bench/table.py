"""The figures for the eye and for docs/performance.md."""

import re
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Row

HEADINGS = ("bench", "what", "ours", "peer", "ratio", "asked for", "")
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
SECTIONS = {
    "": "<!-- figures: written by `make bench ARGS=--write` -->\n",
    "flux": "<!-- figures of flux: written by `make bench ARGS='flux --write'` -->\n",
    "argocd": "<!-- figures of argocd: written by `make bench ARGS='argocd --write'` -->\n",
}
"""Where each bench's rows stand in the page, by its name; those without a section of their own share one."""
_END = "<!-- /figures -->"


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
    """Put each section's table in the place of the one that stands in the page; a section without rows stays."""
    written = page.read_text(encoding="utf-8")
    for name, start in SECTIONS.items():
        part = [row for row in rows if (row.bench if row.bench in SECTIONS else "") == name]
        place = re.compile(f"(?<={re.escape(start)}).*?(?={re.escape(_END)})", re.DOTALL)
        if not place.search(written):
            raise LookupError(f"{page} has no place for the figures")
        if part:
            table = markdown(part, surroundings)
            written = place.sub(lambda _, table=table: table, written)  # type: ignore[misc]
    page.write_text(written, encoding="utf-8")


def _cells(row: Row) -> tuple[str, ...]:
    asked = []
    if row.ratio_at_least is not None:
        asked.append(f"{row.ratio_at_least:.0f} {row.unit.better}")
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
