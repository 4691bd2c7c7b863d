"""Patterns of the git generator against tables, and against whatever comes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.applicationset.go_match import go_pattern
from bot.render.applicationset.pathspec import BadPattern, pathspec

LETTERS = st.text(alphabet="ab/*?[]^!-\\.é:", max_size=12)
PATHS = st.text(alphabet="ab/.é-]", max_size=12)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("", "", True),
        ("*", "abc", True),
        ("*", "a/b", False),
        ("a*", "a", True),
        ("a*/b", "a/c/b", False),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", True),
        ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", False),
        ("a?b", "a☺b", True),
        ("a?b", "a/b", False),
        ("a[^a]b", "a☺b", True),
        ("a[!a]b", "a!b", True),
        ("[a-c]*", "bird", True),
        ("[c-a]*", "bird", False),
        ("a\\*b", "a*b", True),
        ("a\\", "a", False),
        ("[", "a", False),
        ("[]a]", "]", False),
        ("[\\]a]", "]", True),
        ("[\\-x]", "-", True),
        ("[a-", "a", False),
        ("[-x]", "x", False),
        ("a[", "ab", False),
        ("**[^b]*", "c./]é.", False),
        ("*x", "xxx", True),
    ],
)
def test_directories_match_as_go_matches(pattern: str, path: str, *, expected: bool) -> None:
    parsed = go_pattern(pattern)
    assert (parsed is not None and parsed.matches(path)) is expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a", "a", True),
        ("a", "a/b", True),
        ("a", "ab", False),
        ("a/", "a", False),
        ("a/", "a/b", True),
        ("", "anything/at/all", True),
        (".", "anything", True),
        ("a/.", "a/b", True),
        ("a//b/../c", "a/c", True),
        ("*", "a/b/c", True),
        ("a*c", "a/b/c", True),
        ("a?c", "a/c", True),
        ("**/c", "a/b/c", True),
        ("**/c", "c", False),
        ("*.yaml", "a/.b/c.yaml", True),
        ("[a]", "[a]", True),
        ("[a]", "a", True),
        ("[!a]x", "bx", True),
        ("[^a]x", "ax", False),
        ("[]a]", "]", True),
        ("[[:digit:]]", "7", True),
        ("[[:digit]", ":", True),
        ("[[:none:]]", "a", False),
        ("[c-a]", "b", False),
        ("[!c-a]", "b", True),
        ("[a", "a", False),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("a*\\", "ab", False),
        ("?", "é", False),
        ("??", "é", True),
        ("{a,b}*", "{a,b}c", True),
    ],
)
def test_files_match_as_git_lists_them(pattern: str, path: str, *, expected: bool) -> None:
    assert pathspec(pattern).matches(path) is expected


@given(LETTERS, PATHS)
def test_no_pattern_raises_and_what_it_matches_lies_where_it_is_looked_for(pattern: str, path: str) -> None:
    try:
        found = pathspec(pattern)
    except BadPattern:
        pass
    else:
        at = found.directory
        assert not found.matches(path) or not at or path == at or path.startswith(f"{at}/")
    parsed = go_pattern(pattern)
    if parsed is not None and parsed.matches(path):
        assert not parsed.directory or path.startswith(f"{parsed.directory}/")


def test_a_pattern_takes_no_longer_than_both_lengths_allow() -> None:
    hard = "*a" * 500 + "b"
    parsed = go_pattern(hard)
    assert parsed is not None
    assert not parsed.matches("a" * 4000)
    assert not pathspec(hard).matches("a" * 4000)


def test_many_patterns_are_held_against_many_directories_quickly() -> None:
    begun = time.process_time()
    for text in ("d/*x{}*", "*[a-b][b-c]{}", "*?????????????????{}"):
        patterns = [go_pattern(text.format(index)) for index in range(2_000)]
        for path in (f"d/name-of-a-directory-{index}-{'a' * 40}" for index in range(100)):
            assert not any(each.matches(path) for each in patterns if each is not None)
    assert time.process_time() - begun < 10
