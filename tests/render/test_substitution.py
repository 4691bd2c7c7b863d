from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.objects import Object, ObjectId
from bot.model.rendering import Hole
from bot.render.envsubst import Budget, Unknown
from bot.render.substitution import OPT_OUT, Substituted, substitute
from bot.render.variables import Source, Strategy, Substitution, elsewhere, missing

IDENTITY = {"apiVersion", "kind", "metadata.name", "metadata.namespace"}
VALUES = {
    "count": "3",
    "flag": "true",
    "word": "blue green",
    "name": "shop",
    "empty": "",
    "date": "2024-01-31",
    "object": "{a: 1}",
    "remark": "# no",
    "colon": "a: b",
    "quote": 'it"s',
    "mark": "\uf8ff",
}


def config_map(name: str = "web", **parts: Any) -> Object:
    return Object.of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **parts})


def substituted(value: Any, substitution: Substitution | None = None) -> Substituted:
    return substitute([config_map(data={"x": value})], substitution or Substitution(VALUES))


def becomes(value: Any, substitution: Substitution | None = None) -> Any:
    result = substituted(value, substitution)
    assert result.problems == ()
    return result.objects[0].manifest["data"]["x"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${count}", 3),
        ("${flag}", True),
        ("${empty}", None),
        ("${date}", "2024-01-31"),
        ("${object}", {"a": 1}),
        ("a${count}", "a3"),
        ("${count}${count}", 33),
        ("0${count}", 3),
        ("${word}", "blue green"),
        ("x ${remark}", "x"),
        ("${count} # ${word}", "3 # blue green"),
        ("# ${count}", "# 3"),
        ("yes ${empty}", True),
        ("'${count}'", "'3'"),
        ("it's ${colon}: yes", "it's a: b: yes"),
        ("${count}\n", "3\n"),
        ("replicas: ${count}\nflag: ${flag}\n", "replicas: 3\nflag: true\n"),
        (["${count}", {"deep": "${flag}"}], [3, {"deep": True}]),
        ({"${name}.yaml": "${name}"}, {"shop.yaml": "shop"}),
        ({"${count}": "x"}, {"3": "x"}),
        ("$${count}", "${count}"),
        ("${nothing:=${count}}", 3),
        (1, 1),
        ("\ufeff${count}", "\ufeff${count}"),
    ],
)
def test_quoting_decides_what_a_value_becomes(value: Any, expected: Any) -> None:
    assert becomes(value) == expected
    assert type(becomes(value)) is type(expected)


def test_a_fold_inside_an_expression_is_where_flux_has_it() -> None:
    """A line is folded after eighty columns, and a replacement's pattern with a space in it is not found then."""
    short, long = "x" * 40, "x" * 72
    assert becomes(f"{short} ${{word/blue green/red}}") == f"{short} red"
    assert becomes(f"{long} ${{word/blue green/red}}") == f"{long} blue green"


@pytest.mark.parametrize("value", ["${colon}", "${word: ${colon}}: ${colon}", '"${quote}\t', "${object} x"])
def test_text_that_is_no_yaml_any_more_is_a_problem_that_quotes_no_value(value: str) -> None:
    result = substituted(value)
    assert (result.objects, len(result.problems)) == ((), 1)
    assert result.problems[0].message.startswith("ConfigMap web: ")
    assert "it" + '"s' not in result.problems[0].message


@pytest.mark.parametrize("value", [{"${secret}": 1, "${secret:=x}": 2}, "${tag}"])
def test_a_key_or_tag_that_was_made_is_not_quoted(value: object) -> None:
    """Flux takes the last of two equal keys; here the target is unknown."""
    result = substituted(value, Substitution({"secret": "hunter2", "tag": "!hunter2 x"}))
    assert "that was made" in result.problems[0].message
    assert "hunter2" not in result.problems[0].message


def test_an_identity_may_be_substituted() -> None:
    found = config_map("${name}-config", data={"a": "b"})
    found.manifest["metadata"]["namespace"] = "${name}"
    result = substitute([found], Substitution(VALUES))
    assert [o.id for o in result.objects] == [ObjectId("", "ConfigMap", "shop", "shop-config")]


def test_two_objects_that_become_one_are_a_problem() -> None:
    result = substitute([config_map("shop"), config_map("${name}")], Substitution(VALUES))
    assert [p.message for p in result.problems] == ["ConfigMap shop: is declared twice after substitution"]


