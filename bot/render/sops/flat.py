"""Reads what SOPS encrypted as dotenv and INI, where the metadata is flattened into single lines.

`sops_age__list_0__map_recipient=age1…` stands for `sops.age[0].recipient`. Lines that fit no pattern are passed over:
what is read here is described to people, and sops itself decides whether it is sound.
"""

import re
from typing import Any

from bot.render.sops.formats import Format

_PREFIX = "sops_"
_SECTION = "sops"
_STEP = re.compile(r"__(list|map)_")
_MAX_DEPTH = 16
_MAX_LINES = 100_000


def flat_document(data: bytes, as_format: Format) -> dict[str, Any]:
    """The file as a mapping, with the metadata as nested under `sops` as it is in YAML."""
    lines = data.decode("utf-8", "replace").split("\n")[:_MAX_LINES]
    return _dotenv(lines) if as_format is Format.DOTENV else _ini(lines)


def _dotenv(lines: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    for line in lines:
        name, separator, value = line.partition("=")
        if not separator or line.startswith("#"):
            continue
        if name.startswith(_PREFIX):
            metadata[name.removeprefix(_PREFIX)] = value
        else:
            values[name] = value
    return _with_metadata(values, metadata)


def _ini(lines: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    section = "DEFAULT"
    for line in map(str.strip, lines):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
            continue
        name, separator, value = line.partition("=")
        if not separator or line.startswith((";", "#")):
            continue
        if section == _SECTION:
            metadata[name.strip()] = value.strip().strip('`"')
        else:
            values.setdefault(section, {})[name.strip()] = value.strip().strip('`"')
    return _with_metadata(values, metadata)


def _with_metadata(values: dict[str, Any], flat: dict[str, str]) -> dict[str, Any]:
    return {**values, _SECTION: _as_data(_nested(flat))} if flat else values


def _nested(flat: dict[str, str]) -> dict[str, Any]:
    """Lists are still mappings, from position to item."""
    root: dict[str, Any] = {}
    for name, value in flat.items():
        steps = _STEP.split(name)[::2]
        node: Any = root
        for step in steps[:-1][:_MAX_DEPTH]:
            below = node.setdefault(step, {})
            node = below if isinstance(below, dict) else {}
        node[steps[-1]] = value
    return root


def _as_data(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isascii() and key.isdecimal() and len(key) < 5 for key in node):
        return [_as_data(node[key]) for key in sorted(node, key=int)]
    return {key: _as_data(value) for key, value in node.items()}
