import copy
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diff.fields import MAX_FIELDS, compare_fields
from bot.model.plan import FieldChange, FieldOp

ADD, REMOVE, REPLACE = FieldOp.ADD, FieldOp.REMOVE, FieldOp.REPLACE


def found(old: Any, new: Any) -> list[tuple[str, FieldOp, Any, Any]]:
    return [(f.path, f.op, f.old, f.new) for f in compare_fields(old, new)]


def test_a_changed_scalar_is_one_replacement() -> None:
    assert found({"spec": {"replicas": 2}}, {"spec": {"replicas": 3}}) == [("spec.replicas", REPLACE, 2, 3)]


def test_a_whole_subtree_comes_and_goes_as_one_field() -> None:
    assert found({"a": {"x": 1}}, {"b": {"y": [2]}}) == [
        ("a", REMOVE, {"x": 1}, None),
        ("b", ADD, None, {"y": [2]}),
    ]


def test_containers_are_told_apart_by_name() -> None:
    old = {"containers": [{"name": "web", "image": "a:1"}, {"name": "log", "image": "l:1"}]}
    new = {
        "containers": [
            {"name": "new", "image": "n:1"},
            {"name": "web", "image": "a:2"},
            {"name": "log", "image": "l:1"},
        ]
    }
    assert found(old, new) == [
        ("containers[name=new]", ADD, None, {"name": "new", "image": "n:1"}),
        ("containers[name=web].image", REPLACE, "a:1", "a:2"),
    ]


def test_ports_are_told_apart_by_number_and_protocol() -> None:
    old = {"ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]}
    new = {"ports": [{"containerPort": 53, "protocol": "UDP", "name": "dns"}, {"containerPort": 53}]}
    assert found(old, new) == [("ports[containerPort=53,protocol=UDP].name", ADD, None, "dns")]


def test_claim_templates_are_told_apart_by_their_metadata() -> None:
    old = {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": 1}]}
    new = {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": 2}]}
    assert found(old, new) == [("volumeClaimTemplates[metadata.name=data].spec", REPLACE, 1, 2)]


def test_another_order_is_a_change() -> None:
    one, two = {"name": "one"}, {"name": "two"}
    assert found({"initContainers": [one, two]}, {"initContainers": [two, one]}) == [
        ("initContainers[order]", REPLACE, ["name=one", "name=two"], ["name=two", "name=one"])
    ]


def test_an_element_with_a_generated_name_stays_itself_when_its_hash_changes() -> None:
    def value(name: str) -> dict[str, str]:
        return {"kind": "ConfigMap", "name": name}

    old = {"valuesFrom": [value("web-24bcdfghkm"), value("plain")]}
    new = {"valuesFrom": [value("plain"), value("web-t756789tmk")]}
    at = "valuesFrom[kind=ConfigMap,name=web-24bcdfghkm,valuesKey=values.yaml].name"
    assert found(old, {"valuesFrom": new["valuesFrom"][::-1]}) == [
        (at, REPLACE, "web-24bcdfghkm", "web-t756789tmk")
    ]
    assert [change[0] for change in found(old, new)] == [at, "valuesFrom[order]"]


def test_names_that_could_have_been_generated_of_two_others_are_not_taken_for_either() -> None:
    old = {"containers": [{"name": "web-24bcdfghkm"}]}
    new = {"containers": [{"name": "web-t756789tmk"}, {"name": "web-hkmt245678"}]}
    assert [(path, op) for path, op, *_ in found(old, new)] == [
        ("containers[name=web-24bcdfghkm]", REMOVE),
        ("containers[name=web-t756789tmk]", ADD),
        ("containers[name=web-hkmt245678]", ADD),
    ]


def test_an_init_container_put_in_front_is_said_to_be_there() -> None:
    old, new = [{"name": "two"}], [{"name": "one"}, {"name": "two"}]
    assert found({"initContainers": old}, {"initContainers": new}) == [
        ("initContainers[name=one]", ADD, None, {"name": "one"}),
        ("initContainers[order]", REPLACE, ["name=two"], ["name=one", "name=two"]),
    ]
    assert len(found({"containers": old}, {"containers": new})) == 1


def test_a_set_of_words_gains_and_loses_words() -> None:
    assert found({"verbs": ["get", "list"]}, {"verbs": ["watch", "get"]}) == [
        ("verbs[=list]", REMOVE, "list", None),
        ("verbs[=watch]", ADD, None, "watch"),
    ]


def test_an_argument_put_in_the_middle_is_one_addition() -> None:
    assert found({"args": ["a", "b"]}, {"args": ["a", "x", "b"]}) == [("args[1]", ADD, None, "x")]


def test_keys_that_could_be_misread_are_quoted() -> None:
    old = {"annotations": {"a.b/c": "1", 'q"': "1"}}
    assert [f.path for f in compare_fields(old, {"annotations": {}})] == [
        'annotations["a.b/c"]',
        'annotations["q\\""]',
    ]


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), ("1", 1), (None, ""), ([], {}), (None, 0)])
def test_types_matter(old: Any, new: Any) -> None:
    assert found({"a": old, "l": [old]}, {"a": new, "l": [new]}) == [
        ("a", REPLACE, old, new),
        ("l[0]", REPLACE, old, new),
    ]


def test_many_changes_are_cut_short_and_it_is_said() -> None:
    old: dict[str, Any] = {f"k{i:04}": 1 for i in range(MAX_FIELDS + 7)}
    changes = compare_fields(old, dict.fromkeys(old, 2))
    assert len(changes) == MAX_FIELDS + 1
    assert changes[-1] == FieldChange("", REPLACE, new="<left out: 7 more fields>")


