"""The merge of values: upstream's cases, and what its sharing of maps does, in our own tables."""

from typing import Any

import pytest
import yaml

from bot.model.release import ValuesFrom
from bot.render.envsubst import Unknown
from bot.render.errors import Unrenderable
from bot.render.helm.inputs import ValuesSource
from bot.render.helm.secrets import secret_texts
from bot.render.helm.strvals import BadPath, set_value
from bot.render.helm.values import first_document, release_values
from tests.render.helm.releases import values_from


def parsed(line: str, *, as_text: bool = False) -> dict[str, Any]:
    values: dict[str, Any] = {}
    set_value(values, line, as_text=as_text)
    return values


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=null,b=false,c=True", {"a": None, "b": False, "c": True}),
        ("a=one,b=two,", {"a": "one", "b": "two"}),
        ("a=,b=two", {"a": "", "b": "two"}),
        ("a=00009", {"a": "00009"}),
        ("a=0", {"a": 0}),
        ("a=-7", {"a": -7}),
        ("a=1234567890", {"a": 1234567890}),
        ("a=9223372036854775808", {"a": "9223372036854775808"}),
        ("a=1.5", {"a": "1.5"}),
        (r"a=one\,two,b=x\=y", {"a": "one,two", "b": "x=y"}),
        ("a=one two,b=x=y", {"a": "one two", "b": "x=y"}),
        ("a.b.c=v", {"a": {"b": {"c": "v"}}}),
        (r"a\.b/c.d=v", {"a.b/c": {"d": "v"}}),
        ("a.b=1,a.c.d=2", {"a": {"b": 1, "c": {"d": 2}}}),
        ("a.b=", {"a": {"b": ""}}),
        ("a={x,y}", {"a": ["x", "y"]}),
        ("a={1021,902},b={}", {"a": [1021, 902], "b": [""]}),
        ("a[0]=x,a[3]=y", {"a": ["x", None, None, "y"]}),
        ("a[0].b=x,a[0].c=y", {"a": [{"b": "x", "c": "y"}]}),
        ("a[1].b=x,a[0].b=y", {"a": [{"b": "y"}, {"b": "x"}]}),
        ("a[1][1]=1", {"a": [None, [None, 1]]}),
        ("a[0]=", {"a": [""]}),
        ("a[0]", {"a": []}),
        ("=x", {}),
        ("a=1,b[0", {"a": 1}),
    ],
)
def test_a_line_of_set_means_what_helm_takes_it_for(line: str, expected: dict[str, Any]) -> None:
    assert parsed(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "a=1,,b=2",
        "a,b=",
        "a",
        "a.b",
        "a.=b",
        "a.,b",
        "a={1,2",
        "a[0].b=x,a[-30].c=y",
        "a[-1]=x",
        "a[65537]=x",
        "a[x]=y",
        "a[0]b.c=d",
        "a=1,a.b=2",
        "a=1,a[0]=2",
        ".".join("a" * 40) + "=1",
        "a" + "[0]" * 5000 + "=1",
    ],
)
def test_a_line_that_helm_refuses_is_refused(line: str) -> None:
    with pytest.raises(BadPath) as refused:
        parsed(line)
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("text", ["12", "true", "null", "0"])
def test_text_stays_text_where_that_is_asked_for(text: str) -> None:
    assert parsed(f"a={text}", as_text=True) == {"a": text}


def merged(values: str = "", *sources: ValuesSource) -> dict[str, Any]:
    return release_values(yaml.safe_load(values) or {}, sources).values


LISTS = "flat: value\nnested: {items: [one, two, three]}"


