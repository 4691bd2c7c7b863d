"""Patterns of a generator's excludes, with the meaning that doublestar v4 gives them."""

import time

import pytest

from bot.render.doublestar import BadPattern, Doublestar


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*", "a", True),
        ("*", "a/b", False),
        ("*.md", "README.md", True),
        ("*.md", "a/README.md", False),
        ("**", "a/b/c", True),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("**/x", "a/bx", False),
        ("a/**", "a", True),
        ("a/**", "a/b/c", True),
        ("a/**", "ab", False),
        ("a/**/", "a", True),
        ("a/**/", "a/b", False),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("**/docs/**", "a/docs", True),
        ("**/docs/**", "docs/x/y", True),
        ("a**b", "axxb", True),
        ("a**b", "a/b", False),
        ("?", "a", True),
        ("?", "/", False),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[^a-c]x", "dx", True),
        ("[a-]", "-", True),
        (r"\*", "*", True),
        (r"\*", "a", False),
        ("{a,b/c}.yaml", "b/c.yaml", True),
        ("{a,{b,c}}", "c", True),
        ("x/{**,y}", "x/1/2", True),
        ("", "a", False),
    ],
)
def test_a_pattern_means_what_doublestar_takes_it_for(pattern: str, path: str, *, expected: bool) -> None:
    assert Doublestar.parse(pattern).matches(path) is expected


@pytest.mark.parametrize(
    "pattern", ["[", "[]", "[]a]", "[a", "{a", "a}", "\\", "{a,b}" * 9, "a" * 1025, "{a,b}" * 8 + "*a" * 99]
)
def test_a_pattern_without_a_meaning_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        Doublestar.parse(pattern)


def test_no_pattern_makes_a_match_slow() -> None:
    assert not Doublestar.parse("**/" * 60 + "*a" * 60 + "b").matches("/".join(["a" * 60] * 60))


@pytest.mark.parametrize(
    "pattern", ["*" * 1023 + "b", "?*" * 500 + "b", "{a,b}" * 7 + "*a" * 11 + "b", "*a" * 500]
)
def test_a_name_of_any_length_is_matched_at_once(pattern: str) -> None:
    start = time.process_time()
    found = Doublestar.parse(pattern)
    assert not any(found.matches("a" * length) for length in range(155, 255))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("***", "a", True),
        ("****b", "aab", True),
        ("**/**/x", "a/b/x", True),
        ("**/**/x", "x", True),
        ("a/**/**", "a", False),
        ("*/**/**/", "a", False),
        ("a**/**/x", "ab/c/x", True),
        ("a**/x", "a/b/x", False),
    ],
)
def test_stars_in_a_row_mean_what_each_means_after_the_other(
    pattern: str, path: str, *, expected: bool
) -> None:
    assert Doublestar.parse(pattern).matches(path) is expected
