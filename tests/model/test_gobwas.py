"""Patterns as gobwas/glob reads them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.gobwas import BadGlob, Glob


@pytest.mark.parametrize(
    ("pattern", "text", "separators", "matches"),
    [
        ("", "", "", True),
        ("", "a", "", False),
        ("*", "a/b", "", True),
        ("*", "a/b", "/", False),
        ("**", "a/b", "/", True),
        ("***", "a/b", "/", True),
        ("a/*", "a/b", "/", True),
        ("a/*", "a/", "/", True),
        ("a/*/c", "a/b/b/c", "/", False),
        ("a/**/c", "a/b/b/c", "/", True),
        ("*/c*", "b/cc", "/", True),
        ("*a*", "bab", "/", True),
        ("?", "/", "", True),
        ("?", "/", "/", False),
        ("?", "☺", "/", True),
        ("[!a]", "/", "/", True),
        ("[a-c]x", "bx", "", True),
        ("[!a-c]x", "bx", "", False),
        ("[abc]", "b", "", True),
        (r"[a\]]", "]", "", True),
        ("{a,b*}c", "bxxc", "", True),
        ("{a,{b,c}}", "c", "", True),
        ("{a,b", "b", "", True),
        ("a,b}", "a,b}", "", True),
        (r"\*", "*", "", True),
        (r"\*", "a", "", False),
        ("a\\", "a", "", True),
        ("[", "[", "", None),
        ("[]", "", "", None),
        ("[c-a]", "b", "", None),
        ("[a-cx]", "x", "", None),
    ],
)
def test_a_glob_means_what_argo_cd_takes_it_for(
    pattern: str, text: str, separators: str, matches: bool | None
) -> None:
    if matches is None:
        with pytest.raises(BadGlob):
            Glob.parse(pattern, separators)
    else:
        assert Glob.parse(pattern, separators).matches(text) is matches


@pytest.mark.timeout(5)
@pytest.mark.parametrize("separators", ["", "/"])
def test_no_glob_is_slow(separators: str) -> None:
    assert not Glob.parse("*a" * 200 + "b", separators).matches("a" * 2_000)
    assert not Glob.parse("{*,a}" * 30 + "b", separators).matches("a" * 2_000)


@given(st.text("a/*?[]{},!-\\", max_size=12), st.text("a/,", max_size=8))
def test_every_pattern_is_read_or_refused(pattern: str, text: str) -> None:
    with contextlib.suppress(BadGlob):
        Glob.parse(pattern, "/").matches(text)
