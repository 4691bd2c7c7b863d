"""Finds what stands in plain text where a Secret is declared: a manifest, or literals of a generator.

A value that only refers to another (`${PASSWORD}`), or holds a SOPS file, is not plain text.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.model.manifests import Document, ManifestError, flatten
from bot.render.sops.facts import is_ciphertext
from bot.render.sops.formats import marked_format
from bot.render.sops.scope import Scope

_PLACEHOLDER = re.compile(
    r"|<[\w .:/-]{1,80}>|\*+|x{3,}|\.{3}|(?:change|replace|fill|set|edit|your|my|dummy|example|placeholder|todo)"
    r"(?:[ _-]?(?:me|it|in|this|here|value|password|token|secret|key|your|the|my)){0,4}[!.]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PlainSecret:
    """`keys` are places like `stringData.password`; `is_wanted_encrypted` when the file's rule covers one of them."""

    name: str
    keys: tuple[str, ...]
    line: int | None
    is_wanted_encrypted: bool


def plain_secrets(document: Document, scope: Scope | None) -> Iterator[PlainSecret]:
    """The Secrets of one document that is not encrypted; `scope` is that of the rule which covers the file."""
    try:
        found = flatten([document], file="")
    except ManifestError:
        return
    for item in found:
        manifest = item.value
        if manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1":
            metadata = manifest.get("metadata")
            name = metadata.get("name") if isinstance(metadata, dict) else None
            yield from _plain(str(name or "without a name"), _values(manifest), scope, item.line)
        for generator in _generators(manifest):
            name = str(generator.get("name") or "without a name")
            yield from _plain(f"{name} (secretGenerator)", _literals(generator), scope, item.line)


def _plain(
    name: str, values: Iterator[tuple[tuple[str, ...], Any]], scope: Scope | None, line: int | None
) -> Iterator[PlainSecret]:
    """What a rule wants encrypted counts whatever it says; elsewhere a `changeme` is no secret yet."""
    found = [(keys, value) for keys, value in values if _is_plain(keys[0], value)]
    wanted = scope is not None and any(scope.encrypts(keys) for keys, _ in found)
    plain = [keys for keys, value in found if wanted or not _is_placeholder(keys[0], value)]
    if plain:
        yield PlainSecret(name[:200], tuple(".".join(keys)[:200] for keys in plain), line, wanted)


def _values(secret: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for field in ("data", "stringData"):
        values = secret.get(field)
        for key, value in values.items() if isinstance(values, dict) else ():
            yield (field, key), value


def _generators(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    found = manifest.get("secretGenerator")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _literals(generator: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    literals = generator.get("literals")
    for literal in literals if isinstance(literals, list) else ():
        key, separator, value = str(literal).partition("=")
        if separator:
            yield ("literals", key), value


def _is_plain(field: str, value: Any) -> bool:
    if value in (None, "") or is_ciphertext(value):
        return False
    if not isinstance(value, str):
        return True
    text = _text(field, value)
    return "${" not in text and "{{" not in text and marked_format(text.encode(errors="replace")) is None


def _is_placeholder(field: str, value: Any) -> bool:
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(_text(field, value).strip()) is not None


def _text(field: str, value: str) -> str:
    """What a value of the field stands for; as it is written where it is no base64."""
    if field != "data":
        return value
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return value
