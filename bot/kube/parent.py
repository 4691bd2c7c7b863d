"""The parent ConfigMap: where a target's record lives, in one object or, when it is large, in parts.

Invariant: the parent is replaced by resourceVersion only, and parts are named by their content: a reader sees the old
record or the new one, and a writer who missed a change is refused.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.kube.applyset import ID_LABEL, PREFIX, Parent, contents
from bot.kube.client import KubeClient
from bot.kube.errors import AlreadyExists, Conflict, Forbidden, NotFound
from bot.kube.record import Record, RecordUnreadable, decode, encode
from bot.kube.resources import Resource
from bot.model.objects import Digest, Manifest, ObjectId
from bot.model.repo import RepoId
from bot.model.target import TargetId

PART_BYTES = 700 * 1024
MAX_PARTS = 64
CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps", namespaced=True)
NAMESPACE = Resource("", "v1", "Namespace", "namespaces", namespaced=False)

MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
PART_LABEL = "longshore.dev/part-of-record"
REPOSITORY = "longshore.dev/repository"
REPOSITORY_ID = "longshore.dev/repository-id"
"""The forge's own number of the repository that this was delivered from."""
BRANCH = "longshore.dev/branch"
CLUSTER = "longshore.dev/cluster"
TARGET = "longshore.dev/target"
ALLOW_PRUNE = "longshore.dev/allow-prune"
ACCEPT = "longshore.dev/accept-revision"
"""A revision that a person takes although the branch was rewritten under what is delivered."""
ATTEMPT = "longshore.dev/attempt"
"""Changes with every retry a person asks for."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a target's revisions come from.

    `number` is the forge's own of the repository, None where it is not known; two of one path are the same source.
    """

    repo: RepoId
    branch: str
    number: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose parent it is; written on it, so that parents can be listed without reading their records."""

    parent: Parent
    source: Source
    target: TargetId


@dataclass(frozen=True, slots=True)
class Held:
    """A parent as read: the ConfigMap with its resourceVersion, and the record in it."""

    manifest: Manifest
    record: Record

    @property
    def uid(self) -> str:
        return str(self.manifest["metadata"]["uid"])

    @property
    def allowed_prune(self) -> Digest:
        return Digest(self.said(ALLOW_PRUNE))

    def said(self, name: str) -> str:
        """What a person's command left on the parent under this name; empty when nothing."""
        annotations = self.manifest["metadata"].get("annotations") or {}
        return str(annotations.get(name, ""))


async def read(client: KubeClient, parent: Parent) -> Held | None:
    """The parent, or None when it does not exist. Raises RecordUnreadable."""
    manifest = await client.find(CONFIG_MAP, parent.namespace, parent.name)
    while manifest is not None:
        blob = await _blob(client, parent, manifest)
        if blob is not None:
            return Held(manifest, decode(blob, str(parent)))
        # A part is gone: either a writer has switched parts since, or the record is damaged.
        again = await client.find(CONFIG_MAP, parent.namespace, parent.name)
        if again is not None and _version(again) == _version(manifest):
            raise RecordUnreadable(
                f"the delivery record in {parent} cannot be read: a part of it is missing",
                hint=f"restore the ConfigMaps labelled {PART_LABEL}={parent.name}, or delete the parent to start "
                "with an empty inventory",
            )
        manifest = again
    return None


async def create(client: KubeClient, identity: Identity, record: Record) -> Held:
    """Make the parent; its namespace exists. Raises AlreadyExists."""
    parent = identity.parent
    manifest = _manifest(identity, record, {"name": parent.name, "namespace": parent.namespace})
    blob = encode(record)
    if len(blob) > PART_BYTES:
        raise ValueError("a parent is created with an empty inventory")
    manifest["binaryData"] = {"record": _text(blob)}
    return Held(await client.create(CONFIG_MAP, manifest), record)


async def write(client: KubeClient, identity: Identity, held: Held, record: Record) -> Held:
    """Replace the record. Raises Conflict when anybody wrote the parent since `held` was read."""
    blob = encode(record)
    manifest = _manifest(identity, record, held.manifest["metadata"])
    if len(blob) <= PART_BYTES:
        manifest["binaryData"] = {"record": _text(blob)}
        names: list[str] = []
    else:
        names = await _write_parts(client, identity.parent, held.uid, blob)
        manifest["data"] = {"parts": " ".join(names)}
    try:
        written = Held(await client.replace(CONFIG_MAP, manifest), record)
    except NotFound as error:
        raise Conflict(f"{identity.parent} was deleted while it was in use") from error
    if names or _part_names(held.manifest):
        await _sweep_parts(client, identity.parent, keep=set(names))
    return written


async def allow_prune(client: KubeClient, parent: Parent, digest: Digest) -> None:
    """Let exactly the guarded deletion with this digest go. Raises NotFound."""
    await say(client, parent, ALLOW_PRUNE, digest)


