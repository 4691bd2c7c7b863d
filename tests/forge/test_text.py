"""Texts that are too long, in both ways of counting."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forge.base import TextLimit
from bot.forge.text import NOTE, clip, clip_line, fits

SMALL = TextLimit(code_points=200, size_bytes=300)
PIECES = [
    "word ",
    "é",
    "🚢",
    "\n",
    "\n```\n",
    "\n~~~~ yaml\n",
    "\n<details>\n",
    "\n</details>\n",
    "`````",
    "\x00",
]


@given(st.lists(st.sampled_from(PIECES), max_size=200).map("".join))
def test_whatever_it_is_given_it_fits(text: str) -> None:
    clipped = clip(text, SMALL)
    assert fits(clipped, SMALL)
    assert clip(clipped, SMALL) == clipped


@given(st.text(max_size=200))
def test_a_text_that_fits_is_left_alone(text: str) -> None:
    if "\x00" not in text and fits(text, SMALL):
        assert clip(text, SMALL) == text


@pytest.mark.parametrize("letter", ["a", "é", "🚢"])
def test_both_limits_hold_and_the_cut_is_said(letter: str) -> None:
    clipped = clip(letter * 500, SMALL)
    assert fits(clipped, SMALL)
    assert clipped.endswith(NOTE)
    assert set(clipped.removesuffix(NOTE)) == {letter}


def test_it_is_cut_between_lines() -> None:
    clipped = clip("0123456789\n" * 50, SMALL)
    assert re.fullmatch(r"(0123456789\n)*0123456789", clipped.removesuffix(NOTE))


def test_the_note_stands_outside_fences_and_folds() -> None:
    text = "<details>\n<summary>diff</summary>\n\n````yaml\n```\n" + "key: value\n" * 50
    clipped = clip(text, SMALL)
    assert clipped.endswith("\n````\n</details>" + NOTE)


def test_a_fold_inside_a_fence_is_text() -> None:
    clipped = clip("```\n<details>\n```\n" + "word\n" * 100, SMALL)
    assert "</details>" not in clipped


def test_what_utf8_cannot_express_is_replaced() -> None:
    assert clip("a\ud800b\x00c", SMALL) == "a?bc"


def test_a_line_is_one_line_and_bounded() -> None:
    assert clip_line("a\n  b\tc\x00", 140) == "a b c"
    assert clip_line("x" * 141, 140) == "x" * 139 + "…"
    assert clip_line("x" * 140, 140) == "x" * 140