def test_a_huge_value_is_left_out_and_still_differs() -> None:
    (change,) = compare_fields({"a": "x" * 3_000_000}, {"a": "y" * 3_000_000})
    assert str(change.old).startswith("<left out: 3000000 bytes, ")
    assert change.old != change.new


def test_a_huge_schema_is_compared_quickly() -> None:
    def schema(text: str) -> dict[str, Any]:
        field = {"type": "object", "description": text, "required": ["a", "b"], "enum": ["x", "y"]}
        return {"properties": {f"p{i}": copy.deepcopy(field) for i in range(20_000)}}

    start = time.process_time()
    compare_fields(schema("old"), schema("new"))
    compare_fields({"l": list(range(200_000))}, {"l": list(range(1, 200_001))})
    assert time.process_time() - start < 5.0


def test_a_value_deeper_than_any_manifest_is_compared_as_one() -> None:
    def deep(leaf: int) -> Any:
        value: Any = leaf
        for _ in range(180):
            value = {"a": value}
        return value

    assert compare_fields(deep(1), deep(1)) == ()
    (change,) = compare_fields(deep(1), deep(2))
    assert change.op is REPLACE


# Properties: an independent reading of the paths lays the changes over the old object.

SCALARS = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b", "x y", 'q"]=,', "é"])
NAMES = ["a", "b", "c-24bcdfghkm", "c-t756789tmk", "c-hkmt245678"]
NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(NAMES)}, optional={"v": SCALARS}),
    unique_by=lambda d: d["name"],
    max_size=4,
)
KEYS = st.sampled_from(["spec", "a.b/c", "x-y", 'q"', "v"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=3)
        | NAMED
        | st.fixed_dictionaries({}, optional={"containers": NAMED, "verbs": st.lists(st.sampled_from("abc"))})
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)


@given(OBJECTS)
@settings(deadline=None)
def test_equal_objects_have_no_changes(value: dict[str, Any]) -> None:
    assert compare_fields(value, copy.deepcopy(value)) == ()


@given(OBJECTS, OBJECTS)
@settings(max_examples=300, deadline=None)
def test_the_changes_laid_over_the_old_object_give_the_new_one(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    changes = compare_fields(old, new)
    assert loosely(exact(laid_over(copy.deepcopy(old), changes))) == loosely(exact(new))
    assert bool(changes) is (exact(old) != exact(new))


@given(OBJECTS, OBJECTS)
@settings(deadline=None)
def test_looking_from_the_other_side_swaps_additions_and_removals(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    there = [f.op for f in compare_fields(old, new)]
    back = [f.op for f in compare_fields(new, old)]
    assert (there.count(ADD), there.count(REMOVE)) == (back.count(REMOVE), back.count(ADD))
    assert there.count(REPLACE) == back.count(REPLACE)


_STEP = re.compile(r'\.?([A-Za-z_][\w-]*)|\["((?:[^"\\]|\\.)*)"\]|\[([^"\]]*(?:"(?:[^"\\]|\\.)*"[^"\]]*)*)\]')


def exact(value: Any) -> Any:
    """Comparable with types: Python takes True for 1."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return (type(value).__name__, value)


def loosely(value: Any, name: str = "") -> Any:
    """Without the order of elements that are told apart by a key."""
    if isinstance(value, dict):
        return {key: loosely(item, key) for key, item in value.items()}
    if isinstance(value, list):
        items = [loosely(item, name) for item in value]
        named = all(isinstance(item, dict) and "name" in item for item in items)
        return sorted(items, key=repr) if named or name == "verbs" else items
    return value


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


def identities(element: Any, bracket: str) -> bool:
    if bracket.startswith("="):
        return bool(element == plain(bracket[1:]))
    key, _, value = bracket.partition("=")
    return isinstance(element, dict) and element.get(key) == plain(value)


def plain(text: str) -> str:
    return unescaped(text[1:-1]) if text.startswith('"') else text


def laid_over(target: Any, changes: tuple[FieldChange, ...]) -> Any:
    """Replacements at old places first, then removals from the back, additions last; then what an element of a list is
    called, the inner ones first, and orders at the very end.
    """
    rank = {REPLACE: 0, REMOVE: 1, ADD: 2}
    ordered = sorted(
        enumerate(changes),
        key=lambda p: (
            p[1].path.endswith("[order]"),
            -p[1].path.count("[") if p[1].path.endswith("].name") else -1000,
            rank[p[1].op],
            -p[0] if p[1].op is REMOVE else p[0],
        ),
    )
    for _, change in ordered:
        lay(target, list(_STEP.finditer(change.path)), change)
    return target


def lay(at: Any, steps: list[re.Match[str]], change: FieldChange) -> None:
    key: Any
    for step in steps[:-1]:
        at = at[place(at, step)]
    last = steps[-1]
    if last[3] == "order":
        ranks = {identity: i for i, identity in enumerate(change.new)}
        stayed = [e for e in at if any(identities(e, identity) for identity in ranks)]
        rest = [e for e in at if e not in stayed]
        at[:] = sorted(stayed, key=lambda e: next(ranks[i] for i in ranks if identities(e, i))) + rest
        return
    if change.op is ADD and isinstance(at, list):
        at.insert(int(last[3]) if last[3].isdigit() else len(at), change.new)
        return
    key = place(at, last) if change.op is not ADD or isinstance(at, list) else name_of(last)
    if change.op is REMOVE:
        del at[key]
    else:
        at[key] = change.new


def name_of(step: re.Match[str]) -> str:
    return step[1] if step[1] is not None else unescaped(step[2])


def place(at: Any, step: re.Match[str]) -> Any:
    if step[3] is None:
        return name_of(step)
    if step[3].isdigit():
        return int(step[3])
    return next(i for i, element in enumerate(at) if identities(element, step[3]))
