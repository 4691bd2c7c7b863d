"""A report fits into what a forge accepts, whatever it has to say."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.forge.base import TextLimit
from bot.model.plan import Plan
from bot.report.comment import plan_comment
from tests.report.build import pull_context
from tests.report.plans import huge_flux_plan, huge_plan, mixed_plan
from tests.report.reading import outside_fences


@pytest.mark.parametrize("limit", [65_536, 30_000, 8_000, 3_000, 600])
@pytest.mark.parametrize(("make", "targets"), [(huge_plan, 61), (huge_flux_plan, 150)])
def test_a_plan_too_long_says_less_and_breaks_nothing(
    make: Callable[[], Plan], targets: int, limit: int
) -> None:
    comment = plan_comment(make(), pull_context(), TextLimit(limit, limit))
    assert len(comment) <= limit
    assert len(comment.encode()) <= limit
    text = outside_fences(comment)
    assert text.count("<details") == text.count("</details>")
    assert f"{targets} targets" in comment.splitlines()[0]
    assert "[the check](https://forge.example/acme/fleet/runs/7) may hold more" in comment


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(0, 400)), max_size=12),
    st.integers(600, 65_536),
)
@settings(deadline=None, max_examples=60)
def test_no_mix_of_what_is_known_and_unknown_breaks_the_limit(
    parts: list[tuple[int, int, int]], limit: int
) -> None:
    comment = plan_comment(mixed_plan(parts), pull_context(), TextLimit(limit, limit))
    assert len(comment.encode()) <= limit
    text = outside_fences(comment)
    assert text.count("<details") == text.count("</details>")
    assert text.count("<summary") == text.count("</summary>")


def test_bytes_count_as_well_as_characters() -> None:
    comment = plan_comment(huge_plan(300), pull_context(), TextLimit(10**9, 30_000))
    assert len(comment.encode()) <= 30_000


def test_without_a_limit_every_object_is_there() -> None:
    comment = plan_comment(huge_plan(200))
    assert all(f"`c{i}`" in comment for i in range(200))
