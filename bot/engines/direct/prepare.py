"""From a rendering to what is sent: every object with its place on the server, its namespace and our label.

Invariant: what cannot be sent, or may not be, is known before the first request that changes anything.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.engines.base import Order
from bot.engines.direct.failures import failed
from bot.kube.applyset import PART_OF_LABEL, PART_OF_LABELS, Parent
from bot.kube.client import KubeClient
from bot.kube.errors import NoSuchKind
from bot.kube.normalise import normalised
from bot.kube.parent import owns
from bot.kube.resources import Resource
from bot.model.delivery import Failure, ObjectResult
from bot.model.objects import Manifest, Object, ObjectId

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object as it is sent. `rendered` is a hash of its masked form; `is_new_kind`: its CRD comes with it."""

    id: ObjectId
    resource: Resource
    manifest: Manifest
    masked: Manifest
    rendered: str
    is_new_kind: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    wanted: dict[ObjectId, Wanted]
    failures: tuple[ObjectResult, ...] = ()


async def prepare(order: Order, client: KubeClient, parent: Parent) -> Prepared:
    """Everything the order declares. With any failure, nothing of it may be applied."""
    masked = {obj.id: obj.manifest for obj in order.masked.objects}
    defined = _defined_here(order.rendering.objects)
    wanted: dict[ObjectId, Wanted] = {}
    failures: list[ObjectResult] = []
    for obj in order.rendering.objects:
        try:
            resource, is_new_kind = await _resource(client, defined, obj)
        except NoSuchKind as error:
            failures.append(failed(obj.id, Failure.NO_KIND, str(error)))
            continue
        identity = _placed(obj.id, resource, order.target.namespace)
        if (refusal := _refusal(order, parent, identity, obj, resource)) is not None:
            failures.append(refusal)
        elif identity in wanted:
            failures.append(
                failed(identity, Failure.INVALID, "is declared twice by this target; remove one of the two")
            )
        else:
            wanted[identity] = _wanted((identity, resource, is_new_kind), obj, masked[obj.id], parent)
    return Prepared(wanted, tuple(failures))


def _wanted(place: tuple[ObjectId, Resource, bool], obj: Object, masked: Manifest, parent: Parent) -> Wanted:
    identity, resource, is_new_kind = place
    manifest = normalised(obj.manifest, namespace=identity.namespace)
    metadata = manifest["metadata"]
    labels = {**(metadata.get("labels") or {}), PART_OF_LABEL: parent.id}
    manifest = {**manifest, "metadata": {**metadata, "labels": labels}}
    said = msgspec.json.encode([identity.namespace, parent.id, masked], order="sorted")
    return Wanted(identity, resource, manifest, masked, hashlib.sha256(said).hexdigest()[:32], is_new_kind)


def _placed(identity: ObjectId, resource: Resource, default: str) -> ObjectId:
    """The identity as the cluster will have it."""
    namespace = (identity.namespace or default or DEFAULT_NAMESPACE) if resource.namespaced else ""
    return ObjectId(identity.group, identity.kind, namespace, identity.name)


def _refusal(
    order: Order, parent: Parent, identity: ObjectId, obj: Object, resource: Resource
) -> ObjectResult | None:
    if owns(identity, parent.namespace):
        return failed(identity, Failure.NOT_ALLOWED, "belongs to Longshore's own state")
    if not order.admits(identity, namespaced=resource.namespaced):
        return failed(
            identity,
            Failure.NOT_ALLOWED,
            f"is not covered by clusters.{order.target.id.cluster}.allow in the operator's config.yaml",
        )
    labels = obj.manifest["metadata"].get("labels") or {}
    if any(label in labels for label in PART_OF_LABELS):
        return failed(
            identity, Failure.INVALID, f"carries the label {PART_OF_LABEL}, which Longshore sets itself"
        )
    return None


async def _resource(
    client: KubeClient, defined: dict[tuple[str, str], Resource], obj: Object
) -> tuple[Resource, bool]:
    try:
        return await client.discovery.resource(obj.api_version, obj.id.kind), False
    except NoSuchKind:
        if found := defined.get((obj.api_version, obj.id.kind)):
            return found, True
        raise


def _defined_here(objects: tuple[Object, ...]) -> dict[tuple[str, str], Resource]:
    """The kinds that the rendering's own CRDs will define."""
    defined: dict[tuple[str, str], Resource] = {}
    for obj in objects:
        if obj.id.kind != "CustomResourceDefinition":
            continue
        for resource in _kinds_of(obj.manifest.get("spec")):
            defined[resource.api_version, resource.kind] = resource
    return defined


def _kinds_of(spec: Any) -> list[Resource]:
    """What a CRD's spec defines; nothing where it is misshapen, which the server will say better."""
    try:
        names, namespaced = spec["names"], spec["scope"] == "Namespaced"
        return [
            Resource(spec["group"], version["name"], names["kind"], names["plural"], namespaced)
            for version in spec["versions"]
            if version.get("served")
        ]
    except (KeyError, TypeError, AttributeError):
        return []
