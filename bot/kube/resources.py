"""Where a kind lives on the server, and the part of an object that metadata-only requests bring.

Invariant: `ObjectMeta` never holds more than metadata, so a Secret's data is not even decoded.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from bot.model.objects import Manifest, ObjectId


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """One served kind in one version."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """The URL path of the collection, in one namespace where one is given, or of one object."""
        parts = ["/apis", quote(self.group, safe="")] if self.group else ["/api"]
        parts.append(quote(self.version, safe=""))
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(quote(self.plural, safe=""))
        if name:
            parts.append(quote(name, safe=""))
        return "/".join(parts)

    def id(self, namespace: str, name: str) -> ObjectId:
        return ObjectId(self.group, self.kind, namespace if self.namespaced else "", name)


class OwnerReference(msgspec.Struct, frozen=True):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class ManagedFields(msgspec.Struct, frozen=True):
    """One manager's claim. `fieldsV1` stays raw until somebody needs it."""

    manager: str = ""
    operation: str = ""
    apiVersion: str = ""  # noqa: N815 - the API's name
    subresource: str = ""
    time: str | None = None
    fieldsType: str = ""  # noqa: N815 - the API's name
    fieldsV1: msgspec.Raw = msgspec.Raw(b"{}")  # noqa: N815 - the API's name


class ObjectMeta(msgspec.Struct, frozen=True):
    name: str
    uid: str = ""
    namespace: str = ""
    resourceVersion: str = ""  # noqa: N815 - the API's name
    generation: int | None = None
    deletionTimestamp: str | None = None  # noqa: N815 - the API's name
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    ownerReferences: list[OwnerReference] | None = None  # noqa: N815 - the API's name
    managedFields: list[ManagedFields] | None = None  # noqa: N815 - the API's name

    @property
    def label_map(self) -> dict[str, str]:
        return self.labels or {}

    @property
    def annotation_map(self) -> dict[str, str]:
        return self.annotations or {}

    @property
    def managers(self) -> list[ManagedFields]:
        return self.managedFields or []

    @property
    def is_terminating(self) -> bool:
        return self.deletionTimestamp is not None

    @property
    def controller(self) -> OwnerReference | None:
        return next((owner for owner in self.ownerReferences or [] if owner.controller), None)

    def mark(self, key: str) -> str:
        """A per-object switch, which people write as an annotation or as a label."""
        return self.annotation_map.get(key) or self.label_map.get(key) or ""

    @classmethod
    def of(cls, manifest: Manifest) -> "ObjectMeta":
        return msgspec.json.decode(msgspec.json.encode(manifest.get("metadata")), type=cls)


class PartialObject(msgspec.Struct):
    metadata: ObjectMeta


class ListMeta(msgspec.Struct):
    # An absent token and an empty one both mean the last page.
    continue_: str = msgspec.field(default="", name="continue")


class PartialList(msgspec.Struct):
    metadata: ListMeta
    items: list[PartialObject] | None = None


class FullList(msgspec.Struct):
    metadata: ListMeta
    items: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One change about to be made in the cluster, as the gates in front of it see it."""

    verb: str
    resource: Resource
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource.id(self.namespace, self.name)}"
