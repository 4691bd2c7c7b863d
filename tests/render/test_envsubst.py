import time
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.envsubst import Budget, Left, NotSet, Unknown, expand
from bot.render.expressions import MAX_NESTING, BadSubstitution, parse

VALUES = {
    "region": "eu-central-1",
    "host": "Shop.Example.org",
    "path": "/srv/data/shop/index.html",
    "empty": "",
    "one": "1",
    "back": "-2",
    "word": "é日x",
    "other": "region",
}


def filled(text: str, values: Mapping[str, str] = VALUES, *, strict: bool = True) -> str:
    parts = expand(text, values.get, strict=strict)
    assert all(isinstance(part, str) for part in parts)
    return "".join(str(part) for part in parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # what is no expression
        ("", ""),
        ("plain }{ text", "plain }{ text"),
        ("$region and $ and $(region)", "$region and $ and $(region)"),
        ("cost: 5$", "cost: 5$"),
        ("$$", "$"),
        ("a$$$b", "a$$b"),
        ("$${region}", "${region}"),
        ("$$${region}", "$eu-central-1"),
        ("$$$${region}", "$${region}"),
        (r"\\${region}\/", r"\\eu-central-1\/"),
        # references
        ("${region}", "eu-central-1"),
        ("a${region}b${one}c", "aeu-central-1b1c"),
        ("${empty}", ""),
        # length, in bytes
        ("${#region}", "12"),
        ("${#empty}", "0"),
        ("${#word}", "6"),
        # case
        ("${host^^}", "SHOP.EXAMPLE.ORG"),
        ("${host,,}", "shop.example.org"),
        ("${host,}", "shop.Example.org"),
        ("${region^}", "Eu-central-1"),
        ("${region,^}", "eu-central-1"),
        ("${empty^}", ""),
        ("${word^^}", "É日X"),
        # parts, in bytes
        ("${region:3}", "central-1"),
        ("${region:3:7}", "central"),
        ("${region:0:0}", ""),
        ("${region:3:99}", "central-1"),
        ("${region:99}", ""),
        ("${region:99:1}", ""),
        ("${region:${back}}", "-1"),
        ("${region:${back}:1}", "-"),
        ("${region: -2}", "eu-central-1"),
        ("${region:x}", "eu-central-1"),
        ("${region:0:x}", "eu-central-1"),
        ("${region:1_0}", "eu-central-1"),
        ("${region:+3}", "eu-central-1"),
        ("${region:3::7}", "central"),
        ("${region:3:-2}", "central"),
        ("${region:9:-9}", ""),
        ("${word:2:3}", "日"),
        # trimmed by a glob, whose * and ? cross slashes
        ("${path#/*/}", "data/shop/index.html"),
        ("${path##*/}", "index.html"),
        ("${path%/*}", "/srv/data/shop"),
        ("${path%%/data*}", "/srv"),
        ("${path#????}", "/data/shop/index.html"),
        ("${path##?*}", ""),
        ("${path#nothing}", "/srv/data/shop/index.html"),
        ("${region#[a-e]u}", "-central-1"),
        ("${region#[^a-d]u}", "-central-1"),
        ("${region#[^a-e]u}", "eu-central-1"),
        (r"${region#\e}", "u-central-1"),
        ("${region#[e}", "eu-central-1"),
        ("${region#[]}", "eu-central-1"),
        ("${region#[a-]}", "eu-central-1"),
        (r"${region#eu\}", "eu-central-1"),
        ("${region%[0-9]}", "eu-central-1"),
        ("${region%-?}", "eu-central"),
        ("${word#é}", "日x"),
        ("${empty#*}", ""),
        # replaced, literally
        ("${host/e/-}", "Shop.Example.org".replace("e", "-", 1)),
        ("${path//\\//.}", ".srv.data.shop.index.html"),
        ("${path/\\/srv/}", "/data/shop/index.html"),
        ("${path//a/}", "/srv/dt/shop/index.html"),
        ("${host//*/x}", "Shop.Example.org"),
        ("${region/#eu/us}", "us-central-1"),
        ("${region/#us/eu}", "eu-central-1"),
        ("${region/%1/2}", "eu-central-2"),
        ("${region/#eu/}", "eu-central-1"),
        ("${region/%1/}", "eu-central-1"),
        ("${region/#/x-}", "x-eu-central-1"),
        ("${region/%/-x}", "eu-central-1-x"),
        ("${one///-}", "-1-"),
        ("${region/${one}/2}", "eu-central-2"),
        ("${region/eu/$${x}", "${x-central-1"),
        ("${region/e}u/x}", "eu-central-1"),
        # defaults
        ("${region:-us}", "eu-central-1"),
        ("${nothing:-us}", "us"),
        ("${nothing:=us}", "us"),
        ("${nothing=us}", "us"),
        ("${nothing==us}", "=us"),
        ("${nothing:+us}", "us"),
        ("${nothing:?us}", "us"),
        ("${region:+us}", "eu-central-1"),
        ("${empty:=us}", "us"),
        ("${nothing:=}", ""),
        ("${nothing:=$x $${one}}", "$x $1"),
        ("${nothing:=${region}}", "eu-central-1"),
        ("${nothing:=<${region}>${one}.}", "<eu-central-1>1."),
        ("${nothing:=${nought:=${other}}}", "region"),
        ("${nothing:=${region^^}}", "EU-CENTRAL-1"),
        ("${nothing:=a: {b}}", "a: {b}"),
        ("${nothing:=two\n  lines}", "two\n  lines"),
    ],
)
def test_an_expression_has_the_value_that_flux_gives_it(text: str, expected: str) -> None:
    assert filled(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "${",
        "${}",
        "${region",
        "${region ",
        "${ region}",
        "${region-us}",
        "${region+us}",
        "${region?us}",
        "${list[@]}",
        "${!region}",
        "${#}",
        "${##region}",
        "${#region:-x}",
        "${region^^^}",
        "${region:}",
        "${region::3}",
        "${region:1:}",
        "${region:é}",
        "${region:=x",
        "${region#}",
        "${region%a${one}}",
        "${region/}",
        "${region/a}",
        "${region/a/b",
        "${region/a${one}/b}",
        "${nothing:=${}}",
        "\0",
    ],
)
def test_what_flux_cannot_read_is_a_mistake(text: str) -> None:
    with pytest.raises(BadSubstitution):
        filled(text, strict=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("${password:=hunter2", "${password:=…}"),
        ("${password#hunter2", "${password#…}"),
        ("${password-hunter2}", "${password…}"),
        ("${password/hunter2}", "${password/…}"),
        ("${#password", "${#password}"),
        ("${name#hunter2}", "${name#…}"),
        ("${#name}", "${#name}"),
    ],
)
def test_an_error_shows_no_more_than_the_variable_and_the_operator(text: str, shown: str) -> None:
    with pytest.raises(BadSubstitution) as caught:
        filled(text)
    assert caught.value.expression == shown
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("char", ["-", "+", "?"])
def test_the_operator_that_bash_knows_and_flux_does_not_is_named(char: str) -> None:
    with pytest.raises(BadSubstitution, match="needs a colon before it"):
        filled(f"${{region{char}x}}")


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "#{}",
        "{}^",
        "{}^^",
        "{},",
        "{},,",
        "{}:0",
        "{}:0:1",
        "{}#a",
        "{}##a",
        "{}%a",
        "{}%%a",
        "{}/a/b",
        "{}//a/b",
        "{}/#a/b",
        "{}/%a/b",
    ],
)
def test_strictly_a_variable_that_nothing_sets_is_a_mistake_unless_it_has_a_default(form: str) -> None:
    text = "${" + form.format("nothing") + "}"
    with pytest.raises(NotSet) as caught:
        filled(text)
    assert caught.value.name == "nothing"
    assert filled(text, strict=False) == ("0" if form == "#{}" else "")


