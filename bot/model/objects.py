"""Kubernetes objects by identity.

An object's identity is group, kind, namespace and name, never its version: `apps/v1` and `apps/v1beta1` of one name
are one object. Identity as the repository sees it may lack a namespace that the cluster will fill in.
"""

from dataclasses import dataclass
from typing import Any, NewType

Manifest = dict[str, Any]
"""One object as YAML or JSON gives it."""

Digest = NewType("Digest", str)
"""`sha256:<64 hex>` over canonical JSON."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectId:
    """`namespace` is empty for cluster-scoped objects and where the manifest names none."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"

    @classmethod
    def of(cls, manifest: Manifest) -> "ObjectId":
        """Read the identity off a manifest. Raises ValueError naming the field that is missing or no string."""
        metadata = manifest.get("metadata")
        if not isinstance(metadata, dict):
            raise ValueError("metadata is missing")  # noqa: TRY004 - one error class for every misshapen manifest
        group, _, _ = _text(manifest, "apiVersion").rpartition("/")
        namespace = metadata.get("namespace") or ""
        if not isinstance(namespace, str):
            raise ValueError("metadata.namespace is not a string")  # noqa: TRY004 - as above
        return cls(group, _text(manifest, "kind"), namespace, _text(metadata, "name", "metadata.name"))


@dataclass(frozen=True, slots=True)
class Object:
    """One rendered manifest. The manifest is shared, not copied: nobody changes it in place."""

    id: ObjectId
    manifest: Manifest

    @classmethod
    def of(cls, manifest: Manifest) -> "Object":
        return cls(ObjectId.of(manifest), manifest)

    @property
    def api_version(self) -> str:
        return str(self.manifest["apiVersion"])


def _text(mapping: Manifest, key: str, shown: str = "") -> str:
    value = mapping.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{shown or key} is missing or not a string")
    return value
