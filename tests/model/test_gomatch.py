"""Patterns as Go's `filepath.Match` reads them."""

import pytest

from bot.model.gomatch import BadGlob, Glob


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*", "a/b", False),
        ("*c", "abc", True),
        ("a*", "ab/c", False),
        ("a*/b", "abc/b", True),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", True),
        ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", False),
        ("a*b?c*x", "abxbbxdbxebxczzx", True),
        ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("ab[c]", "abc", True),
        ("ab[b-d]", "abc", True),
        ("ab[^b-d]", "abc", False),
        ("ab[^e-g]", "abc", True),
        (r"a\*b", "a*b", True),
        (r"a\*b", "ab", False),
        ("a?b", "a☺b", True),
        ("a?b", "a/b", False),
        (r"[a-я]*", "é", True),
        (r"[\]a]", "]", True),
        (r"[x\-]", "-", True),
        ("*x", "xxx", True),
        ("a[", "b", None),
        ("[]a]", "]", None),
        ("[-]", "-", None),
        ("a\\", "a", None),
    ],
)
def test_a_glob_means_what_go_takes_it_for(pattern: str, name: str, matches: bool | None) -> None:
    if matches is None:
        with pytest.raises(BadGlob):
            Glob.parse(pattern)
    else:
        assert Glob.parse(pattern).matches(name) is matches


@pytest.mark.timeout(5)
def test_no_glob_is_slow() -> None:
    assert not Glob.parse("*a" * 2000 + "b").matches("a" * 20_000)
