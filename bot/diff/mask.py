"""Takes the secrets out of a rendering, once, before anything else sees it.

A secret value becomes `<masked 3f9a2c1b>`, a keyed hash, so that a reader sees whether it changed and nobody can try
out guesses against it. What is ciphertext already becomes `<encrypted 3f9a2c1b>`. The invariant: nothing that leaves
this module holds a secret value, and nothing that it marked can be taken for a value (`is_masked`).
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any

from bot.diff.ciphertext import all_encrypted, encrypted, holds_ciphertext, is_ciphertext, with_encrypted
from bot.diff.credentials import (
    UNKEYED_MARK,
    credential_spans,
    holds_secret_manifest,
    is_reference,
    looking_spans,
    replace_spans,
    says_password,
    says_secret,
    says_secrets,
)
from bot.diff.holes import with_versions
from bot.model.manifests import digest
from bot.model.objects import Digest, Manifest, Object
from bot.model.rendering import Diagnostic, MaskedRendering, Rendering

MAX_DEPTH = 200
MIN_SCRUBBED_CHARS = 6
_MIN_FIELD_CHARS = 3

_MARK = re.compile(r"<(?:masked|encrypted)(?: [0-9a-f]{8})?>")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_NAMES_OF_SECRETS = frozenset({"name", "namespace", "key", "kind", "type", "path", "optional"})

Mark = Callable[[bytes], str]
"""What stands in for a secret value of these bytes."""


class Mask:
    """Masks with one key. Hashes made with different keys (`key_id`) cannot be compared, and neither can digests."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a mask's key has at least 16 bytes")
        self._key = hmac.digest(key, b"longshore mask", "sha256")
        self.key_id = hmac.digest(key, b"longshore mask key id", "sha256").hex()[:8]

    def mask(self, rendering: Rendering) -> MaskedRendering:
        veil = _Veil(self._mark, rendering.secrets)
        versioned = with_versions(rendering.objects, rendering.holes)
        objects = tuple(Object(o.id, veil.manifest(o.manifest)) for o in versioned)
        return MaskedRendering(
            objects,
            digest=self.digest(objects),
            diagnostics=self._diagnostics(rendering),
            holes=rendering.holes,
            chart_crds=rendering.chart_crds,
            materials=rendering.materials,
            is_lasting=rendering.is_lasting,
        )

    def scrub(self, text: str, rendering: Rendering) -> str:
        """Free text about a rendering, without the rendering's secrets and without anything that looks like one."""
        return _scrub(text, _secrets(rendering), self._mark)

    def digest(self, objects: tuple[Object, ...]) -> Digest:
        """Of masked objects, in whatever order."""
        ordered = sorted(objects, key=lambda o: (o.id, o.api_version))
        return digest({"mask": self.key_id, "objects": [o.manifest for o in ordered]})

    def _diagnostics(self, rendering: Rendering) -> tuple[Diagnostic, ...]:
        if not rendering.diagnostics:
            return ()
        known = _secrets(rendering)
        return tuple(
            Diagnostic(d.severity, _scrub(d.message, known, self._mark), d.file, d.line)
            for d in rendering.diagnostics
        )

    def _mark(self, secret: bytes) -> str:
        return f"<masked {hmac.digest(self._key, secret, 'sha256').hex()[:8]}>"


