"""What YAML means to Kubernetes, and what hostile YAML comes to."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.manifests import (
    MAX_DEPTH,
    MAX_INPUT_BYTES,
    ManifestError,
    canonical_json,
    digest,
    documents,
    flatten,
)


def one(text: str | bytes) -> Any:
    data = text.encode() if isinstance(text, str) else text
    (document,) = documents(data, file="a.yaml")
    return document.value


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        # As sigs.k8s.io/yaml has it: the words of YAML 1.1 …
        *((word, True) for word in ("true", "True", "TRUE", "yes", "Yes", "on", "ON", "y", "Y")),
        *((word, False) for word in ("false", "no", "No", "NO", "off", "n", "N")),
        *((word, None) for word in ("null", "Null", "NULL", "~", "")),
        # … Go's numbers …
        ("12", 12),
        ("+12", 12),
        ("-12", -12),
        ("012", 10),
        ("0o17", 15),
        ("08", 8),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("1e3", 1000),
        ("1.0", 1),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1E-2", 0.01),
        ("9223372036854775807", 2**63 - 1),
        ("18446744073709551615", 2**64 - 1),
        ("100000000000000000000", 1e20),
        # … and text for everything else, dates and sexagesimals included.
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("12:30:45", "12:30:45"),
        ("=", "="),
        ("<<", "<<"),
        ("1.2.3", "1.2.3"),
        ("0x", "0x"),
        ("1e", "1e"),
        (".", "."),
        ("1e999", "1e999"),
        ("tRue", "tRue"),
        ("'12'", "12"),
        ('"yes"', "yes"),
        ("!!str 12", "12"),
        ('!!int "12"', 12),
        ("!!float 3", 3),
        ("|\n  12\n", "12\n"),
    ],
)
def test_a_scalar_means_what_kubectl_takes_it_for(text: str, meaning: Any) -> None:
    value = one(f"a: {text}")["a"]
    assert value == meaning
    assert type(value) is type(meaning)


def test_keys_are_text_as_kubectl_spells_it() -> None:
    assert one("1: a\ny: b\n1.5: c\n'null': d") == {"1": "a", "true": "b", "1.5": "c", "null": "d"}


def test_merge_keys_yield_to_the_mappings_own_and_to_earlier_ones() -> None:
    text = "a: &a {k: 1, l: 1}\nb: &b {l: 2, m: 2}\nc: {m: 3, <<: [*a, *b]}"
    assert one(text)["c"] == {"k": 1, "l": 1, "m": 3}


def test_documents_carry_the_line_they_start_on_and_empty_ones_are_left_out() -> None:
    text = b"# comment\n---\n---\na: 1\n---\n# only a comment\n---\n\n- 2\n...\n---\nnull\n"
    assert [(d.value, d.line) for d in documents(text, file="a.yaml")] == [({"a": 1}, 4), ([2], 9)]
    assert documents(b"", file="a.yaml") == []
    assert documents(b"# nothing\n", file="a.yaml") == []


def test_lists_are_flattened_with_the_line_of_their_document() -> None:
    text = (
        b"kind: A\n---\nkind: List\nitems:\n- kind: B\n- {kind: RoleList, items: [{kind: C}]}\n"
        b"---\nkind: AllowList\nspec: {}\n---\nkind: D\nitems: [1]\n"
    )
    found = flatten(documents(text, file="a.yaml"), file="a.yaml")
    assert [(d.value["kind"], d.line) for d in found] == [
        ("A", 1),
        ("B", 3),
        ("C", 3),
        ("AllowList", 8),
        ("D", 11),
    ]


@pytest.mark.parametrize("text", ["- a", "just text", "12", "kind: List\nitems: [1]"])
def test_what_is_no_object_is_refused_when_flattened(text: str) -> None:
    with pytest.raises(ManifestError, match="a Kubernetes object is a mapping; this is"):
        flatten(documents(text.encode(), file="a.yaml"), file="a.yaml")


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: c: d", 2, "mapping values are not allowed in this context"),
        ("a: [1, 2", 2, "did not find expected"),
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' occurs twice in one mapping"),
        ("yes: 1\ntrue: 2", 2, "the key 'true' occurs twice in one mapping"),
        ("a: *nowhere", 1, "found undefined alias"),
        ("a: &a [*a]", 1, "an anchor contains itself"),
        ("a: &a {b: *a}", 1, "an anchor contains itself"),
        ("a: &a 1\nb: &a {b: *a}", 2, "an anchor contains itself"),
        ("a: &a 1\nb: &a 2\na: 3", 3, "the key 'a' occurs twice in one mapping"),
        ("a: &a 1\nb: &a 2\nc: " + "[" * 100_000, 3, f"values are nested more than {MAX_DEPTH} deep"),
        (BOMB.replace("a0:", "a: &a0 1\na0:"), 6, "aliases expand to more than 1000000 values"),
        (BOMB, 5, "aliases expand to more than 1000000 values"),
        ("[" * 100_000, 1, f"values are nested more than {MAX_DEPTH} deep"),
        ("{a: " * 100_000, 1, f"values are nested more than {MAX_DEPTH} deep"),
        ("- " * 100_000, 1, f"values are nested more than {MAX_DEPTH} deep"),
        ("---\na: 1\n" * 20_001, 40_002, "the file holds more than 20000 documents"),
        ("[" + "a," * 1_000_001 + "]", 1, "the file holds more than 1000000 values"),
        ("a: .inf", 1, "infinity and not-a-number"),
        ("a: -.NaN", 1, "infinity and not-a-number"),
        ("a: !custom x", 1, "the tag '!custom' is not one that Kubernetes reads"),
        ("a: !!binary aGk=", 1, "is not one that Kubernetes reads"),
        ("a: !!python/object/apply:os.system [id]", 1, "is not one that Kubernetes reads"),
        ("a: !!set {b}", 1, "is not one that Kubernetes reads"),
        ("a: !!int word", 1, "the value is not of its tag !!int"),
        ("? [a]\n: b", 1, "the key of a mapping must be text"),
        ("~: b", 1, "the key of a mapping is empty"),
        ("a: {<<: 1}", 1, "a merge key (<<) needs a mapping"),
        (b"a: \xff\xfe", None, "invalid"),
        (b"\x00", None, "control characters are not allowed"),
        (b"a" * (MAX_INPUT_BYTES + 1), None, "is larger than 16 MiB"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_yaml_is_one_error_with_file_and_line(text: str | bytes, line: int | None, problem: str) -> None:
    with pytest.raises(ManifestError) as caught:
        documents(text.encode() if isinstance(text, str) else text, file="dir/a.yaml")
    assert problem in caught.value.problem
    assert (caught.value.file, caught.value.line) == ("dir/a.yaml", line)
    assert str(caught.value).startswith(f"dir/a.yaml:{line}: " if line else "dir/a.yaml: ")


def test_an_error_quotes_no_value() -> None:
    for text in ("a: hunter2: b", "a: !!int hunter2", "a: 'hunter2", "a: hunter2\n\tb: c", "- !x hunter2"):
        with pytest.raises(ManifestError) as caught:
            documents(text.encode(), file="a.yaml")
        assert "hunter2" not in str(caught.value)


def test_anchors_within_reason_are_followed() -> None:
    assert one("a: &a {b: [1]}\nc: *a\nd: [*a, *a]") == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": [{"b": [1]}, {"b": [1]}],
    }


def test_an_anchor_that_is_given_out_again_is_the_later_one_from_there_on() -> None:
    assert one("a: &p 1\nb: *p\nc: &p {d: 2}\ne: *p\n") == {"a": 1, "b": 1, "c": {"d": 2}, "e": {"d": 2}}


def test_documents_before_and_after_the_one_that_repeats_an_anchor_are_read_once() -> None:
    found = documents(b"a: &p 1\n---\n---\nb: &p 1\nc: &p 2\n---\nd: 1\n", file="a.yaml")
    assert [(each.value, each.line) for each in found] == [
        ({"a": 1}, 1),
        ({"b": 1, "c": 2}, 4),
        ({"d": 1}, 7),
    ]


def test_equal_data_has_one_spelling_and_one_digest() -> None:
    assert canonical_json({"b": 1, "a": {"d": "é", "c": None}}) == '{"a":{"c":null,"d":"é"},"b":1}'.encode()
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(st.characters(max_codepoint=0xD7FF, exclude_categories=["Cc"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc<=", max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_json_is_yaml_and_comes_back_as_it_was(value: Any) -> None:
    found = documents(json.dumps([value], ensure_ascii=False).encode(), file="a.json")
    assert [document.value for document in found] == [[value]]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text("ab:-[]{}&*!<>|'\" \n\t?#%@`,", max_size=60).map(str.encode))
def test_any_bytes_are_data_or_a_manifest_error(data: bytes) -> None:
    try:
        found = documents(data, file="a.yaml")
    except ManifestError:
        return
    canonical_json([document.value for document in found])
