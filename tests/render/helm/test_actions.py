"""What templates call, told without understanding them."""

import pytest

from bot.render.helm.actions import API_VERSIONS, LOOKUP, VOLATILE, asks_for, at_another_time


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("{{ randAlphaNum 5 }}", {"randAlphaNum"}),
        ("{{- $x := now | date `2006` -}}", {"now"}),
        ("{{ .now }}{{ $now }}{{ .Values.now.now }}", set()),
        ("now", set()),
        ('{{ "now" }}{{ `now` }}{{/* now */}}', set()),
        (r'{{ "a \" now" }}{{ uuidv4 }}', {"uuidv4"}),
        ('{{ "}}" }}{{ now }}', {"now"}),
        ('{{ "no end }}{{ now }}', set()),
        ("{{ (now) }}{{ div 4 2 }}{{ list now }}", {"now"}),
    ],
)
def test_functions_are_found_where_they_are_called(text: str, called: set[str]) -> None:
    assert asks_for(text, VOLATILE) == called


@pytest.mark.parametrize(
    "text",
    [
        "{{ .Capabilities.APIVersions.Has `x` }}",
        "{{ $.Capabilities.APIVersions }}",
        "{{ $root.Capabilities.APIVersions }}",
    ],
)
def test_questions_to_the_cluster_are_found_in_any_chain(text: str) -> None:
    assert asks_for(text, frozenset({LOOKUP, API_VERSIONS})) == {API_VERSIONS}


def test_only_calls_of_now_are_moved_to_another_day() -> None:
    files = {"a": b'{{ now }} now {{ "now" }} {{ .now }}', "b": b"now"}
    (changed,) = at_another_time(files).values()
    assert changed == b'{{ (toDate "2006-01-02 15:04:05" "2033-11-22 13:24:35") }} now {{ "now" }} {{ .now }}'


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["/*", '"\\', "`", "{{", '{{"', "a.", "{{ now"])
def test_no_text_is_slow(piece: str) -> None:
    asks_for("{{" + piece * 150_000 + "now", VOLATILE)
    at_another_time({"a": (piece * 150_000 + "now").encode()})
