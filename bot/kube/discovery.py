"""Which version a server is of, which kinds it serves, and where.

Invariant: "no such kind" is said only by an answer that is younger than the question's last change: a kind missing
from memory is asked for again, and a group whose own server is down is an error, not an absence.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from bot.kube.clock import Clock
from bot.kube.errors import NoSuchKind, NotFound, ServerFailed
from bot.kube.resources import Resource
from bot.kube.status import decode_object
from bot.kube.transport import Request, Transport

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)
KEEP_S = 600.0
ASK_AGAIN_AFTER_S = 2.0


class _Kind(msgspec.Struct):
    kind: str = ""
    group: str = ""
    version: str = ""


class _AggregatedResource(msgspec.Struct):
    resource: str
    scope: str = ""
    responseKind: _Kind | None = None  # noqa: N815 - the API's name
    verbs: list[str] | None = None


class _AggregatedVersion(msgspec.Struct):
    version: str
    resources: list[_AggregatedResource] | None = None
    freshness: str = ""


class _Name(msgspec.Struct):
    name: str = ""


class _AggregatedGroup(msgspec.Struct):
    metadata: _Name = msgspec.field(default_factory=_Name)
    versions: list[_AggregatedVersion] | None = None


class _GroupVersion(msgspec.Struct):
    version: str
    groupVersion: str = ""  # noqa: N815 - the API's name


class _Group(msgspec.Struct):
    name: str
    versions: list[_GroupVersion]
    preferredVersion: _GroupVersion | None = None  # noqa: N815 - the API's name


class _Answer(msgspec.Struct):
    """Either form: aggregated discovery has `items`, the old `/apis` has `groups`, the old `/api` has `versions`."""

    items: list[_AggregatedGroup] | None = None
    groups: list[_Group] | None = None
    versions: list[str] | None = None


class _OldResource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool
    verbs: list[str] | None = None


class _OldList(msgspec.Struct):
    resources: list[_OldResource]


@dataclass(slots=True)
class Catalogue:
    """What one round of discovery found. `stale` are groups whose server did not answer."""

    served: dict[tuple[str, str, str], Resource] = field(default_factory=dict)
    preferred: dict[tuple[str, str], Resource] = field(default_factory=dict)
    stale: set[tuple[str, str]] = field(default_factory=set)

    def add(self, resource: Resource) -> None:
        """Versions come in the server's order of preference, so that the first one stays."""
        self.served.setdefault((resource.group, resource.version, resource.kind), resource)
        self.preferred.setdefault((resource.group, resource.kind), resource)


@dataclass(frozen=True, slots=True)
class Served:
    """The names of all that is served, `apps/v1` and `apps/v1/Deployment`, sorted.

    Of the group versions in `stale` nobody could say what they serve now.
    """

    names: tuple[str, ...]
    stale: frozenset[str] = frozenset()


