"""How two objects are told apart."""

from oracles.differences import differences


def test_what_is_equal_has_no_difference() -> None:
    value = {"a": [1, {"b": None}], "c": "text"}
    assert differences(value, {"c": "text", "a": [1, {"b": None}]}, them="Flux") == []


def test_a_difference_names_its_field_and_both_sides() -> None:
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, them="Flux") == ["a[0].b: Flux 1, we 2"]
    assert differences({"a": 1}, {}, them="Flux") == ["a: Flux 1, we nothing"]


def test_a_number_is_not_a_truth_and_not_a_text() -> None:
    assert differences({"a": 1}, {"a": True}, them="Flux") == ["a: Flux 1, we True"]
    assert differences({"a": 1}, {"a": "1"}, them="Flux") == ["a: Flux 1, we '1'"]


def test_of_many_differences_a_few_are_told() -> None:
    told = differences({str(n): n for n in range(50)}, {}, them="Flux")
    assert (len(told), told[-1]) == (7, "and more")
