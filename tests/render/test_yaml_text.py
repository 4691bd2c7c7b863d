import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.manifests import documents
from bot.render.sandbox import Sandbox, kustomize_build
from bot.render.yaml_text import reads_as_text, yaml_text

LONG = "a long sentence of many words that is folded by the writer because a line has only eighty columns, ${a b}"
SCALARS: tuple[Any, ...] = (
    # read as something else, so they are quoted
    *("yes", "No", "ON", "off", "y", "N", "true", "False", "null", "~", ""),
    *("0", "08", "-1", "+1", "1_000", "0x1F", "0o17", "017", "0b101", "-0b11", "18446744073709551615"),
    *("1.5", ".5", "1.", "-.5e3", "1e3", "1E-3", ".inf", "-.Inf", ".NaN", "99999999999999999999", ".1_1"),
    *(
        "12:30",
        "12:30:45",
        "190:20:30.15",
        "2024-01-31",
        "2024-1-2",
        "2024-02-29T1:2:3Z",
        "2024-01-01 10:00:00",
    ),
    *("2024-01-01t10:00:00.123+01:00", "0000-02-29"),
    # look like it, and do not
    *("yEs", "nope", "0x", "0xg", "1_", "_1", "1e", "1e999", "0b2", "12:99", "2024-13-01", "2024-02-30", "+"),
    *(
        "2024-01-01T10:00:00",
        "2024-01-01 10:00:00Z",
        "1.2.3",
        "v1.2",
        "=",
        "<",
        ".",
        "..",
        "-",
        "--",
        "1:2:x",
    ),
    # indicators
    *(
        "- a",
        "-a",
        "a - b",
        "? a",
        "?a",
        "a: b",
        "a:b",
        ":a",
        ": a",
        "a #b",
        "a#b",
        "#a",
        "a:",
        "[a]",
        "{a}",
        "a, b",
    ),
    *("&a", "*a", "!a", "|", ">", "'a'", '"a"', "it's", "%a", "@a", "`a`", "---", "--- a", "...", "a\\b"),
    # expressions
    *(
        "${a}",
        "${a}: ${b}",
        "x ${a:=b c}",
        "${a:=b: c}",
        "${a/#b/c}",
        "${a} #${b}",
        "$${a}",
        "'${a}'",
        '"${a}"',
    ),
    # white space, lines, other scripts
    *(
        " a",
        "a ",
        " ",
        "a\tb",
        "a\rb",
        "\ta",
        "a\n",
        "a\nb",
        "a\nb\n",
        "\na",
        "  a\nb",
        "a \nb",
        "a\n\n",
        "\n",
    ),
    *("a\n  b\n c\n", "a\r\nb", "é日", "smile 😀", "\x01", "\ue000", "no-break\xa0space"),
    *(LONG, f"{LONG}: {LONG}", f"'{LONG}", f"{LONG}\t{LONG}", f"{LONG}\n{LONG}", "x" * 200, f" {LONG} "),
    *(1, -5, 0, 2**63, 1.5, 1e21, 1e-7, True, False, None, [], {}, [[], {}], [[1, ["a"]], {"b": [None]}]),
)
OBJECT = {
    "apiVersion": "example.org/v1",
    "kind": "Odd",
    "metadata": {"name": "odd"},
    "spec": {
        "keys": {
            key: 1 for key in SCALARS if isinstance(key, str) and key and "\n" not in key and len(key) < 120
        },
        "list": list(SCALARS),
        "values": {f"k{at:03}": value for at, value in enumerate(SCALARS)},
    },
}


def lines_without_order(text: str) -> list[str]:
    head, keys, rest = text.partition("  keys:\n")[0], *text.partition("  keys:\n")[2].split("  list:\n")
    return [head, *sorted(keys.splitlines()), rest.removesuffix("...\n")]


async def test_every_scalar_is_written_as_kustomize_writes_it(tmp_path: Path, sandbox: Sandbox) -> None:
    """Kustomize sorts numbers in keys by their value; the order of keys means nothing."""
    (tmp_path / "odd.json").write_text(json.dumps(OBJECT, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "kustomization.yaml").write_text("resources: [odd.json]")
    expected = (await kustomize_build(tmp_path, ".", sandbox)).decode()
    assert lines_without_order(yaml_text(OBJECT)) == lines_without_order(expected)


@pytest.mark.parametrize("value", [value for value in SCALARS if isinstance(value, str)])
def test_what_is_written_reads_back(value: str) -> None:
    assert documents(yaml_text({"a": [value], "b": value}).encode(), file="")[0].value == {
        "a": [value],
        "b": value,
    }


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200))
def test_any_text_reads_back(text: str) -> None:
    assert documents(yaml_text({"a": text}).encode(), file="")[0].value == {"a": text}


@given(st.text("0123456789+-.:_exobTtZ ", max_size=30))
def test_deciding_what_reads_as_text_never_fails(text: str) -> None:
    assert reads_as_text(text) in {True, False}