@pytest.mark.parametrize("name", ["${count}", "${empty}", "${object}"])
def test_what_is_no_object_any_more_is_a_problem(name: str) -> None:
    result = substitute([config_map(name)], Substitution(VALUES))
    assert "is not a Kubernetes object any more" in result.problems[0].message


def test_every_problem_names_its_object_and_field() -> None:
    objects = [
        config_map("a", data={"x": "fine", "y.conf": "some ${nothing} here"}),
        config_map("b", data={"list": ["x", "${count-1}"]}),
    ]
    result = substitute(objects, Substitution(VALUES))
    assert result.objects == ()
    assert [p.message.partition(" (")[0] for p in result.problems] == [
        "ConfigMap a: data[y.conf]: ${nothing}: the variable 'nothing' is not set",
        "ConfigMap b: data.list[1]: ${count…}: the operator - is unknown to Flux; it needs a colon before it",
    ]


def test_what_is_wrong_in_many_objects_is_said_once() -> None:
    objects = [config_map(name, data={"x": "${nothing}"}) for name in ("a", "b", "c")]
    [problem] = substitute([*objects, config_map("d")], Substitution(VALUES)).problems
    assert problem.message.startswith(
        "ConfigMap a: data.x and 2 more: ${nothing}: the variable 'nothing' is not set"
    )


def test_without_strictness_a_missing_variable_is_empty() -> None:
    assert becomes("a${nothing}", Substitution(VALUES, is_strict=False)) == "a"


@pytest.mark.parametrize("part", ["labels", "annotations"])
def test_an_object_may_opt_out(part: str) -> None:
    found = config_map(data={"x": "${count} $${y} ${nothing}"})
    found.manifest["metadata"][part] = {OPT_OUT: "disabled"}
    assert substitute([found], Substitution(VALUES)) == Substituted((found,))


@pytest.mark.parametrize("value", ["Disabled", "enabled", "", None])
def test_only_the_exact_word_opts_out(value: object) -> None:
    found = config_map(data={"x": "${count}"})
    found.manifest["metadata"]["labels"] = {OPT_OUT: value}
    assert substitute([found], Substitution(VALUES)).objects[0].manifest["data"] == {"x": 3}


@pytest.mark.parametrize("labels", ["text", ["disabled"], None, 1])
def test_labels_of_any_shape_are_survived(labels: object) -> None:
    found = config_map(data={"x": "${count}"})
    found.manifest["metadata"]["labels"] = labels
    assert substitute([found], Substitution(VALUES)).objects[0].manifest["data"] == {"x": 3}


def test_an_object_without_expressions_is_the_same_object() -> None:
    found = config_map(data={"price": "5$", "shell": "$HOME $(date)"})
    assert substitute([found], Substitution(VALUES)).objects[0] is found


def test_without_a_variable_defaults_are_filled_in_only_when_asked_for() -> None:
    assert becomes("$${a} ${b:=c}", Substitution({})) == "$${a} ${b:=c}"
    assert becomes("$${a} ${b:=c}", Substitution({}, strategy=Strategy.ALWAYS)) == "${a} c"


def test_problems_of_the_variables_stop_the_target_unless_every_object_opts_out() -> None:
    substitution = Substitution.of({}, [missing("Secret", "s", is_optional=False)])
    found = config_map(data={"x": "no expression"})
    assert [p.message for p in substitute([found], substitution).problems] == [
        "substituteFrom: Secret s does not exist, and is not optional"
    ]
    found.manifest["metadata"]["labels"] = {OPT_OUT: "disabled"}
    assert substitute([found], substitution) == Substituted((found,))