def test_a_default_that_is_not_needed_is_looked_up_all_the_same() -> None:
    with pytest.raises(NotSet):
        filled("${region:=${nothing}}")
    assert filled("${region:=${nothing}}", strict=False) == "eu-central-1"


def test_replacing_a_prefix_by_nothing_and_a_missing_value_agree_with_an_empty_one() -> None:
    assert filled("${nothing///x}", strict=False) == filled("${empty///x}") == "x"


@pytest.mark.parametrize("text", ["${word:1}", "${word:0:1}", "${word#?}", "${word:0:${back}}"])
def test_a_character_is_never_cut_in_two_silently(text: str) -> None:
    values = {**VALUES, "word": "é日"}
    with pytest.raises(BadSubstitution, match="cuts a character in two"):
        filled(text, values)


def test_a_suffix_cut_off_inside_a_character_leaves_what_flux_leaves() -> None:
    assert filled("${word%?}", {"word": "xé"}) == "x\ufffd"


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("${v^^}", "straße ŉ ᾀ", "STRAßE ŉ ᾈ"),
        ("${v,,}", "İ\u0391\u03a3", "i\u03b1\u03c3"),
        ("${v^}", "ß", "ß"),
    ],
)
def test_case_changes_one_rune_for_one_rune(text: str, value: str, expected: str) -> None:
    assert filled(text, {"v": value}) == expected