async def say(client: KubeClient, parent: Parent, name: str, value: str) -> None:
    """Leave a person's word on the parent: `ACCEPT`, `ATTEMPT` or `ALLOW_PRUNE`. Raises NotFound."""
    await client.merge(
        CONFIG_MAP, parent.namespace, parent.name, {"metadata": {"annotations": {name: value}}}
    )


async def remove(client: KubeClient, parent: Parent, held: Held) -> None:
    """Delete the parent itself, when nothing is left in its inventory."""
    await _sweep_parts(client, parent, keep=set())
    await client.delete(CONFIG_MAP, parent.namespace, parent.name, uid=held.uid)


def _manifest(identity: Identity, record: Record, metadata: Mapping[str, Any]) -> Manifest:
    parent = identity.parent
    labels = {**(metadata.get("labels") or {}), MANAGED_BY_LABEL: "longshore", ID_LABEL: parent.id}
    annotations = {
        **(metadata.get("annotations") or {}),
        **contents(parent, (e.id for e in record.entries)),
        REPOSITORY: str(identity.source.repo),
        BRANCH: identity.source.branch,
        CLUSTER: identity.target.cluster,
        TARGET: identity.target.name,
        **_summary(record),
    }
    if identity.source.number is not None:
        annotations[REPOSITORY_ID] = str(identity.source.number)
    kept = {k: v for k, v in metadata.items() if k != "managedFields"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**kept, "labels": labels, "annotations": annotations},
    }


def _summary(record: Record) -> dict[str, str]:
    """For people who look with kubectl; nothing reads it back."""
    attempt = record.attempt
    return {
        "longshore.dev/revision": record.revision,
        "longshore.dev/digest": record.digest,
        "longshore.dev/phase": attempt.phase.value if attempt else "",
        "longshore.dev/attempted-revision": attempt.revision if attempt else "",
        "longshore.dev/delivered-at": _stamp(record.delivered_at),
        "longshore.dev/healthy-since": _stamp(record.healthy_since),
        "longshore.dev/epoch": str(record.epoch),
        "longshore.dev/objects": str(len(record.entries)),
    }


def _stamp(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


async def create_namespace(client: KubeClient, name: str) -> None:
    """Make the namespace of our state, which is missing. Raises Forbidden, with what to do."""
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    try:
        await client.create(NAMESPACE, manifest)
    except AlreadyExists:
        return
    except Forbidden as error:
        error.hint = f"create the namespace {name} in the cluster; Longshore keeps its delivery records there"
        raise


async def _write_parts(client: KubeClient, parent: Parent, owner_uid: str, blob: bytes) -> list[str]:
    pieces = [blob[at : at + PART_BYTES] for at in range(0, len(blob), PART_BYTES)]
    if len(pieces) > MAX_PARTS:
        raise RecordUnreadable(
            f"the record of {parent} would take {len(blob)} bytes", hint="split the target into several"
        )
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": parent.name, "uid": owner_uid}
    names = []
    for piece in pieces:
        name = f"{parent.name}-{hashlib.sha256(piece).hexdigest()[:20]}"
        names.append(name)
        manifest = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "namespace": parent.namespace,
                "labels": {MANAGED_BY_LABEL: "longshore", PART_LABEL: parent.name},
                "ownerReferences": [owner],
            },
            "immutable": True,
            "binaryData": {"part": _text(piece)},
        }
        try:
            await client.create(CONFIG_MAP, manifest)
        except AlreadyExists:
            # Its name is the hash of its content: it is the same part, from this record or from a write cut short.
            continue
    return names


async def _sweep_parts(client: KubeClient, parent: Parent, keep: set[str]) -> None:
    selector = f"{PART_LABEL}={parent.name}"
    for meta in await client.list_metadata(CONFIG_MAP, label_selector=selector, namespace=parent.namespace):
        if meta.name not in keep and meta.name.startswith(PREFIX):
            await client.delete(CONFIG_MAP, parent.namespace, meta.name, uid=meta.uid)


async def _blob(client: KubeClient, parent: Parent, manifest: Manifest) -> bytes | None:
    """The record's bytes; None when a part is missing."""
    names = _part_names(manifest)
    if not names:
        return _bytes((manifest.get("binaryData") or {}).get("record", ""))
    pieces = []
    for name in names:
        part = await client.find(CONFIG_MAP, parent.namespace, name)
        if part is None:
            return None
        pieces.append(_bytes((part.get("binaryData") or {}).get("part", "")))
    return b"".join(pieces)


def _part_names(manifest: Manifest) -> list[str]:
    return str((manifest.get("data") or {}).get("parts", "")).split()


def _version(manifest: Manifest) -> str:
    return str(manifest["metadata"]["resourceVersion"])


def _text(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def owns(identity: ObjectId, namespace: str) -> bool:
    """Whether an object is part of our own state, which no repository may write."""
    return (
        identity.namespace == namespace
        and identity.kind in {"ConfigMap", "Lease"}
        and identity.name.startswith(PREFIX)
    )
