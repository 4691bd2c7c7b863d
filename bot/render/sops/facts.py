"""What can be said of something that SOPS encrypted without holding a key.

Keys, recipients and the rest of the metadata are in plain text, and they are what a reviewer needs; the ciphertext
around them changes with every edit and says nothing. The invariant: facts hold no value, encrypted or plain, only
names and short hashes of ciphertext.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.model.manifests import ManifestError, documents
from bot.model.objects import Manifest
from bot.render.errors import Unrenderable
from bot.render.go_regex import BadPattern
from bot.render.sops.flat import flat_document
from bot.render.sops.formats import MAX_ENCRYPTED_BYTES, Format, marked_format
from bot.render.sops.scope import BadScope, Scope

METADATA = "sops"
_MAX_TEXT_CHARS = 300
_CIPHERTEXT = re.compile(r"ENC\[AES256_GCM,data:[^\]]*\]")
_NAMES = {
    "age": ("recipient",),
    "pgp": ("fp",),
    "kms": ("arn",),
    "gcp_kms": ("resource_id",),
    "azure_kv": ("vault_url", "name", "version"),
    "hc_vault": ("vault_address", "engine_path", "key_name"),
    "hckms": ("key_id",),
}
_PRIVATE = re.compile(r"AGE-SECRET-KEY-|PRIVATE KEY", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Recipient:
    """Who can decrypt. `kind` is SOPS's name for it; `group` counts key groups, 0 where there is but one."""

    kind: str
    name: str
    group: int = 0


@dataclass(frozen=True, slots=True)
class SopsFacts:
    """`keys` maps each encrypted key (`stringData.password`) to a short hash of its ciphertext, and `mac` is such a
    hash as well. `exposed` are keys that the metadata wants encrypted and that are not.
    """

    format: Format
    keys: tuple[tuple[str, str], ...]
    exposed: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    scope: Scope | None
    mac: str
    last_modified: str
    version: str
    is_mac_only_encrypted: bool = False
    shamir_threshold: int = 0

    def view(self) -> dict[str, Any]:
        """What a plan compares in place of the encrypted file: JSON-like, and equal where nothing a person cares for
        has changed. The MAC is left out: it changes whenever `lastmodified` does.
        """
        return {"keys": {key: stand_in(mark) for key, mark in self.keys}, **self.metadata()}

    def stand_in(self) -> str:
        """For the file as a whole: equal where no value was encrypted anew. A mask takes it for ciphertext."""
        return stand_in(_short_hash(repr(self.keys)))

    def metadata(self) -> dict[str, Any]:
        """The part of `view` that is not about keys."""
        shown: dict[str, Any] = {}
        for recipient in self.recipients:
            shown.setdefault(recipient.kind, []).append(
                f"{recipient.name} (key group {recipient.group + 1})" if self._has_groups else recipient.name
            )
        if self.scope is not None:
            shown[self.scope.field] = self.scope.value
        if self.is_mac_only_encrypted:
            shown["mac_only_encrypted"] = True
        if self.shamir_threshold:
            shown["shamir_threshold"] = self.shamir_threshold
        return shown | {"lastmodified": self.last_modified, "version": self.version}

    def opens_with(self, kind: str) -> bool:
        """Whether keys of this one kind can be enough, as far as the metadata tells."""
        groups = {recipient.group for recipient in self.recipients}
        held = {recipient.group for recipient in self.recipients if recipient.kind == kind}
        return bool(held) and len(held) >= (self.shamir_threshold or len(groups))

    @property
    def _has_groups(self) -> bool:
        return any(recipient.group for recipient in self.recipients)


def describe(data: bytes, as_format: Format, *, file: str) -> SopsFacts | None:
    """The facts of a file, None when SOPS did not encrypt it. Raises `Unrenderable` when it cannot be read."""
    if b"ENC[" not in data or METADATA.encode() not in data:
        return None
    if len(data) > MAX_ENCRYPTED_BYTES:
        raise Unrenderable(f"is larger than {MAX_ENCRYPTED_BYTES // 1024**2} MiB", file=file)
    if as_format in {Format.DOTENV, Format.INI}:
        return _facts([flat_document(data, as_format)], as_format)
    try:
        values = [document.value for document in documents(data, file=file)]
    except ManifestError as error:
        raise Unrenderable(error.problem, file=file, line=error.line) from None
    return _facts(values, as_format)