class TestUnknown:
    def parts(self, text: str, **values: str) -> list[str | Left]:
        unknown = {"secret": Unknown("encrypted"), "token": Unknown("encrypted")}
        return [part for part in expand(text, lambda n: values.get(n, unknown.get(n)), strict=True) if part]

    def test_an_expression_stays_as_it_was_written(self) -> None:
        assert self.parts("a ${secret^^} b") == ["a ", Left("${secret^^}", ("secret",)), " b"]

    def test_a_default_does_not_make_it_known(self) -> None:
        assert self.parts("${secret:=x}") == [Left("${secret:=x}", ("secret",))]

    def test_what_is_inside_stays_with_it(self) -> None:
        whole = "${secret:=${token}-${region}}"
        assert self.parts(whole, region="eu") == [Left(whole, ("secret", "token"))]

    def test_an_unknown_argument_makes_the_whole_unknown(self) -> None:
        assert self.parts("${v/a/${secret}}", v="abc") == [Left("${v/a/${secret}}", ("secret",))]

    def test_a_default_that_is_not_needed_may_be_unknown(self) -> None:
        assert self.parts("${v:=${secret}}", v="abc") == ["abc"]

    def test_a_mistake_is_still_a_mistake(self) -> None:
        with pytest.raises(NotSet):
            self.parts("${secret:=${nothing}}")


class TestBounds:
    def test_expressions_are_nested_only_so_deep(self) -> None:
        def nested(depth: int) -> str:
            return "${a:=" * depth + "x" + "}" * depth

        assert filled(nested(MAX_NESTING)) == "x"
        with pytest.raises(BadSubstitution, match="nested"):
            filled(nested(MAX_NESTING + 1))
        with pytest.raises(BadSubstitution, match="nested"):
            filled(nested(100_000))

    @pytest.mark.parametrize(
        "text", ["${big}" * 100, "${big//x/yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy}", "${v:=${big}${big}}" * 60]
    )
    def test_output_does_not_explode(self, text: str) -> None:
        with pytest.raises(BadSubstitution):
            filled(text, {"big": "x" * 1024 * 1024, "v": ""})

    @pytest.mark.parametrize(
        "text",
        [
            "${#big}" * 10_000,
            "${big##*a*b*c*a*a*a*a*d}" * 10_000,
            "${big//x/}" * 10_000,
            "${big%%*a*b}" * 10_000,
        ],
    )
    def test_many_looks_at_a_large_value_end(self, text: str) -> None:
        before = time.process_time()
        with pytest.raises(BadSubstitution, match="too much work"):
            expand(text, {"big": "xa" * 50_000}.get, strict=True, budget=Budget(work_chars=2 * 1024 * 1024))
        assert time.process_time() - before < 5

    @pytest.mark.parametrize("text", ["${a" * 100_000, "${a:=" + "$x" * 200_000, "${a/" + "\\" * 400_000])
    def test_the_parser_never_looks_back(self, text: str) -> None:
        before = time.process_time()
        with pytest.raises(BadSubstitution):
            filled(text, strict=False)
        assert time.process_time() - before < 5

    def test_a_text_too_large_is_refused(self) -> None:
        with pytest.raises(BadSubstitution, match="larger than"):
            filled("x" * (16 * 1024 * 1024 + 1))


@given(st.text().filter(lambda text: "$" not in text and "\0" not in text))
def test_text_without_a_dollar_stays_as_it_is(text: str) -> None:
    assert filled(text) == text


ATOMS = [
    "${",
    "}",
    "$",
    ":",
    "=",
    "-",
    "#",
    "%",
    "/",
    "^",
    ",",
    "\\",
    "*",
    "?",
    "[",
    "]",
    "a",
    "é",
    "1",
    "region",
    "\n",
]


@given(st.lists(st.sampled_from(ATOMS)).map("".join))
def test_every_text_has_a_value_or_a_mistake(text: str) -> None:
    with suppress(BadSubstitution):
        assert isinstance(filled(text, strict=False), str)


@given(st.lists(st.sampled_from(ATOMS)).map("".join))
def test_the_parts_hold_every_expression_as_it_was_written(text: str) -> None:
    try:
        parts = parse(text)
    except BadSubstitution:
        return
    assert "".join(p if isinstance(p, str) else p.source for p in parts) == text.replace("$$", "$")
