"""What only the host itself can say: which version it is today, and the bytes."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from bot.model.hosts import Credentials, Hosts
from bot.model.release import Chart, ChartKind
from bot.model.target import OciSource
from bot.registry.address import Place, shown
from bot.registry.cache import Cache, Incoming
from bot.registry.documents import Documents
from bot.registry.errors import Corrupt, NoRoom, NotFound
from bot.registry.limits import Limits
from bot.registry.login import Login
from bot.registry.oci import (
    CHART_CONFIG,
    CHART_LAYERS,
    Descriptor,
    Manifest,
    Registry,
    check_digest,
    check_tag,
    place,
)
from bot.registry.repository import Repositories, archive_url
from bot.registry.resolved import ResolvedArtifact, ResolvedChart
from bot.registry.select import choose, named_tag, tag_of_chart, tag_of_files
from bot.registry.transport import Ask, Transport


class _Config(msgspec.Struct):
    """What `helm push` keeps of Chart.yaml beside the chart."""

    name: str = ""
    version: str = ""


class Remote:
    """The hosts, through one transport. Close it."""

    def __init__(self, hosts: Hosts, credentials: Credentials, cache: Cache, limits: Limits) -> None:
        self._cache = cache
        self._limits = limits
        self._transport = Transport(hosts, limits)
        login = Login(self._transport, credentials, limits)
        self._documents = Documents(self._transport, cache, limits)
        self._registry = Registry(self._transport, login, hosts, limits)
        self._repositories = Repositories(self._transport, self._documents, credentials, hosts, limits)

    async def close(self) -> None:
        await self._transport.close()

    async def file(self, url: str) -> bytes:
        """One file, asked for as nobody. Raises `NotFound` and what asking raises."""
        ask = Ask(url, url, self._limits.document_bytes, is_packed=True)
        status, body = await self._documents.get(ask)
        if status != 200:
            raise NotFound(f"{shown(url)} does not exist, or is not shown to everybody")
        return body

    async def resolve(self, chart: Chart) -> ResolvedChart:
        if chart.kind is ChartKind.OCI:
            return await self._resolve_in_registry(chart)
        return await self._resolve_in_repository(chart)

    async def fetch(self, resolved: ResolvedChart) -> Path:
        """The archive into the cache. Raises `Corrupt` where it has another digest."""
        chart = resolved.chart
        if chart.kind is ChartKind.OCI:
            where = place(chart.url, is_insecure=chart.is_insecure)
            return await self._blob(where, resolved.digest, self._limits.chart_bytes)
        file, _ = await self._incoming(
            lambda one: self._repositories.archive(resolved.url, chart.url, one),
            expected=resolved.digest,
            url=resolved.url,
        )
        return file

    async def resolve_artifact(self, source: OciSource) -> ResolvedArtifact:
        where = place(source.url, is_insecure=source.is_insecure)
        is_chart = source.media_type == CHART_LAYERS[0]
        tag = ""
        if not source.digest:
            tag = named_tag(source)
            if not tag:
                tags = await self._registry.tags(where)
                tag = tag_of_files(source, tags, shown(source.url), is_chart=is_chart)
        manifest = await self._registry.manifest(where, _reference(tag, source.digest))
        kinds = (source.media_type,) if source.media_type else ()
        layer = _layer(manifest, kinds, or_first=not kinds)
        if layer is None:
            wanted = f" of type {source.media_type}" if source.media_type else ""
            raise NotFound(f"{shown(source.url)} has no layer{wanted}")
        return ResolvedArtifact(source.url, _revision(tag, manifest), layer.digest)

    async def fetch_artifact(self, source: OciSource, artifact: ResolvedArtifact) -> Path:
        where = place(source.url, is_insecure=source.is_insecure)
        return await self._blob(where, artifact.digest, self._limits.artifact_bytes)

    async def _resolve_in_repository(self, chart: Chart) -> ResolvedChart:
        found = await self._repositories.chart(chart.url, chart.name)
        if found.entries is None:
            near = f"is {' or '.join(found.nearest)} meant?" if found.nearest else ""
            raise NotFound(f"{shown(chart.url)} has no chart {chart.name[:100]}", hint=near)
        entry = choose(found.entries, chart, shown(chart.url))
        if not entry.urls:
            raise Corrupt(f"the index of {shown(chart.url)} says nowhere where {entry.name} is")
        url, digest = archive_url(chart.url, entry.urls[0]), entry.digest
        if not digest:
            _, digest = await self._incoming(
                lambda one: self._repositories.archive(url, chart.url, one), expected="", url=url
            )
        return ResolvedChart(chart, entry.name, entry.version, digest, url)

    async def _resolve_in_registry(self, chart: Chart) -> ResolvedChart:
        where = place(chart.url, is_insecure=chart.is_insecure)
        tag = ""
        if not chart.digest:
            tag = named_tag(chart)
            if not tag:
                tag = tag_of_chart(chart, await self._registry.tags(where), shown(chart.url))
        manifest = await self._registry.manifest(where, _reference(tag, chart.digest))
        # Helm takes a chart's layer only; Flux, for an OCIRepository, whatever comes first.
        layer = _layer(manifest, CHART_LAYERS, or_first=chart.is_artifact)
        if layer is None:
            raise NotFound(f"{shown(chart.url)} holds no chart{f' under tag {tag}' if tag else ''}")
        config = await self._config(where, manifest)
        version = config.version or tag.replace("_", "+")
        name = config.name or where.path.rpartition("/")[2]
        return ResolvedChart(chart, name, version, layer.digest, chart.url, revision=_revision(tag, manifest))

    async def _config(self, where: Place, manifest: Manifest) -> _Config:
        """What the chart calls itself, where the registry was told."""
        if manifest.config is None or manifest.config.media_type != CHART_CONFIG:
            return _Config()
        try:
            return msgspec.json.decode(
                await self._registry.document(where, manifest.config.digest), type=_Config
            )
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Corrupt(f"{shown(where.home)}: the chart's configuration cannot be read") from None

    async def _blob(self, where: Place, digest: str, most_bytes: int) -> Path:
        async def write(one: Incoming) -> None:
            await self._registry.blob(where, digest, most_bytes, take=one.take, restart=one.restart)

        file, _ = await self._incoming(write, expected=digest, url=where.home)
        return file

    async def _incoming(
        self, write: Callable[[Incoming], Awaitable[None]], *, expected: str, url: str
    ) -> tuple[Path, str]:
        if not await asyncio.to_thread(self._cache.has_room):
            raise NoRoom(
                "the charts and artifacts that are in use fill the whole cache",
                hint="some minutes after they were last used they make room",
            )
        try:
            return await self._written(write, expected=expected, url=url)
        except OSError as error:
            raise NoRoom(f"our disk does not take it: {error.strerror or type(error).__name__}") from error

    async def _written(
        self, write: Callable[[Incoming], Awaitable[None]], *, expected: str, url: str
    ) -> tuple[Path, str]:
        with self._cache.incoming() as one:
            await write(one)
            if expected and one.digest != expected:
                raise Corrupt(f"{shown(url)} came with digest {one.digest} instead of {expected}")
            digest = one.digest
            return await asyncio.to_thread(self._cache.keep_archive, one), digest


def _reference(tag: str, digest: str) -> str:
    return check_digest(digest) if digest else check_tag(tag)


def _layer(manifest: Manifest, kinds: tuple[str, ...], *, or_first: bool) -> Descriptor | None:
    """The first layer of the first kind that there is."""
    for kind in kinds:
        for layer in manifest.layers:
            if layer.media_type == kind:
                return layer
    return manifest.layers[0] if or_first and manifest.layers else None


def _revision(tag: str, manifest: Manifest) -> str:
    return f"{tag}@{manifest.digest}" if tag else manifest.digest
