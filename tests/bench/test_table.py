"""The figures in docs/performance.md."""

from pathlib import Path

import pytest

from bench import table
from bench.measure import Row

ROWS = [Row("plan", "one overlay", (0.2,), (5.0,), at_most=0.1, ratio_at_least=20.0)]


def test_new_figures_take_the_place_of_the_old_and_of_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(table.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    table.write([*ROWS, *ROWS], "An older machine.", page)
    table.write(ROWS, "A machine.", page)
    text = page.read_text(encoding="utf-8")
    row = "| plan | one overlay | 200 ms | 5.00 s | 25.0 | 20 times faster, under 100 ms | missed |\n"
    assert text.count(row) == 1
    assert "A machine." in text
    assert "An older machine." not in text
    assert text.startswith("# How fast Longshore is\n")
    assert text.endswith(table.PAGE.read_text(encoding="utf-8")[-200:])


def test_figures_of_flux_have_a_place_of_their_own(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(table.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    table.write(ROWS, "A machine.", page)
    table.write([Row("flux", "one overlay", (0.2,), (0.3,))], "Another machine.", page)
    text = page.read_text(encoding="utf-8")
    assert "| flux | one overlay | 200 ms | 300 ms | 1.5 |  |  |\n" in text
    assert text.index("A machine.") < text.index("Another machine.")


def test_a_page_without_a_place_for_them_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# Something else\n", encoding="utf-8")
    with pytest.raises(LookupError):
        table.write(ROWS, "A machine.", page)
    assert page.read_text(encoding="utf-8") == "# Something else\n"
