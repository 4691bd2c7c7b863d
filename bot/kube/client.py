"""The verbs of the API server, on plain manifests.

Invariant: every write passes the gates first, in order: that is where a lease refuses a holder that slept, and where
a test ends the process.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeVar

import msgspec

from bot.kube.clock import Clock, SystemClock
from bot.kube.connection import Connection
from bot.kube.discovery import Discovery
from bot.kube.errors import NotFound
from bot.kube.resources import FullList, ObjectMeta, PartialList, PartialObject, Resource, Write
from bot.kube.status import decode_object
from bot.kube.transport import Request, Transport
from bot.model.objects import Manifest

PAGE = 500
FULL_PAGE = 100
"""Whole objects come in smaller pages: a page is held in memory at once."""
APPLY = "application/apply-patch+yaml"
PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
WRITTEN_BY_US = {"fieldManager": "longshore-state"}
"""Plain writes go under another name than applies, or a conflict with ourselves could not be told from one with others."""

T = TypeVar("T")


class WriteGate(Protocol):
    """Stands in front of every write."""

    async def admit(self, write: Write) -> float | None:
        """The most seconds this write may take, None for no limit. Raises to refuse it."""


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    field_manager: str
    force: bool = False
    dry_run: bool = False


class KubeClient:
    """One cluster. `gated` gives a view with one more gate that shares connections and discovery."""

    def __init__(
        self, connection: Connection, *, clock: Clock | None = None, gates: Sequence[WriteGate] = ()
    ) -> None:
        self._transport = Transport(connection)
        self._gates = tuple(gates)
        self.discovery = Discovery(self._transport, clock or SystemClock())

    def gated(self, gate: WriteGate) -> "KubeClient":
        """The same client with one more gate, asked last."""
        view = object.__new__(KubeClient)
        view._transport, view.discovery = self._transport, self.discovery
        view._gates = (*self._gates, gate)
        return view

    @property
    def cluster(self) -> str:
        """The operator's name for it."""
        return self._transport.cluster

    async def close(self) -> None:
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def version(self) -> str:
        """The server's version (`v1.36.3`)."""
        return await self.discovery.version()

    async def find(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """The live object, or None."""
        body = await self._find(resource, namespace, name, "application/json")
        return None if body is None else decode_object(body)

    async def find_metadata(self, resource: Resource, namespace: str, name: str) -> ObjectMeta | None:
        """The live object's metadata, or None. A Secret's data does not cross the wire."""
        body = await self._find(resource, namespace, name, PARTIAL)
        return None if body is None else msgspec.json.decode(body, type=PartialObject).metadata

    async def list_metadata(
        self, resource: Resource, *, label_selector: str = "", namespace: str = ""
    ) -> list[ObjectMeta]:
        """The metadata of every matching object, managedFields included."""
        query = {"labelSelector": label_selector, "limit": str(PAGE)}
        found: list[ObjectMeta] = []
        async for page in self._pages(resource, namespace, query, (PARTIAL_LIST, PartialList)):
            found += [item.metadata for item in page.items or []]
        return found

    async def list_objects(
        self, resource: Resource, *, label_selector: str = "", namespace: str = ""
    ) -> AsyncIterator[Manifest]:
        """Whole objects, page by page: only one page is in memory unless the caller keeps them."""
        query = {"labelSelector": label_selector, "limit": str(FULL_PAGE)}
        async for page in self._pages(resource, namespace, query, ("application/json", FullList)):
            for item in page.items or []:
                # Items of a list do not say what they are; the list does.
                yield {"apiVersion": resource.api_version, "kind": resource.kind, **item}

    async def apply(self, resource: Resource, manifest: Manifest, options: ApplyOptions) -> Manifest:
        """Server-side apply; the object as the server made it (or, on a dry run, would make it)."""
        namespace, name = _place(manifest)
        query = {
            "fieldManager": options.field_manager,
            "force": "true" if options.force else "false",
            "fieldValidation": "Strict",
        }
        if options.dry_run:
            query["dryRun"] = "All"
        verb = "dry run" if options.dry_run else "apply"
        timeout_s = None if options.dry_run else await self._admitted(Write(verb, resource, namespace, name))
        path = resource.path(namespace, name)
        what = _what(verb, resource, namespace, name)
        return await self._object(
            resource, Request("PATCH", path, what, query, manifest, APPLY, timeout_s=timeout_s)
        )

    async def create(self, resource: Resource, manifest: Manifest) -> Manifest:
        """Raises AlreadyExists. Not sent twice: a first sending that was not answered may have worked."""
        namespace, name = _place(manifest)
        timeout_s = await self._admitted(Write("create", resource, namespace, name))
        what = _what("create", resource, namespace, name)
        request = Request(
            "POST",
            resource.path(namespace),
            what,
            WRITTEN_BY_US,
            manifest,
            repeatable=False,
            timeout_s=timeout_s,
        )
        return await self._object(resource, request)

    async def replace(self, resource: Resource, manifest: Manifest) -> Manifest:
        """PUT. Raises Conflict unless the manifest's resourceVersion is the live one."""
        if not manifest["metadata"].get("resourceVersion"):
            raise ValueError("replace without a resourceVersion would overwrite what others wrote")
        namespace, name = _place(manifest)
        timeout_s = await self._admitted(Write("replace", resource, namespace, name))
        what = _what("update", resource, namespace, name)
        path = resource.path(namespace, name)
        return await self._object(
            resource, Request("PUT", path, what, WRITTEN_BY_US, manifest, timeout_s=timeout_s)
        )

    async def merge(self, resource: Resource, namespace: str, name: str, patch: Manifest) -> Manifest:
        """JSON merge patch. With `metadata.resourceVersion` in it, raises Conflict when that is not the live one."""
        return await self._patched(resource, (namespace, name), patch, "application/merge-patch+json")

    async def patch(
        self, resource: Resource, namespace: str, name: str, operations: list[dict[str, Any]]
    ) -> Manifest:
        """JSON patch."""
        return await self._patched(resource, (namespace, name), operations, "application/json-patch+json")

    async def delete(self, resource: Resource, namespace: str, name: str, *, uid: str) -> None:
        """Delete exactly the object with this uid, dependants in the background; gone already is success.

        Raises Conflict when another object has the name by now.
        """
        timeout_s = await self._admitted(Write("delete", resource, namespace, name))
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
        }
        what = _what("delete", resource, namespace, name)
        path = resource.path(namespace, name)
        try:
            await self._transport.send(Request("DELETE", path, what, body=body, timeout_s=timeout_s))
        except NotFound:
            return

    async def _patched(self, resource: Resource, place: tuple[str, str], patch: Any, kind: str) -> Manifest:
        timeout_s = await self._admitted(Write("patch", resource, *place))
        what = _what("patch", resource, *place)
        path = resource.path(*place)
        request = Request(
            "PATCH",
            path,
            what,
            WRITTEN_BY_US,
            patch,
            kind,
            repeatable=False,
            timeout_s=timeout_s,
        )
        return await self._object(resource, request)

    async def _admitted(self, write: Write) -> float | None:
        limits = [limit for gate in self._gates if (limit := await gate.admit(write)) is not None]
        return min(limits, default=None)

    async def _object(self, resource: Resource, request: Request) -> Manifest:
        if resource.kind == "Secret" and not resource.group:
            request = replace(request, is_secret=True)
        return decode_object(await self._transport.send(request))

    async def _find(self, resource: Resource, namespace: str, name: str, accept: str) -> bytes | None:
        what = _what("read", resource, namespace, name)
        try:
            return await self._transport.send(
                Request("GET", resource.path(namespace, name), what, accept=accept)
            )
        except NotFound:
            return None

    async def _pages(
        self, resource: Resource, namespace: str, query: dict[str, str], form: tuple[str, type[T]]
    ) -> AsyncIterator[T]:
        accept, shape = form
        path = resource.path(namespace)
        what = f"list of {resource.kind}{f' in {namespace}' if namespace else ''}"
        query = {key: value for key, value in query.items() if value}
        while True:
            body = await self._transport.send(Request("GET", path, what, query, accept=accept))
            page: Any = msgspec.json.decode(body, type=shape)
            yield page
            if not page.metadata.continue_:
                return
            query = {**query, "continue": page.metadata.continue_}


def _place(manifest: Manifest) -> tuple[str, str]:
    metadata = manifest["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _what(verb: str, resource: Resource, namespace: str, name: str) -> str:
    return f"{verb} of {resource.id(namespace, name)}"
