"""`.helmignore` as Helm reads it."""

import pytest

from bot.render.errors import Unrenderable
from bot.render.helm.ignore import ignores


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
