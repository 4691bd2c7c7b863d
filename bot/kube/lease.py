"""One holder for a target at a time, whatever the queue believes.

Invariant: a holder never writes after its time is up by its own monotonic clock, and nobody takes a lease whose
renewals it has seen within the lease's duration by *its* clock: no two clocks are ever compared. A holder that slept
through both is stopped by the fence, the parent's resourceVersion (`bot.kube.parent`).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from bot.aio import cancel_all
from bot.errors import Temporary
from bot.kube.applyset import Parent
from bot.kube.client import KubeClient
from bot.kube.clock import Clock
from bot.kube.errors import AlreadyExists, Conflict, KubeError, NotFound
from bot.kube.parent import create_namespace
from bot.kube.resources import Resource, Write
from bot.model.objects import Manifest

LEASE = Resource("coordination.k8s.io", "v1", "Lease", "leases", namespaced=True)
DURATION_S = 30
MARGIN_S = 2.0
"""A write must end this long before the lease does."""


class LeaseLost(Temporary):
    """Another holder took over, or we slept: nothing more may be written."""


class LeaseHeld(Temporary):
    """Somebody else is delivering this target now."""


@dataclass(slots=True)
class Observations:
    """When this process first saw a lease as it is now, and which ones it holds. One for the life of a process."""

    seen: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    held: set[tuple[str, str]] = field(default_factory=set)

    def age_s(self, key: tuple[str, str], version: str, now_s: float) -> float:
        """For how long the lease has not been renewed, as far as we have watched."""
        known, since_s = self.seen.get(key, ("", now_s))
        if known != version:
            since_s = now_s
            self.seen[key] = (version, now_s)
        return now_s - since_s


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks for leases: an identity no other process ever uses, and what it has observed."""

    identity: str
    clock: Clock
    observations: Observations = field(default_factory=Observations)
    duration_s: int = DURATION_S


class Lease:
    """A lease we hold. It is also the gate in front of every write made under it, and renews itself there."""

    def __init__(self, client: KubeClient, holder: Holder, manifest: Manifest, valid_until_s: float) -> None:
        self._client = client
        self._holder = holder
        self._manifest = manifest
        self._valid_until_s = valid_until_s
        self._lock = asyncio.Lock()

    @property
    def epoch(self) -> int:
        return int(self._manifest["spec"].get("leaseTransitions") or 0)

    def remaining_s(self) -> float:
        return self._valid_until_s - self._holder.clock.monotonic()

    async def admit(self, write: Write) -> float:
        async with self._lock:
            if self.remaining_s() <= MARGIN_S:
                raise LeaseLost(
                    f"{write}: not sent, because the lease ran out while this worker was not running"
                )
            if self.remaining_s() < self._holder.duration_s / 2:
                await self._update({})
        return self.remaining_s() - MARGIN_S / 2

    async def keep(self) -> None:
        """Renew from time to time, for work that reads for long before it writes; ends when the lease is lost."""
        while True:
            await asyncio.sleep(self._holder.duration_s / 3)
            async with self._lock:
                if self.remaining_s() <= MARGIN_S:
                    return
                try:
                    await self._update({})
                except LeaseLost:
                    return
                except KubeError:
                    # It may work the next time; if not, the lease runs out and the gate closes.
                    continue

    async def outrun(self, epoch: int) -> None:
        """Make our epoch greater than one found in a record: the Lease object may have been deleted and made anew."""
        if self.epoch <= epoch:
            async with self._lock:
                await self._update({"leaseTransitions": epoch + 1})

    async def release(self) -> None:
        """Let the next one in at once. If that fails, the lease runs out by itself."""
        if self.remaining_s() > 0:
            with suppress(KubeError, LeaseLost):
                await self._update({"holderIdentity": ""})

    async def _update(self, spec: Manifest) -> None:
        asked_at_s = self._holder.clock.monotonic()
        renewed = {**self._manifest["spec"], "renewTime": _stamp(self._holder.clock.now()), **spec}
        try:
            self._manifest = await self._client.replace(LEASE, {**self._manifest, "spec": renewed})
        except Conflict as error:
            self._valid_until_s = float("-inf")
            raise LeaseLost("another worker took the lease over") from error
        self._valid_until_s = asked_at_s + self._holder.duration_s


@asynccontextmanager
async def held(client: KubeClient, parent: Parent, holder: Holder) -> AsyncIterator[Lease]:
    """Hold the target's lease. Raises LeaseHeld while another holder renews it, or has lately."""
    key = (client.cluster, parent.name)
    if key in holder.observations.held:
        raise LeaseHeld("this worker delivers the target already", retry_after_s=holder.duration_s / 6)
    holder.observations.held.add(key)
    try:
        lease = await _acquire(client, parent, holder)
        keeper = asyncio.create_task(lease.keep(), name=f"lease {parent.name}")
        try:
            yield lease
        finally:
            await cancel_all([keeper])
            await lease.release()
    finally:
        holder.observations.held.discard(key)


async def _acquire(client: KubeClient, parent: Parent, holder: Holder) -> Lease:
    asked_at_s = holder.clock.monotonic()
    found = await client.find(LEASE, parent.namespace, parent.name)
    if found is None:
        manifest = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"name": parent.name, "namespace": parent.namespace},
            "spec": _spec(holder, 1),
        }
    else:
        _refuse_if_held(found, (client.cluster, parent.name), holder)
        epoch = int(found["spec"].get("leaseTransitions") or 0) + 1
        manifest = {**found, "spec": _spec(holder, epoch)}
    try:
        taken = await (client.replace(LEASE, manifest) if found else _created(client, parent, manifest))
    except (Conflict, AlreadyExists) as error:
        raise LeaseHeld(
            "another worker took the lease a moment ago", retry_after_s=holder.duration_s / 6
        ) from error
    holder.observations.seen.pop((client.cluster, parent.name), None)
    return Lease(client, holder, taken, asked_at_s + holder.duration_s)


async def _created(client: KubeClient, parent: Parent, manifest: Manifest) -> Manifest:
    """The first write in a cluster is a lease, and so is the first to miss the namespace of our state."""
    try:
        return await client.create(LEASE, manifest)
    except NotFound:
        await create_namespace(client, parent.namespace)
        return await client.create(LEASE, manifest)


async def remove(client: KubeClient, parent: Parent) -> None:
    """Delete the Lease of a target that is gone for good."""
    meta = await client.find_metadata(LEASE, parent.namespace, parent.name)
    if meta is not None:
        await client.delete(LEASE, parent.namespace, parent.name, uid=meta.uid)


def _refuse_if_held(found: Manifest, key: tuple[str, str], holder: Holder) -> None:
    spec = found["spec"]
    other = spec.get("holderIdentity") or ""
    if not other or other == holder.identity:
        return
    lasts_s = float(spec.get("leaseDurationSeconds") or holder.duration_s)
    version = str(found["metadata"]["resourceVersion"])
    left_s = lasts_s + MARGIN_S - holder.observations.age_s(key, version, holder.clock.monotonic())
    if left_s > 0:
        raise LeaseHeld(f"{other} delivers this target now", retry_after_s=min(left_s, lasts_s / 3))


def _spec(holder: Holder, epoch: int) -> Manifest:
    now = _stamp(holder.clock.now())
    return {
        "holderIdentity": holder.identity,
        "leaseDurationSeconds": holder.duration_s,
        "acquireTime": now,
        "renewTime": now,
        "leaseTransitions": epoch,
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
