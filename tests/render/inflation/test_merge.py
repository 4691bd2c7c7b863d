"""`valuesInline` and a file of values as one, by kustomize's rules: each case is what kustomize 5.8 made of it."""

from typing import Any

import pytest

from bot.render.errors import Unrenderable
from bot.render.inflation.merge import merged_values

CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("a: 1", {"b": 2}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
    ("a: 1", {"a": 2}, {"a": 2}, {"a": 1}),
    ("a: {x: 1, y: 1}", {"a": {"y": 2, "z": 2}}, {"a": {"x": 1, "y": 2, "z": 2}}, {"a": {"x": 1, "y": 1, "z": 2}}),
    ("a: [1, 2]", {"a": [3]}, {"a": [3]}, {"a": [1, 2]}),
    ("a: {x: 1}", {"a": {}}, {"a": {"x": 1}}, {"a": {"x": 1}}),
    ("a: {x: 1}", {"a": None}, {}, {"a": {"x": 1}}),
    ("a: null", {"a": {"x": 1}}, {"a": {"x": 1}}, {}),
    ("a:\nb: null\nc: ~", {"z": 1}, {"b": None, "c": None, "z": 1}, {"z": 1}),
    ("z: 1", {"a": {"x": None, "y": {}}}, {"a": {"y": {}}, "z": 1}, {"a": {"x": None, "y": {}}, "z": 1}),
    ("l: [{a: , b: null}, null]", {"z": 1}, {"l": [{"a": None, "b": None}, None], "z": 1}, {"l": [{"a": None, "b": None}, None], "z": 1}),
    ("a: yes\nb: 0644\nc: 2024-01-02\nd: 1e3", {}, {"a": "yes", "b": 420, "c": "2024-01-02T00:00:00Z", "d": 1000}, {"a": "yes", "b": 420, "c": "2024-01-02T00:00:00Z", "d": 1000}),
    ("a: &x {b: 1}\nc: *x\nl: [1]", {"d": 1}, {"a": {"b": 1}, "l": [1], "d": 1}, {"a": {"b": 1}, "l": [1], "d": 1}),
    ("a: &x {b: 1}\nc: {<<: *x, e: 1}", {"d": 1}, {"a": {"b": 1}, "c": {"e": 1}, "d": 1}, {"a": {"b": 1}, "c": {"e": 1}, "d": 1}),
    ("a: {b: 1}", {"a": {"$patch": "replace", "c": 1}}, {"a": {"c": 1}}, {"a": {"$patch": "replace", "b": 1, "c": 1}}),
    ("a: 1\n---\nb: 1", {"c": 1}, {"a": 1, "c": 1}, {"a": 1, "c": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "inline", "overridden", "kept"), CASES)
def test_values_are_merged_as_kustomize_merges_patches(
    file: str, inline: dict[str, Any], overridden: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert merged_values(file.encode(), inline, inline_wins=True) == overridden
    assert merged_values(file.encode(), inline, inline_wins=False) == kept


@pytest.mark.parametrize(
    ("file", "inline", "reason"),
    [
        ("", {"a": 1}, "is empty"),
        ("# nothing\n", {"a": 1}, "is empty"),
        ("[1]", {"a": 1}, "is not a list in both"),
        ("a: {b: 1}", {"a": 5}, "a is not a mapping in both"),
        ("a: {b: hunter2}", {"a": {"b": [1]}}, "a.b is not a scalar in both"),
        ("a: {1: x}", {"b": 1}, "the key of a mapping is no text"),
        ("a: 1\na: 2", {"b": 1}, "occurs twice"),
        ("a: {b: 1}", {"a": {"$patch": "odd"}}, "unknown $patch"),
        ("a: &x {b: 1}\nl: [*x]", {"b": 1}, "an alias in a list"),
        ("kind: Pod\napiVersion: v1\nspec: {containers: [{name: a}]}", {"b": 1}, "looks like an object"),
        ("a: [", {"b": 1}, "cannot be read"),
    ],
)
def test_what_cannot_be_merged_has_a_reason_that_quotes_no_value(
    file: str, inline: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unrenderable) as raised:
        merged_values(file.encode(), inline, inline_wins=True)
    assert reason in raised.value.message
    assert "hunter2" not in raised.value.message
