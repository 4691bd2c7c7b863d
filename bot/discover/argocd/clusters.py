"""Clusters that Argo CD knows, as far as the repository declares the Secrets that make them known.

A Secret in Git is seldom plain. Of one that is sealed, or made from another store, or encrypted, the labels can be read,
which is what ApplicationSets select by; its name and URL can be read where they stand in clear.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

from bot.discover.argocd.objects import SECRET_TYPE, texts
from bot.discover.fields import mapping, text
from bot.discover.schema import shown
from bot.model.argocd import ArgoCluster
from bot.model.objects import Manifest

IN_CLUSTER = "in-cluster"
IN_CLUSTER_SERVER = "https://kubernetes.default.svc"
"""The cluster that Argo CD itself runs in."""

_TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("bitnami.com", "SealedSecret"): ("spec", "template"),
    ("external-secrets.io", "ExternalSecret"): ("spec", "target", "template"),
}
"""Where an object that a Secret is made of says what the Secret looks like."""

_FIELDS = ("name", "server", "project")
_HIDDEN = re.compile(r"ENC\[.*\]|.*<(masked|encrypted)\b.*", re.DOTALL)
"""What stands in place of a value: ciphertext, or what is shown of one where it was read from a rendering."""


def is_cluster_secret(manifest: Manifest) -> bool:
    """Also what a Secret of a cluster is made from."""
    shape = _shape(manifest)
    return shape is not None and texts(shape, "labels").get(SECRET_TYPE) == "cluster"


def declared_cluster(manifest: Manifest) -> ArgoCluster | None:
    """None for anything else."""
    shape = _shape(manifest)
    if shape is None or not is_cluster_secret(manifest):
        return None
    values = {name: _value(manifest, shape, name) for name in _FIELDS}
    unread = next((name for name in ("name", "server") if values[name] is None), "")
    name, server, project = (values[each] or "" for each in _FIELDS)
    return ArgoCluster(
        name,
        server.rstrip("/"),
        dict(texts(shape, "labels")),
        dict(texts(shape, "annotations")),
        project,
        _place(manifest),
        _why_unread(manifest, unread) if unread else _why_unusable(manifest, name, server),
    )


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


def _place(manifest: Manifest) -> str:
    metadata = mapping(manifest.get("metadata"))
    name, namespace = text(metadata, "name"), text(metadata, "namespace")
    return f"{namespace}/{name}" if namespace else name


def _why_unread(manifest: Manifest, field: str) -> str:
    kind = "Secret" if manifest.get("kind") == "Secret" else str(manifest.get("kind"))
    return f"{kind} {shown(_place(manifest))} does not show its {field}, because that is encrypted or kept elsewhere"


def _why_unusable(manifest: Manifest, name: str, server: str) -> str:
    empty = "name" if not name else "server" if not server else ""
    return f"Secret {shown(_place(manifest))} has no {empty}" if empty else ""