def describe_object(manifest: Manifest) -> SopsFacts | None:
    """The facts of an object with a `sops` key that has a `mac`, which is what Flux decrypts."""
    return _facts([manifest], Format.JSON)


def describe_values(manifest: Manifest) -> dict[str, SopsFacts]:
    """The facts of the SOPS files that a Secret holds in `data`, by key: a generator's encrypted inputs."""
    found: dict[str, SopsFacts] = {}
    for key, data, as_format in encrypted_values(manifest):
        try:
            facts = describe(data, as_format, file=key)
        except Unrenderable:
            continue
        if facts is not None:
            found[key] = facts
    return found


def encrypted_values(manifest: Manifest) -> Iterator[tuple[str, bytes, Format]]:
    """Keys of a Secret whose values are marked as SOPS files, with those files."""
    data = manifest.get("data")
    if manifest.get("kind") != "Secret" or not isinstance(data, dict):
        return
    for key, value in data.items():
        decoded = decoded_value(value)
        if decoded is None:
            continue
        as_format = marked_format(decoded)
        if as_format is not None:
            yield key, decoded, as_format


def decoded_value(value: Any) -> bytes | None:
    """A Secret's value; None for what is no base64. As in Go, line breaks do not count: kustomize folds long values."""
    try:
        return (
            base64.b64decode(re.sub(r"[\r\n]", "", value), validate=True) if isinstance(value, str) else None
        )
    except (binascii.Error, ValueError):
        return None


def is_ciphertext(value: Any) -> bool:
    return isinstance(value, str) and _CIPHERTEXT.fullmatch(value.strip()) is not None


def leaves(
    value: Any, keys: tuple[str, ...] = (), shown: str = ""
) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Every scalar with its keys as SOPS counts them, and with its place as a person writes it."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, (*keys, key), f"{shown}.{key}" if shown else key)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from leaves(below, keys, f"{shown}[{index}]")
    else:
        yield keys, shown, value


def _facts(values: list[Any], as_format: Format) -> SopsFacts | None:
    metadata = next((found for value in values if (found := _metadata(value)) is not None), None)
    if metadata is None:
        return None
    try:
        scope = Scope.of(metadata)
    except (BadScope, BadPattern):
        scope = None
    keys: list[tuple[str, str]] = []
    exposed: list[str] = []
    for index, value in enumerate(values):
        for path, shown, leaf in leaves(value, (), f"documents[{index}]" if len(values) > 1 else ""):
            if path[:1] == (METADATA,):
                continue
            if is_ciphertext(leaf):
                keys.append((shown[:_MAX_TEXT_CHARS], _short_hash(leaf)))
            elif leaf not in (None, "") and scope is not None and scope.encrypts(path):
                exposed.append(shown[:_MAX_TEXT_CHARS])
    return SopsFacts(
        as_format,
        keys=tuple(keys),
        exposed=tuple(exposed),
        recipients=tuple(_recipients(metadata)),
        scope=scope,
        mac=_short_hash(str(metadata["mac"])),
        last_modified=_text(metadata.get("lastmodified")),
        version=_text(metadata.get("version")),
        is_mac_only_encrypted=str(metadata.get("mac_only_encrypted", "")).lower() == "true",
        shamir_threshold=_number(metadata.get("shamir_threshold")),
    )


def _metadata(value: Any) -> dict[str, Any] | None:
    found = value.get(METADATA) if isinstance(value, dict) else None
    return found if isinstance(found, dict) and found.get("mac") else None


def _recipients(metadata: dict[str, Any]) -> Iterator[Recipient]:
    groups = metadata.get("key_groups")
    if any(metadata.get(kind) for kind in _NAMES) or not isinstance(groups, list):
        groups = [metadata]
    for index, group in enumerate(groups):
        for kind, fields in _NAMES.items():
            entries = group.get(kind) if isinstance(group, dict) else None
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    yield Recipient(kind, "/".join(_text(entry[f]) for f in fields if entry.get(f)), index)


def _text(value: Any) -> str:
    """A word of the metadata. A private key that somebody put in a recipient's place must not come through."""
    text = "" if value is None else str(value)
    return "<masked>" if _PRIVATE.search(text) else text[:_MAX_TEXT_CHARS]


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def stand_in(mark: str) -> str:
    """What stands for a ciphertext of this mark."""
    return f"ENC[AES256_GCM,data:{mark}]"


def _short_hash(ciphertext: str) -> str:
    return hashlib.sha256(ciphertext.encode(errors="surrogatepass")).hexdigest()[:8]
