"""`.helmignore`, and the globs in it, as Helm reads them."""

import pytest

from bot.render.errors import Unrenderable
from bot.render.helm.globs import BadGlob, Glob
from bot.render.helm.ignore import ignores


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


@pytest.mark.parametrize(
    ("rules", "path", "is_directory", "ignored"),
    [
        ("*.md", "a/README.md", False, True),
        ("docs/", "docs", True, True),
        ("docs/", "docs", False, False),
        ("/a.txt", "a.txt", False, True),
        ("/a.txt", "b/a.txt", False, False),
        ("b/a.txt", "b/a.txt", False, True),
        ("b/*.txt", "c/b/a.txt", False, False),
        ("# a.txt\n\n  b.txt  ", "b.txt", False, True),
        ("# a.txt", "# a.txt", False, False),
        ("", "templates/.hidden.yaml", False, True),
        ("", "charts/x/templates/.hidden.yaml", False, False),
        ("!*.yaml", "a.md", False, True),
        ("!*.yaml\n*.yaml", "a.yaml", False, True),
        ("\ufeffx", "x", False, True),
    ],
)
def test_rules_hide_what_helm_hides(rules: str, path: str, is_directory: bool, ignored: bool) -> None:
    assert ignores(rules.encode())(path, is_directory) is ignored


@pytest.mark.parametrize("rules", ["a/**", "[", "\n".join(map(str, range(1000))), "*" * 2000])
def test_rules_that_helm_cannot_read_are_refused(rules: str) -> None:
    with pytest.raises(Unrenderable):
        ignores(rules.encode())
