"""How SOPS spells what it encrypted, and where Flux looks for it.

Flux finds encrypted files by a few marker bytes and by the name's ending, not by parsing. What it does not find it
delivers as it stands, ciphertext and all, so the markers here are byte for byte Flux's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_ENCRYPTED_BYTES = 5 * 1024 * 1024
"""What Flux decrypts at most."""


class Format(StrEnum):
    """The values are the names that the sops program takes."""

    YAML = "yaml"
    JSON = "json"
    DOTENV = "dotenv"
    INI = "ini"
    BINARY = "binary"
    """Any bytes; encrypted they are a JSON envelope with the one key `data`."""


_JSON_MARKER = b'"mac": "ENC['
_MARKERS = {
    Format.JSON: _JSON_MARKER,
    Format.BINARY: _JSON_MARKER,
    Format.YAML: b"mac: ENC[",
    Format.DOTENV: b"sops_mac=ENC[",
    Format.INI: b"[sops]",
}
_ENDINGS = (
    (".dockerconfigjson", Format.JSON),
    (".yaml", Format.YAML),
    (".yml", Format.YAML),
    (".json", Format.JSON),
    (".env", Format.DOTENV),
    (".ini", Format.INI),
)


@dataclass(frozen=True, slots=True)
class DecryptedInput:
    """A file that Flux decrypts in place before it builds, if it is marked. `text` is the path as it is written."""

    text: str
    format: Format


def format_for(path: str) -> Format:
    """The format by the ending of a file's name or of a key in a Secret; `BINARY` where none is known."""
    return next((found for ending, found in _ENDINGS if path.endswith(ending)), Format.BINARY)


def is_marked(data: bytes, as_format: Format) -> bool:
    """Whether Flux takes a file that is to be read in this format for one that SOPS encrypted."""
    return _MARKERS[as_format] in data


def marked_format(data: bytes) -> Format | None:
    """The format of a SOPS file inside a Secret's value, whose name says nothing about how it is encrypted."""
    return next((found for found, marker in _MARKERS.items() if marker in data), None)


def decrypted_inputs(kustomization: Mapping[str, Any]) -> Iterator[DecryptedInput]:
    """What Flux decrypts before building a kustomization: files and envs of its secretGenerator, files of patches.

    Nothing else: not `env`, not `configMapGenerator`, not the older fields for patches. What has a wrong type is
    passed over, because kustomize says so better.
    """
    for generator in _mappings(kustomization.get("secretGenerator")):
        for source in _texts(generator.get("files")):
            key, separator, path = source.partition("=")
            yield DecryptedInput(path if separator else key, format_for(key))
        for path in _texts(generator.get("envs")):
            found = format_for(path)
            yield DecryptedInput(path, Format.DOTENV if found is Format.BINARY else found)
    for patch in _mappings(kustomization.get("patches")):
        named = patch.get("path")
        if isinstance(named, str) and named:
            yield DecryptedInput(named, format_for(named))


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
