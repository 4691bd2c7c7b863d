"""What charts are told of the cluster that they are rendered for: its version of Kubernetes, and what it serves.

The operator says it, or the cluster is asked, now and then. What it said last holds while it does not answer, for every
worker: a cluster that is down changes no plan.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog

from bot.config import Cluster
from bot.config.clusters import kube_version
from bot.errors import LongshoreError
from bot.kube.client import KubeClient
from bot.kube.clock import Clock, SystemClock
from bot.planning.asked import FactsOf
from bot.render.helm.inputs import ClusterFacts
from bot.store.shared import Shared

KEEP_S = 600.0
AGAIN_S = 120.0
"""For a cluster that did not answer."""
_PATIENCE_S = 10.0
_NAMESPACE = "cluster-facts"
_TTL_S = 30 * 86_400.0

log = structlog.get_logger(__name__)


class _Said(msgspec.Struct, frozen=True):
    """`at_s` is the Unix time of the answer."""

    version: str
    names: tuple[str, ...]
    at_s: float


_decoder = msgspec.json.Decoder(_Said)


class KnownClusters:
    """Every cluster of the operator's; each is asked by one at a time, and only when somebody wants to know."""

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        connect: Callable[[str], Awaitable[KubeClient]],
        shared: Shared,
        clock: Clock | None = None,
    ) -> None:
        self._clusters = clusters
        self._connect = connect
        self._shared = shared
        self._clock = clock or SystemClock()
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._said: dict[str, _Said] = {}
        self._due_s: dict[str, float] = {}

    def given_to(self, repository: str) -> FactsOf:
        """What a repository may know: a directory that is called like a cluster does not make it the repository's."""

        async def facts_of(name: str) -> ClusterFacts:
            cluster = self._clusters.get(name)
            if cluster is None or not cluster.is_given_to(repository):
                return ClusterFacts()
            return await self._of(name, cluster)

        return facts_of

    async def _of(self, name: str, cluster: Cluster) -> ClusterFacts:
        if cluster.kube_version is not None:
            return ClusterFacts(cluster.kube_version, tuple(sorted(set(cluster.api_versions))))
        async with self._asking[name]:
            if self._clock.monotonic() >= self._due_s.get(name, 0.0):
                self._due_s[name] = self._clock.monotonic() + await self._refreshed(name)
        said = self._said.get(name)
        if said is None:
            return ClusterFacts(api_versions=tuple(sorted(set(cluster.api_versions))))
        return ClusterFacts(said.version, tuple(sorted({*said.names, *cluster.api_versions})))

    async def _refreshed(self, name: str) -> float:
        """Take another worker's answer, or ask. Returns for how many seconds to leave it at that."""
        kept = await self._kept(name)
        if kept is not None:
            self._said[name] = kept
            left_s = KEEP_S - (self._clock.now().timestamp() - kept.at_s)
            if 0 < left_s <= KEEP_S:
                return left_s
        try:
            async with asyncio.timeout(_PATIENCE_S):
                said = await self._ask(name)
        except (LongshoreError, TimeoutError, ValueError) as error:
            reason = str(error) or f"it did not answer within {_PATIENCE_S:.0f} s"
            log.warning("cluster_not_asked", cluster=name, error=reason, is_known=name in self._said)
            return AGAIN_S
        self._said[name] = said
        await self._keep(name, said)
        return KEEP_S

    async def _ask(self, name: str) -> _Said:
        """Raises ValueError for a server that says no version."""
        client = await self._connect(name)
        version, served = kube_version(await client.version()), await client.discovery.served()
        before = self._said[name].names if name in self._said else ()
        # Of what nobody could say now, what was said before holds.
        missing = {known for known in before if any(f"{known}/".startswith(f"{s}/") for s in served.stale)}
        return _Said(version, tuple(sorted({*served.names, *missing})), self._clock.now().timestamp())

    async def _kept(self, name: str) -> _Said | None:
        try:
            value = await self._shared.cache_get(_NAMESPACE, name)
            return None if value is None else _decoder.decode(value)
        except (LongshoreError, msgspec.MsgspecError):
            return None

    async def _keep(self, name: str, said: _Said) -> None:
        try:
            await self._shared.cache_put(_NAMESPACE, name, msgspec.json.encode(said), ttl_s=_TTL_S)
        except LongshoreError as error:
            log.warning("cluster_facts_not_kept", cluster=name, error=str(error))