class Discovery:
    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._lock = asyncio.Lock()
        self._catalogue: Catalogue | None = None
        self._read_at_s = 0.0
        self._version = ""
        self._version_read_at_s = 0.0

    async def version(self) -> str:
        """The server's version (`v1.36.3`), asked now and then: a server may be another one tomorrow."""
        async with self._lock:
            now_s = self._clock.monotonic()
            if not self._version or now_s - self._version_read_at_s > KEEP_S:
                body = await self._transport.send(Request("GET", "/version", "the server's version"))
                self._version = str(decode_object(body).get("gitVersion", ""))
                self._version_read_at_s = now_s
            return self._version

    def invalidate(self) -> None:
        """A CRD was applied: what we know may be out of date."""
        self._catalogue = None

    async def resource(self, api_version: str, kind: str) -> Resource:
        """Where `apps/v1 Deployment` lives. Raises NoSuchKind."""
        group, _, version = api_version.rpartition("/")
        for catalogue in [await self._current(), await self._current(older_than_s=ASK_AGAIN_AFTER_S)]:
            if found := catalogue.served.get((group, version, kind)):
                return found
        raise self._missing(catalogue, group, version, kind)

    async def preferred(self, group: str, kind: str) -> Resource:
        """Where a kind lives in the version the server prefers. Raises NoSuchKind."""
        for catalogue in [await self._current(), await self._current(older_than_s=ASK_AGAIN_AFTER_S)]:
            if found := catalogue.preferred.get((group, kind)):
                return found
        raise self._missing(catalogue, group, "", kind)

    async def all(self) -> list[Resource]:
        """Every kind, each in its preferred version."""
        return list((await self._current()).preferred.values())

    async def versions(self, group: str) -> set[str]:
        """The apiVersions of a group that are served."""
        return {r.api_version for r in (await self._current()).served.values() if r.group == group}

    async def served(self) -> Served:
        """Everything that is served, by the names that Helm's `.Capabilities.APIVersions` has."""
        catalogue = await self._current()
        kinds = catalogue.served.values()
        names = {r.api_version for r in kinds} | {f"{r.api_version}/{r.kind}" for r in kinds}
        stale = frozenset(f"{group}/{version}" if group else version for group, version in catalogue.stale)
        return Served(tuple(sorted(names)), stale)

    def _missing(
        self, catalogue: Catalogue, group: str, version: str, kind: str
    ) -> NoSuchKind | ServerFailed:
        shown = f"{kind} in {group + '/' if group else ''}{version}".rstrip("/")
        if any(g == group and version in {"", v} for g, v in catalogue.stale):
            return ServerFailed(
                f"cluster {self._transport.cluster}: the server behind API group {group} is down"
            )
        others = sorted(
            r.api_version for r in catalogue.served.values() if (r.group, r.kind) == (group, kind)
        )
        hint = f"it serves {kind} as {', '.join(others)}" if others else "is its CRD installed before it?"
        return NoSuchKind(f"cluster {self._transport.cluster} serves no {shown}", hint=hint)

    async def _current(self, older_than_s: float = KEEP_S) -> Catalogue:
        async with self._lock:
            age_s = self._clock.monotonic() - self._read_at_s
            if self._catalogue is None or age_s > older_than_s:
                self._catalogue = await self._read()
                self._read_at_s = self._clock.monotonic()
            return self._catalogue

    async def _read(self) -> Catalogue:
        catalogue = Catalogue()
        for root in ("/api", "/apis"):
            answer = msgspec.json.decode(await self._get(root, AGGREGATED), type=_Answer)
            if answer.items is not None:
                _add_aggregated(catalogue, answer.items)
            else:
                await self._add_old(catalogue, answer)
        return catalogue

    async def _add_old(self, catalogue: Catalogue, answer: _Answer) -> None:
        """Servers before 1.27 answer with groups only: one request for each version of each."""
        for version in answer.versions or []:
            await self._add_old_version(catalogue, "", version)
        for group in answer.groups or []:
            preferred = group.preferredVersion.version if group.preferredVersion else ""
            for entry in sorted(group.versions, key=lambda v: v.version != preferred):
                await self._add_old_version(catalogue, group.name, entry.version)

    async def _add_old_version(self, catalogue: Catalogue, group: str, version: str) -> None:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            listed = msgspec.json.decode(await self._get(path, "application/json"), type=_OldList)
        except (ServerFailed, NotFound):
            catalogue.stale.add((group, version))
            return
        for r in listed.resources:
            if "/" not in r.name:
                verbs = frozenset(r.verbs or ())
                catalogue.add(Resource(group, version, r.kind, r.name, r.namespaced, verbs))

    async def _get(self, path: str, accept: str) -> bytes:
        return await self._transport.send(
            Request("GET", path, "discovery of the served kinds", accept=accept)
        )


def _add_aggregated(catalogue: Catalogue, groups: Iterable[_AggregatedGroup]) -> None:
    for group in groups:
        name = group.metadata.name
        for version in group.versions or []:
            if version.freshness == "Stale":
                catalogue.stale.add((name, version.version))
            for r in version.resources or []:
                kind = r.responseKind.kind if r.responseKind else ""
                verbs = frozenset(r.verbs or ())
                if kind:
                    catalogue.add(
                        Resource(name, version.version, kind, r.resource, r.scope == "Namespaced", verbs)
                    )
