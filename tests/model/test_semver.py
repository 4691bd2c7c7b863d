"""Versions and ranges as Masterminds/semver reads them; `tests/model` has no Go, so the tables are its behaviour."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.semver import (
    BadRange,
    BadVersion,
    newest,
    parse_full_version,
    parse_range,
    parse_strict_version,
    parse_version,
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(
            ("1.2.3", "1.2.3"),
            ("v1.2.3", "1.2.3"),
            ("1", "1.0.0"),
            ("1.2", "1.2.0"),
            ("v2025.02.03", "2025.2.3"),
        ),
        *(("1.2.3-rc.1+a.b", "1.2.3-rc.1+a.b"), ("1.2-rc.1", "1.2.0-rc.1"), ("1.2.3--", "1.2.3--")),
        ("18446744073709551615.0.0", "18446744073709551615.0.0"),
    ],
)
def test_a_version_may_lack_parts_start_with_v_and_have_leading_zeros(text: str, meant: str) -> None:
    assert str(parse_version(text)) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("", "v", "a", "1.2.3.4", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3-a..b", "1.2.3 ", "V1.2.3", "1.x.3"),
        *("1.2.3\n", "18446744073709551616.0.0", "1.2.3-ä", "\u0661.2.3", "1" * 600),
    ],
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(BadVersion):
        parse_version(text)


def test_flux_wants_all_three_parts_and_the_standard_no_v() -> None:
    assert str(parse_full_version("v1.2.3")) == "1.2.3"
    assert str(parse_strict_version("1.2.3-rc.1+x")) == "1.2.3-rc.1+x"
    for text in ("1", "v1.2", "1.2-5"):
        with pytest.raises(BadVersion):
            parse_full_version(text)
    for text in ("v1.2.3", "01.2.3", "1.2"):
        with pytest.raises(BadVersion):
            parse_strict_version(text)


def test_versions_are_ordered_as_the_standard_has_it() -> None:
    ordered = [
        *("1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-BETA", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta"),
        *("1.0.0-beta", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0-99999999999999999999", "2.0.0"),
    ]
    shuffled = random.Random(7).sample(ordered, len(ordered))
    assert sorted(shuffled, key=lambda text: parse_version(text).key) == ordered
    assert parse_version("1.0.0+a").key == parse_version("v1.0.0+b").key


@pytest.mark.parametrize(
    ("text", "admitted", "refused"),
    [
        ("*", "0.0.1 1 4.5.6", "1.2.3-a"),
        ("*-0", "1.2.3-a 1.2.3", ""),
        ("x", "7.0.0", ""),
        ("1.2.3", "1.2.3 v1.2.3 1.2.3+x", "1.2.4"),
        ("1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"),
        ("=1", "1.0.0 1.9.9", "2.0.0"),
        ("1.x", "1.4.0", "2.0.0 0.9.0"),
        ("1.2.*", "1.2.7", "1.3.0"),
        (">1.1", "1.2.0 4.1.0", "1.1.5 1.1.0"),
        (">11", "12.0.0", "11.1.0"),
        (">1.2.3", "1.2.4", "1.2.3"),
        ("<1.1", "1.0.9", "1.1.0 1.1.1"),
        ("<=2.x", "2.9.9 1.0.0", "3.0.0"),
        ("<=1.1", "1.1.7", "1.2.0"),
        ("=<1.1.0", "1.1.0", "1.1.1"),
        ("=>1.1", "1.1.0", "1.0.9"),
        ("!=4.x", "5.1.0", "4.0.0 4.9.1"),
        ("!=4.1", "4.2.0 5.1.0", "4.1.3"),
        ("!=4.1.2", "4.1.3", "4.1.2"),
        ("!=*", "1.0.0", "0.0.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
        ("~>1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.9", "2.0.0"),
        ("~0.0.0", "0.0.1 9.9.9", ""),
        ("~0.0", "0.0.1", "0.1.0"),
        ("~*", "2.1.1", ""),
        ("^1.2.3", "1.8.9", "1.2.2 2.0.0"),
        ("^0.2.3", "0.2.9", "0.3.0 1.0.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.9", "0.1.0 1.0.0"),
        ("^0", "0.9.9", "1.0.0"),
        ("1.2 - 1.4.5", "1.2.0 1.4.5", "1.4.6 1.1.9"),
        ("1.0.0 - 2.0.0, <=1.5.0", "1.5.0", "1.6.0"),
        ("1.2.0-1.4.5", "1.2.0-1.4.5", "1.3.0"),
        (">=1.1 <2 !=1.2.3 || > 3", "1.5.0 4.0.0", "1.2.3 3.1.2"),
        (">= 1.1,<2", "1.1.0", "2.0.0"),
        (">=1.0.0-0 <=2.0.0", "1.0.1-beta", "2.0.1-beta"),
        (">=1.0.0 <=2.0.0-beta || >3", "1.0.1-beta", "3.0.1-beta"),
        ("~1.2.3-beta.2", "1.2.4-beta.2", "1.3.4-beta.2 1.2.3-beta.1"),
        ("^1.x-0", "1.1.0-a", "2.0.0-a"),
        ("\t v1.2.3 \n", "1.2.3", "1.2.4"),
    ],
)
def test_a_range_admits_what_it_says(text: str, admitted: str, refused: str) -> None:
    within = parse_range(text)
    assert [v for v in admitted.split() if not within.admits(parse_version(v))] == []
    assert [v for v in refused.split() if within.admits(parse_version(v))] == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "a",
            "1x",
            "x1",
            "-1",
            "1.0.0p",
            "12.3.4.1234",
            ">= bar",
            "1.2.3~ 1.0",
            "==1",
            "1 ||",
            "|| 1",
            ",",
        ),
        *("1,,2", ">=1.0.0,", "v1.2.3-beta.01", "1.2.3 - ", "^1 - 2", "1|2", "1\v2", "1.2.3 " + "1 " * 400),
    ],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(BadRange):
        parse_range(text)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", [" ", "1 ", "1 - ", "1.", ",", "||", "a-", "1.1.1-a.", "v"])
def test_no_text_takes_long_to_refuse(piece: str) -> None:
    with pytest.raises(BadRange):
        parse_range((piece * 600)[:510] + "!")


@given(st.text(alphabet="0123456789xX*v.-+ab ,|<>=!~^\t", max_size=40))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    try:
        within = parse_range(text)
    except BadRange:
        return
    assert within.admits(parse_version("1.2.3")) in {True, False}


def test_the_newest_of_a_range_is_the_first_of_equals_and_what_is_no_version_is_passed_over() -> None:
    tags = ["latest", "v1.0.0", "1.0.0", "1.1", "2.0.0-rc.1", "0.9.0"]
    assert newest(tags, str, parse_range("*"), read=parse_full_version) == "v1.0.0"
    assert newest(tags, str, parse_range("*-0"), read=parse_full_version) == "2.0.0-rc.1"
    assert newest(tags, str, parse_range(">5"), read=parse_full_version) is None
