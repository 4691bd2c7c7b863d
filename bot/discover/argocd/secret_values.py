"""What the Secrets that Argo CD reads say, as far as the repository shows it.

A Secret in Git is seldom plain. Of one that is sealed, or made from another store, or encrypted, the labels can be read,
and of its values those that stand in clear.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.discover.argocd.objects import SECRET_TYPE, texts
from bot.discover.fields import mapping, text
from bot.model.objects import Manifest

_TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("bitnami.com", "SealedSecret"): ("spec", "template"),
    ("external-secrets.io", "ExternalSecret"): ("spec", "target", "template"),
}
"""Where an object that a Secret is made of says what the Secret looks like."""

_HIDDEN = re.compile(r"ENC\[.*\]|.*<(masked|encrypted)\b.*", re.DOTALL)
"""What stands in place of a value: ciphertext, or what is shown of one where it was read from a rendering."""


@dataclass(frozen=True, slots=True)
class SecretInGit:
    """`manifest` is the object that is declared, `shape` the Secret that it is or makes."""

    manifest: Manifest
    shape: Manifest

    @classmethod
    def of(cls, manifest: Manifest, kind: str) -> "SecretInGit | None":
        """None for what is no Secret of this kind: `cluster`, `repository`."""
        shape = _shape(manifest)
        if shape is None or texts(shape, "labels").get(SECRET_TYPE) != kind:
            return None
        return cls(manifest, shape)

    @property
    def place(self) -> str:
        """`NAMESPACE/NAME`, or what of it there is."""
        metadata = mapping(self.manifest.get("metadata"))
        name, namespace = text(metadata, "name"), text(metadata, "namespace")
        return f"{namespace}/{name}" if namespace else name

    def value(self, name: str) -> str | None:
        """Empty where there is none, None where it cannot be told."""
        return _value(self.manifest, self.shape, name)


def _shape(manifest: Manifest) -> Manifest | None:
    """The Secret, or what says how the Secret is to look; None for what is neither."""
    kind = manifest.get("kind")
    group = text(manifest, "apiVersion").rpartition("/")[0]
    if kind == "Secret" and not group:
        return manifest
    steps = _TEMPLATES.get((group, kind)) if isinstance(kind, str) else None
    if steps is None:
        return None
    for step in steps:
        manifest = mapping(manifest.get(step))
    return manifest


def _value(manifest: Manifest, shape: Manifest, name: str) -> str | None:
    """Empty where there is none, None where it cannot be told."""
    if shape is not manifest:
        return _templated(manifest, shape, name)
    plain, encoded = mapping(manifest.get("stringData")).get(name), mapping(manifest.get("data")).get(name)
    if plain is not None:
        return plain if isinstance(plain, str) and not _HIDDEN.fullmatch(plain) else None
    if encoded is None:
        return ""
    return _decoded(encoded)


def _templated(manifest: Manifest, shape: Manifest, name: str) -> str | None:
    written = mapping(shape.get("data")).get(name)
    if isinstance(written, str) and "{{" not in written:
        return written
    if written is None and name == "project" and not any(name in keys for keys in _sealed_keys(manifest)):
        return ""
    return None


def _sealed_keys(manifest: Manifest) -> Iterator[Manifest]:
    """What else the Secret gets keys from, as far as those are named."""
    spec = mapping(manifest.get("spec"))
    yield mapping(spec.get("encryptedData"))
    if isinstance(spec.get("data"), list):
        yield {text(entry, "secretKey"): None for entry in spec["data"] if isinstance(entry, dict)}
    if spec.get("dataFrom"):
        yield {"project": None}


def _decoded(encoded: object) -> str | None:
    if not isinstance(encoded, str) or _HIDDEN.fullmatch(encoded):
        return None
    try:
        return base64.b64decode("".join(encoded.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