def is_masked(value: Any) -> bool:
    """Whether a mark is anywhere in the value: such a value must never be sent to a cluster."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if _MARK.search(item):
                return True
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
    return False


class _Veil:
    """One walk over a manifest that copies it with `mark` in place of every secret value.

    `known` are values that are secret wherever they stand; short ones only where they are all of a field.
    """

    def __init__(self, mark: Mark, known: Iterable[str] = ()) -> None:
        self._mark = mark
        self._fields = frozenset(secret for secret in known if len(secret) >= _MIN_FIELD_CHARS)
        self._parts = [secret for secret in self._fields if len(secret) >= MIN_SCRUBBED_CHARS]

    def manifest(self, manifest: Manifest) -> Manifest:
        if manifest.get("kind") == "CustomResourceDefinition":
            # A schema names secret fields and explains them at length, and holds none.
            return {key: self._by_look(value) for key, value in manifest.items()}
        return self._mapping(manifest, 0)

    def _value(self, name: str, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return self._deep(value) if depth > MAX_DEPTH else self._mapping(value, depth + 1, name)
        if isinstance(value, list):
            return self._deep(value) if depth > MAX_DEPTH else self._list(name, value, depth + 1)
        if isinstance(value, str):
            return self._named(value) if says_secret(name) else self._text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            is_secret = says_password(name) or str(value) in self._fields
            return self._mark(str(value).encode()) if is_secret else value
        return value

    def _mapping(self, mapping: dict[str, Any], depth: int, name: str = "") -> dict[str, Any]:
        if mapping.get("kind") == "Secret" and mapping.get("apiVersion") == "v1":
            return self._secret(mapping, depth)
        is_all_secret = says_secrets(name)
        masked: dict[str, Any] = {}
        for key, value in mapping.items():
            if key == _LAST_APPLIED or (key == "value" and says_secret(name)):
                masked[key] = self._whole(value)
            elif key == "stringData" and isinstance(value, dict):
                masked[key] = {k: self._whole(v) for k, v in value.items()}
            elif key == "secretKey" and ("remoteRef" in mapping or "sourceRef" in mapping):
                # An ExternalSecret names the key here, and the value stays where it is.
                masked[key] = self._without_known(value) if isinstance(value, str) else value
            elif key == "encryptedData":
                masked[key] = all_encrypted(value)
            elif key == "value" and _names_secret(mapping):
                masked[key] = self._value("password", value, depth)
            elif (
                is_all_secret and isinstance(value, str) and key not in _NAMES_OF_SECRETS and not _refers(key)
            ):
                masked[key] = self._named(value)
            else:
                masked[key] = self._value(key, value, depth)
        return masked

    def _list(self, name: str, items: list[Any], depth: int) -> list[Any]:
        masked = []
        follows = False
        for item in items:
            if isinstance(item, str):
                masked.append(self._whole(item) if follows else self._value(name, item, depth))
                follows = item.startswith("-") and "=" not in item and says_secret(item)
            else:
                masked.append(self._value(name, item, depth))
                follows = False
        return masked

    def _secret(self, secret: dict[str, Any], depth: int) -> dict[str, Any]:
        """`stringData` is folded into `data`, as the API server does, so that both spellings of one value are equal."""
        masked = {
            key: self._value(key, value, depth)
            for key, value in secret.items()
            if key not in {"data", "stringData"}
        }
        plain, encoded = secret.get("stringData"), secret.get("data")
        if "data" in secret or "stringData" in secret:
            values = {k: self._encoded(v) for k, v in encoded.items()} if isinstance(encoded, dict) else {}
            values |= {k: self._whole(v) for k, v in plain.items()} if isinstance(plain, dict) else {}
            masked["data"] = values
        return masked

    def _encoded(self, value: Any) -> Any:
        if not isinstance(value, str) or holds_ciphertext(value):
            return self._whole(value)
        decoded = _decoded(value)
        return self._mark(value.encode() if decoded is None else decoded)

    def _named(self, value: str) -> str:
        is_plain = is_reference(value) and self._without_known(value) == value
        return value if is_plain else self._whole(value)

    def _whole(self, value: Any) -> Any:
        """All of the value is secret, whatever it looks like."""
        if isinstance(value, str):
            return encrypted(value) if is_ciphertext(value) else self._mark(_utf8(value))
        return None if value is None else self._mark(repr(value).encode())

    def _text(self, text: str) -> str:
        return self._shown(self._without_known(text))

    def _without_known(self, text: str) -> str:
        if text in self._fields:
            return self._mark(_utf8(text))
        if not any(secret in text for secret in self._parts):
            return text
        return _replaced(text, _spans(text, self._parts), lambda span: self._mark(_utf8(span)))

    def _shown(self, text: str) -> str:
        text = with_encrypted(text)
        if holds_secret_manifest(text):
            return self._mark(_utf8(text))
        return _replaced(text, credential_spans(text), lambda span: self._mark(_utf8(span)))

    def _by_look(self, value: Any, depth: int = 0) -> Any:
        if isinstance(value, str):
            text = self._without_known(value)
            return _replaced(text, [*looking_spans(text)], lambda span: self._mark(_utf8(span)))
        if depth > MAX_DEPTH:
            return self._deep(value)
        if isinstance(value, dict):
            return {
                k: self._whole(v) if k == _LAST_APPLIED else self._by_look(v, depth + 1)
                for k, v in value.items()
            }
        if isinstance(value, list):
            return [self._by_look(v, depth + 1) for v in value]
        return value

    def _deep(self, value: Any) -> Any:
        """Deeper than any manifest goes, and than this walk can: masked as one."""
        return self._mark(b"too deep") if isinstance(value, dict | list) else self._whole(value)


def _names_secret(mapping: dict[str, Any]) -> bool:
    """An environment variable, or any other `{name: DB_PASSWORD, value: ...}`."""
    name = mapping.get("name", mapping.get("key"))
    return isinstance(name, str) and says_secret(name)


def _refers(key: str) -> bool:
    return key.lower().endswith(("name", "ref", "file", "path"))


def _decoded(value: str) -> bytes | None:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _utf8(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _secrets(rendering: Rendering) -> dict[str, bytes]:
    """Every secret of the rendering by each spelling it may have in a text."""
    found = {_utf8(secret) for secret in rendering.secrets}

    def note(secret: bytes) -> str:
        found.add(secret)
        return UNKEYED_MARK

    veil = _Veil(note)
    for item in rendering.objects:
        veil.manifest(item.manifest)
    spellings: dict[str, bytes] = {}
    for secret in found:
        text = secret.decode(errors="ignore")
        encoded = base64.b64encode(secret).decode()
        for spelling in (text, text.strip(), encoded, encoded.rstrip("="), *text.splitlines()):
            if len(spelling) >= MIN_SCRUBBED_CHARS:
                spellings.setdefault(spelling, secret)
    return spellings


def _scrub(text: str, secrets: dict[str, bytes], mark: Mark) -> str:
    spans = [*credential_spans(text), *_spans(text, secrets)]
    return _replaced(text, spans, lambda span: mark(secrets.get(span, _utf8(span))))


def _spans(text: str, spellings: Iterable[str]) -> list[tuple[int, int]]:
    spans = []
    for spelling in spellings:
        at = text.find(spelling)
        while at >= 0:
            spans.append((at, at + len(spelling)))
            at = text.find(spelling, at + len(spelling))
    return spans


def _replaced(text: str, spans: list[tuple[int, int]], mark: Callable[[str], str]) -> str:
    """Marks stay as they are: `password: <encrypted 3f9a2c1b>` says more than a mark of a mark."""
    return replace_spans(text, spans, lambda span: span if _MARK.fullmatch(span) else mark(span))