@pytest.mark.parametrize(
    ("values", "sources", "expected"),
    [
        pytest.param(
            "other: values",
            [
                values_from("flat: v\nnested: {a: b}"),
                values_from("flat: {nested: v}\nnested: v", kind="Secret"),
            ],
            {"flat": {"nested": "v"}, "nested": "v", "other": "values"},
            id="later documents win, and values over them",
        ),
        pytest.param(
            "a: {b: null, c: 1}",
            [values_from("a: {b: 1, d: 2}")],
            {"a": {"b": None, "c": 1, "d": 2}},
            id="null stays",
        ),
        pytest.param("", [values_from("v", target_path="a.b.c")], {"a": {"b": {"c": "v"}}}, id="one value"),
        pytest.param(
            "nested: {items: [x, y, z]}",
            [values_from("v", target_path="nested.items[0]"), values_from(LISTS)],
            {"flat": "value", "nested": {"items": ["v", "y", "z"]}},
            id="a path wins over values, whatever comes later",
        ),
        pytest.param(
            "other: 1",
            [values_from(LISTS), values_from("foo", target_path="nested.items[1]")],
            {"flat": "value", "nested": {"items": ["one", "foo", "three"]}, "other": 1},
            id="an item of a list",
        ),
        pytest.param(
            "a: old",
            [values_from("new", target_path="a")],
            {"a": "old"},
            id="values win at their own top, as in Flux",
        ),
        pytest.param(
            "a: {b: old}",
            [values_from("new", target_path="a.b")],
            {"a": {"b": "new"}},
            id="and lose below it",
        ),
        pytest.param(
            "a: {b: old}",
            [values_from("a: {c: 1}"), values_from("new", target_path="a.b")],
            {"a": {"b": "old", "c": 1}},
            id="but not where something was merged into the map",
        ),
        pytest.param(
            "",
            [values_from(None, is_optional=True), values_from("a: 1")],
            {"a": 1},
            id="what is absent is passed over",
        ),
        pytest.param("", [values_from("# nothing\n")], {}, id="an empty document"),
        pytest.param("", [values_from("a: 1\n---\nb: [")], {"a": 1}, id="only the first document counts"),
        pytest.param("", [values_from("a: 1\na: 2")], {"a": 2}, id="of equal keys the last one counts"),
        pytest.param("", [values_from("{a,b}", target_path="n")], {"n": ["a", "b"]}, id="a list in braces"),
        pytest.param("", [values_from(r"a\,b", target_path="n")], {"n": "a,b"}, id="an escaped comma"),
        pytest.param("", [values_from('"true"', target_path="n")], {"n": "true"}, id="quoted text"),
        pytest.param("", [values_from("'5'", target_path="n")], {"n": "5"}, id="quoted with single quotes"),
        pytest.param(
            "", [values_from("v", target_path=r"n.kubernetes\.io/role")], {"n": {"kubernetes.io/role": "v"}}
        ),
        pytest.param(
            "",
            [values_from('a: [1, {b=2}]\\n"x"', target_path=r"n.app\.yml", is_literal=True)],
            {"n": {"app.yml": 'a: [1, {b=2}]\\n"x"'}},
            id="literal text is taken as it is",
        ),
        pytest.param(
            "", [values_from("a: 1", is_literal=True)], {"a": 1}, id="literal without a path means nothing"
        ),
        pytest.param(
            "", [values_from("k1:9092,k2:9092", target_path="k", is_literal=True)], {"k": "k1:9092,k2:9092"}
        ),
    ],
)
def test_values_are_merged_as_flux_merges_them(
    values: str, sources: list[ValuesSource], expected: dict[str, Any]
) -> None:
    assert merged(values, *sources) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (values_from("s3cret"), "values.yaml of ConfigMap v: is no mapping"),
        (values_from("a: 's3cret\nb: c"), "values.yaml of ConfigMap v: "),
        (values_from("a: s3cret: x"), "mapping values are not allowed in this context"),
        (values_from("s3,cret", target_path="a"), "cannot be set at 'a': a key has no value"),
        (values_from("x", kind="Pod"), "'Pod' is neither ConfigMap nor Secret"),
        (
            ValuesSource(ValuesFrom("Secret", "v"), problem="Secret v does not exist"),
            "Secret v does not exist",
        ),
    ],
)
def test_what_flux_stops_at_is_a_reason_without_the_value(source: ValuesSource, reason: str) -> None:
    with pytest.raises(Unrenderable) as refused:
        release_values({}, [source])
    assert reason in refused.value.message
    assert "cret" not in refused.value.message.replace("Secret", "")


def test_a_document_that_is_not_known_is_left_out_and_named() -> None:
    found = release_values(
        {"a": 1}, [values_from(None, "cred", kind="Secret", unknown=Unknown("encrypted", "v1"))]
    )
    assert found.values == {"a": 1}
    assert found.left_out == (("values.yaml of Secret cred", Unknown("encrypted", "v1")),)


def test_a_value_that_is_not_known_has_a_placeholder_where_it_belongs() -> None:
    source = values_from(
        None, "cred", key="pass-word", kind="Secret", unknown=Unknown("x"), target_path="db.password"
    )
    found = release_values({}, [source])
    (placeholder,) = found.placeholders
    assert found.values == {"db": {"password": placeholder.text}}
    assert placeholder.name == "cred_pass_word"
    assert placeholder.text.isalnum()


def test_what_is_merged_leaves_the_declared_values_alone() -> None:
    declared = {"a": {"b": ["old"]}}
    release_values(declared, [values_from("new", target_path="a.b[0]")])
    assert declared == {"a": {"b": ["old"]}}


def test_whole_numbers_from_paths_are_set_so_that_go_keeps_them_whole() -> None:
    sources = [
        values_from("123456789012", target_path=r"aws.acc\.ount"),
        values_from("{7,2000000}", target_path="l"),
    ]
    found = release_values({"port": 5000000}, sources)
    assert found.integers == (r"aws.acc\.ount=123456789012", "l[1]=2000000")


def test_texts_of_secrets_are_secret_unless_they_are_said_in_clear() -> None:
    sources = [
        values_from("a: hunter2hunter2\nb: public-name\nc: short", kind="Secret"),
        values_from("x: public-name"),
        values_from("one-password", kind="Secret", target_path="p"),
    ]
    assert secret_texts({"d": "declared"}, sources) == {"hunter2hunter2", "one-password"}


def test_a_file_of_values_with_a_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9))
    with pytest.raises(Unrenderable):
        first_document(bomb.encode())
