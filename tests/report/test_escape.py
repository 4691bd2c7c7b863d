import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.report import escape
from tests.report.reading import outside_code, outside_fences

HOSTILE_TEXT = st.text() | st.text(alphabet="`~|<>@#!*_[]()\\\n\r -:/a1\u202e\u200b")


@given(HOSTILE_TEXT)
@settings(deadline=None)
def test_inline_code_stays_inline_code(text: str) -> None:
    shown = escape.code(text)
    assert outside_code(f"x {shown} y") == "x  y"
    assert "|" not in shown
    assert "\n" not in shown


@given(HOSTILE_TEXT)
@settings(deadline=None)
def test_a_fence_holds_whatever_is_in_it(text: str) -> None:
    assert outside_fences(f"x\n{escape.fence(text, 'diff')}\ny") == "x\ny"


@given(HOSTILE_TEXT)
@settings(deadline=None)
def test_prose_starts_nothing(text: str) -> None:
    shown = escape.prose(text)
    bare = "".join(c for i, c in enumerate(shown) if i == 0 or shown[i - 1] != "\\")
    assert "\n" not in shown
    assert "<" not in bare
    assert not any(mark in outside_code(f"- {shown}")[2:].replace("\\`", "") for mark in ("`",))


@given(HOSTILE_TEXT)
@settings(deadline=None)
def test_nothing_invisible_is_left(text: str) -> None:
    shown = escape.visible(text)
    hidden = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert hidden <= {"\n", "\t"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words, really", "plain words, really"),
        ("@octocat and @acme/team", "@\u200boctocat and @\u200bacme/team"),
        ("fixes #12, GH-12, a/b#3", "fixes \\#\u200b12, GH-\u200b12, a/b\\#\u200b3"),
        ("!12 $3 ~bug %m &4", "\\!\u200b12 \\$\u200b3 \\~\u200bbug %\u200bm &amp;\u200b4"),
        ("see https://evil.example/x", "see https:\u200b//evil.example/x"),
        ("www.evil.example", "www\u200b.evil.example"),
        ("[a](b) ![c](d)", "\\[a\\](b) \\!\\[c\\](d)"),
        ("<!-- hi --> <b>&amp;", "&lt;\\!-- hi --&gt; &lt;b&gt;&amp;\u200bamp;"),
        ("one\ntwo\u202ethree", "one two\\\\u202ethree"),
        ("`ti ck ` *a* _b_ | c", "\\`ti ck \\` \\*a\\* \\_b\\_ \\| c"),
        ("add `a_b.example:8443` to `sources.hosts`", "add `a_b.example:8443` to `sources.hosts`"),
        ("run `sops encrypt --in-place a/b_c.yaml`", "run `sops encrypt --in-place a/b_c.yaml`"),
        ("set `LOG_LEVEL=debug x`, not `a\nb@c`", "set `LOG_LEVEL=debug x`, not \\`a b@\u200bc\\`"),
        ("``a`` `b` `<i>` `@c`", "\\`\\`a\\`\\` `b` \\`&lt;i&gt;\\` \\`@\u200bc\\`"),
    ],
)
def test_prose_reads_as_it_is_written(text: str, shown: str) -> None:
    assert escape.prose(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web", "`web`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("", "`   `"),
        ("a|b", "`a¦b`"),
        ("a\nb\x1b[31m", "`a b\\e[31m`"),
        ("\udc80", "`\\udc80`"),
    ],
)
def test_code_shows_what_is_there(text: str, shown: str) -> None:
    assert escape.code(text) == shown


def test_a_name_without_end_is_cut() -> None:
    assert len(escape.code("x" * 10_000)) < 400


def test_only_web_addresses_become_links() -> None:
    assert escape.link("https://a.example/x?y=1") == "https://a.example/x?y=1"
    assert escape.link("https://a.example/)[x](y") == "https://a.example/%29%5Bx%5D%28y"
    assert escape.link("javascript:alert(1)") == ""
