"""What a table of figures may say."""

import pytest

from bench.burst import percentile
from bench.measure import Row, Runs, Unit


def make_row(**override: object) -> Row:
    return Row(**{"bench": "plan", "what": "one overlay", "ours": (0.2, 0.1, 0.9), **override})  # type: ignore[arg-type]


def test_a_figure_is_the_median_and_a_ratio_that_of_the_medians() -> None:
    row = make_row(peer=(4.0, 6.0, 5.0))
    assert (row.median, row.peer_median, row.ratio) == (0.2, 5.0, 25.0)


def test_every_bound_that_is_missed_is_said() -> None:
    assert make_row(at_most=0.3, peer=(4.0,), ratio_at_least=20.0).misses == ()
    assert make_row(at_most=0.1, peer=(1.0,), ratio_at_least=20.0).misses == (
        "5.0 times faster, not 20",
        "200 ms, not under 100 ms",
    )


def test_memory_is_taken_less_of_and_not_faster() -> None:
    row = make_row(peer=(0.4,), ratio_at_least=4.0, unit=Unit.MEBIBYTES)
    assert row.misses == ("2.0 times less, not 4",)


def test_what_is_asked_for_is_a_bound_that_is_not_reached() -> None:
    assert make_row(at_most=0.2).misses
    assert not make_row(at_most=0.21).misses


@pytest.mark.parametrize(("share", "value"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: int, value: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_a_block_that_fails_adds_no_time() -> None:
    runs = Runs()
    with pytest.raises(ZeroDivisionError), runs.timed("x"):
        raise ZeroDivisionError
    assert runs.by_name == {}


def test_figures_are_shown_in_the_unit_one_reads_them_in() -> None:
    assert [Unit.SECONDS.shown(s) for s in (0.0421, 1.234)] == ["42 ms", "1.23 s"]
    assert Unit.MEBIBYTES.shown(131.6) == "132 MiB"