class TestHoles:
    SECRET = Source(
        "Secret s", unknown={"token": Unknown("is encrypted", "v1"), "key": Unknown("is encrypted")}
    )

    def run(self, value: Any, inline: Mapping[str, str] = VALUES) -> tuple[Any, list[tuple[str, str]]]:
        result = substituted(value, Substitution.of(inline, [self.SECRET]))
        assert result.problems == ()
        return result.objects[0].manifest["data"]["x"], [(hole.field, hole.name) for hole in result.holes]

    @pytest.mark.parametrize(
        ("value", "shown", "names"),
        [
            ("${token}", "${token}", ["token"]),
            ("a ${token^^}, ${count}", "a ${token^^}, 3", ["token"]),
            ("${token:=none}", "${token:=none}", ["token"]),
            ("${nothing:=${token}}", "${nothing:=${token}}", ["token"]),
            ("${count:=${token}}", 3, []),
            ("${token:=${key}}", "${token:=${key}}", ["token", "key"]),
            ("$${token} ${key}", "${token} ${key}", ["key"]),
            ("${mark}${token}${mark}", "\uf8ff${token}\uf8ff", ["token"]),
            ("'${token}': ${word}", "'${token}': blue green", ["token"]),
            ("a\n  ${token}\n${count}\n", "a\n  ${token}\n3\n", ["token"]),
            ("😀 ${token}", "😀 ${token}", ["token"]),
        ],
    )
    def test_an_expression_that_is_not_known_stays_visible(
        self, value: str, shown: object, names: list[str]
    ) -> None:
        assert self.run(value) == (shown, [("data.x", name) for name in names])

    def test_every_field_with_a_hole_is_named(self) -> None:
        value = {"a.b": ["x", "${token}"], "${key}": {"deep": "${token} ${key}"}}
        shown, holes = self.run(value)
        assert shown == value
        assert sorted(holes) == [
            ("data.x", "key"),
            ("data.x.${key}.deep", "key"),
            ("data.x.${key}.deep", "token"),
            ("data.x[a.b][1]", "token"),
        ]

    def test_a_hole_says_why_and_which(self) -> None:
        result = substituted("${token}", Substitution.of({}, [self.SECRET]))
        assert result.holes == (
            Hole(ObjectId("", "ConfigMap", "", "web"), "data.x", "token", "is encrypted", "v1"),
        )
        assert result.holes[0].field not in IDENTITY

    def test_a_hole_in_the_identity_is_told(self) -> None:
        result = substitute([config_map("app-${token}")], Substitution.of({}, [self.SECRET]))
        assert [(hole.field in IDENTITY, hole.object.name) for hole in result.holes] == [
            (True, "app-${token}")
        ]

    def test_a_variable_that_an_unread_source_may_set_is_a_hole(self) -> None:
        substitution = Substitution.of({"a": "1"}, [elsewhere("ConfigMap", "live", "only in the cluster")])
        result = substituted("${a} ${b} ${c:=d}", substitution)
        assert result.objects[0].manifest["data"] == {"x": "1 ${b} ${c:=d}"}
        assert [(hole.name, hole.reason) for hole in result.holes] == [
            ("b", "only in the cluster"),
            ("c", "only in the cluster"),
        ]

    def test_only_what_was_used_is_told_as_assumed(self) -> None:
        sources = [Source("s", {"a": "1", "b": "2"}), elsewhere("ConfigMap", "live", "why")]
        result = substituted("${a}", Substitution.of({}, sources))
        assert result.assumed == (("a", Unknown("why")),)


def test_all_objects_together_may_not_explode() -> None:
    big = Substitution({"big": "x" * (Budget().output_chars // 4)})
    objects = [config_map(f"c{at}", data={"x": "${big}"}) for at in range(6)]
    result = substitute(objects, big)
    assert result.objects == ()
    assert (
        "makes the output too large" in result.problems[0].message
        or "larger than" in result.problems[0].message
    )


ATOMS = [
    "${count}",
    "${token}",
    "${word}",
    "${nothing:=a b}",
    "$${x}",
    "$",
    "${",
    "}",
    ": ",
    "'",
    '"',
    "\n",
    "- ",
    "#",
    "é",
]
TEXT = st.lists(
    st.sampled_from([*ATOMS, "\ufeff", "\uf8ff", "{", "[", "& ", "long words "]), max_size=30
).map("".join)
TREE = st.recursive(
    TEXT | st.none() | st.booleans() | st.integers(-10, 10),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=8,
)


@given(TREE)
def test_every_object_is_substituted_or_has_a_problem(value: Any) -> None:
    substitution = Substitution(VALUES, unknown={"token": Unknown("why")})
    result = substituted(value, substitution)
    assert bool(result.objects) != bool(result.problems)


@given(st.recursive(st.text("ab$ {\n:#'é😀", max_size=12), lambda b: st.lists(b, max_size=3), max_leaves=6))
def test_what_holds_no_expression_stays_as_it_is(value: Any) -> None:
    if "${" not in str(value) and "$$" not in str(value):
        assert becomes(value) == value
