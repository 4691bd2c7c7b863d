"""Messages about an object, without what is secret in it.

Invariant: a value counts as secret exactly where the mask changed it, so that this module has no opinion of its own.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from bot.model.objects import Manifest

REDACTED = "***"
SHORTEST = 4
"""Shorter values would tear ordinary words apart, and are no secrets worth the name."""


def scrubbed(message: str, manifest: Manifest, masked: Manifest) -> str:
    """The message with every secret value of the manifest cut out, encoded or not. Webhooks quote what they refuse."""
    for secret in sorted(set(_secrets(manifest, masked)), key=len, reverse=True):
        message = message.replace(secret, REDACTED)
    return message


def _secrets(value: Any, masked: Any) -> Iterator[str]:
    if isinstance(value, dict):
        other = masked if isinstance(masked, dict) else {}
        for key, inner in value.items():
            yield from _secrets(inner, other.get(key))
    elif isinstance(value, list):
        others = masked if isinstance(masked, list) else []
        for index, inner in enumerate(value):
            yield from _secrets(inner, others[index] if index < len(others) else None)
    elif value != masked and len(text := str(value)) >= SHORTEST:
        yield text
        yield from _decoded(text)


def _decoded(text: str) -> Iterator[str]:
    try:
        plain = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return
    if len(plain) >= SHORTEST:
        yield plain
        if len(stripped := plain.strip()) >= SHORTEST:
            yield stripped
