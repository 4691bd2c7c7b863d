"""From what a manifest names (a chart, an artifact, a file) to its bytes on this machine.

What is asked of a repository is decided as source-controller decides it. What can never change (a digest, an exact
version) is answered from what was fetched before; everything else is asked again, at most once in `fresh_s`.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import msgspec

from bot.errors import Temporary
from bot.model.hosts import Credentials, Hosts
from bot.model.release import Chart, ChartKind
from bot.model.target import OciSource
from bot.registry.address import document_key, index_url, permit, shown
from bot.registry.cache import Cache
from bot.registry.errors import ChartChanged, Corrupt, NotFound, NotKnownOffline
from bot.registry.limits import Limits
from bot.registry.resolved import ResolvedArtifact, ResolvedChart
from bot.registry.select import is_exact, is_lasting, key_of

if TYPE_CHECKING:
    from bot.registry.remote import Remote


class _Record(msgspec.Struct):
    """What a chart was last resolved to. `replaced` is the digest that the same version had at the look before."""

    name: str
    version: str
    digest: str
    url: str
    revision: str = ""
    replaced: str = ""


class Downloads:
    """One for a process and its event loop; close it. `home` is shared with other processes.

    With `offline` nobody is asked: everything is as it was when it was last looked at, or `NotKnownOffline`.
    """

    def __init__(
        self,
        home: Path,
        hosts: Hosts,
        credentials: Credentials | None = None,
        limits: Limits | None = None,
        *,
        offline: bool = False,
    ) -> None:
        self._hosts = hosts
        self._credentials = credentials or Credentials()
        self._limits = limits or Limits()
        self._is_offline = offline
        self._cache = Cache(home, self._limits.cache_bytes)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._opened: Remote | None = None

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def resolve(self, chart: Chart) -> ResolvedChart:
        """The exact version and digest that the chart is today. Raises `SourceError`."""
        assert chart.kind is not ChartKind.TREE, "a chart of the tree is resolved with the tree"
        key = key_of(chart)
        async with self._lock(key):
            known = await asyncio.to_thread(self._cache.record, key, _Record)
            if known is not None and self._is_good(chart, known[1]):
                self._check_host(chart.url)
                return _resolved(chart, known[0])
            self._check_online(chart.url)
            try:
                found = await self._remote().resolve(chart)
            except Temporary:
                # What is exact is not less known because its host is away today.
                if known is None or not is_exact(chart):
                    raise
                return _resolved(chart, known[0])
            before = known[0].digest if known is not None and is_exact(chart) else found.digest
            replaced = before if before != found.digest else ""
            record = _Record(found.name, found.version, found.digest, found.url, found.revision, replaced)
            await asyncio.to_thread(self._cache.put_record, key, record)
            return _resolved(chart, record)

    async def fetch(self, resolved: ResolvedChart) -> Path:
        """The chart's archive, checked against its digest.

        The file may go when it was not used for some minutes: unpack it, do not keep its path. Raises `SourceError`;
        `ChartChanged` where what was known of an exact version is no longer what its host has.
        """
        async with self._lock(resolved.digest):
            here = await asyncio.to_thread(self._cache.archive, resolved.digest)
            if here is not None:
                return here
            self._check_online(resolved.url)
            try:
                return await self._remote().fetch(resolved)
            except (Corrupt, NotFound) as error:
                await self._tell_change(resolved, error)
                raise

    def index_bytes(self, url: str) -> int:
        """How large the index of a Helm repository was when it was last looked at; 0 where it never was."""
        is_ours = self._credentials.of(url) is not None
        return self._cache.document_bytes(document_key(index_url(url), is_shown_to_us=is_ours))

    async def fetch_archive(self, source: OciSource) -> tuple[ResolvedArtifact, Path]:
        """The files that an OCIRepository names, as an archive: see `unpack`. Raises `SourceError`."""
        key = key_of(source)
        async with self._lock(key):
            known = await asyncio.to_thread(self._cache.record, key, ResolvedArtifact)
            artifact = known[0] if known is not None else None
            age_s = known[1] if known is not None else 0.0
            is_good = self._is_offline or bool(source.digest) or age_s < self._limits.fresh_s
            if artifact is None or not is_good:
                self._check_online(source.url)
                artifact = await self._remote().resolve_artifact(source)
                await asyncio.to_thread(self._cache.put_record, key, artifact)
            self._check_host(source.url)
            here = await asyncio.to_thread(self._cache.archive, artifact.digest)
            if here is None:
                self._check_online(source.url)
                here = await self._remote().fetch_artifact(source, artifact)
            return artifact, here

    async def fetch_file(self, url: str) -> bytes:
        """What one URL gives to anybody: no credential goes along, as kustomize sends none. Raises `SourceError`."""
        self._check_host(url)
        known = await asyncio.to_thread(self._cache.document, url)
        if known is not None and (self._is_offline or known.age_s < self._limits.fresh_s):
            return known.body
        self._check_online(url)
        return await self._remote().file(url)

    async def _tell_change(self, resolved: ResolvedChart, error: Corrupt | NotFound) -> None:
        """Raise `ChartChanged` where the host by now says something else than when the chart was resolved."""
        chart, key = resolved.chart, key_of(resolved.chart)
        await asyncio.to_thread(self._cache.forget_record, key)
        if is_lasting(chart):
            return
        today = await self._remote().resolve(chart)
        if today.digest == resolved.digest:
            return
        raise ChartChanged(
            f"{resolved.name} {resolved.version} of {shown(resolved.url)} was {resolved.digest} "
            f"and is now {today.version} {today.digest}",
            hint="it was published again with other content; the next look takes that",
        ) from error

    def _is_good(self, chart: Chart, age_s: float) -> bool:
        if self._is_offline or is_lasting(chart):
            return True
        return age_s < (self._limits.recheck_s if is_exact(chart) else self._limits.fresh_s)

    def _remote(self) -> "Remote":
        if self._opened is None:
            # Late: what is known needs no HTTP client, whose import takes longer than most plans.
            from bot.registry.remote import Remote  # noqa: PLC0415

            self._opened = Remote(self._hosts, self._credentials, self._cache, self._limits)
        return self._opened

    def _check_host(self, url: str) -> None:
        if not self._is_offline:
            permit(url, url, self._hosts)

    def _check_online(self, url: str) -> None:
        if self._is_offline:
            raise NotKnownOffline(
                f"{shown(url)} was not fetched before, and nothing is asked",
                hint="plan once with the network",
            )

    def _lock(self, key: str) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())


def _resolved(chart: Chart, record: _Record) -> ResolvedChart:
    return ResolvedChart(
        chart, record.name, record.version, record.digest, record.url, record.revision, record.replaced
    )
