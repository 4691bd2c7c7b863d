"""One step's hold on a target: its lease, its parent and the record in it.

Invariant: the record is only ever replaced under the lease's epoch and by resourceVersion. A save that is refused ends
the step: somebody else has the target now.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec

from bot.kube import lease as leases
from bot.kube import parent as parents
from bot.kube.client import KubeClient
from bot.kube.lease import Holder, Lease
from bot.kube.parent import Held, Identity
from bot.kube.record import MAX_HISTORY, Attempt, Entry, Past, Record
from bot.model.delivery import Phase
from bot.model.objects import ObjectId


class Session:
    """`client` has the lease in front of every write."""

    def __init__(self, client: KubeClient, lease: Lease, identity: Identity, held: Held) -> None:
        self.client = client.gated(lease)
        self.identity = identity
        self._lease = lease
        self._held = held
        self._saved = held.record
        self._is_fenced = False

    @property
    def held(self) -> Held:
        return self._held

    @property
    def record(self) -> Record:
        return self._held.record

    @property
    def attempt(self) -> Attempt:
        attempt = self.record.attempt
        if attempt is None:
            raise ValueError("no attempt has begun")
        return attempt

    @property
    def entries(self) -> dict[ObjectId, Entry]:
        return self.record.inventory

    def begin(self, attempt: Attempt) -> None:
        """Start over for another revision. Kept in memory until the first save: doing nothing writes nothing."""
        fresh = [msgspec.structs.replace(entry, outcome="") for entry in self.record.entries]
        self._change(attempt=attempt, entries=fresh)

    def note(self, entries: Mapping[ObjectId, Entry] | None = None, **attempt: Any) -> None:
        """Change inventory and attempt in memory."""
        changes: dict[str, Any] = {"attempt": msgspec.structs.replace(self.attempt, **attempt)}
        if entries is not None:
            changes["entries"] = [entries[identity] for identity in sorted(entries)]
        self._change(**changes)

    def conclude(self, phase: Phase, now: datetime, *, reason: str = "") -> None:
        """End the attempt and write it into the history."""
        self.note(phase=phase, reason=reason)
        attempt = self.attempt
        past = Past(attempt.revision, attempt.digest, now, phase)
        self._change(history=[past, *self.record.history][:MAX_HISTORY])

    def delivered(self, now: datetime, *, content_key: str, healthy: bool, server: str) -> None:
        """The attempt reached its end: this revision is what the cluster has."""
        self.conclude(Phase.DELIVERED, now)
        attempt, record = self.attempt, self.record
        unbroken = record.digest == attempt.digest and record.healthy_since is not None
        since = (record.healthy_since if unbroken else now) if healthy else None
        self._change(
            revision=attempt.revision,
            digest=attempt.digest,
            content_key=content_key,
            delivered_at=now,
            healthy_since=since,
            server=server,
        )

    async def save(self) -> None:
        """Write the record if it changed. Raises Conflict when anybody wrote the parent since it was read."""
        if self.record != self._saved:
            await self._write()

    async def fence(self) -> None:
        """Before anything is changed: make sure that the parent carries our epoch, and the record as it is now."""
        if not self._is_fenced or self.record != self._saved:
            await self._write()

    async def _write(self) -> None:
        record = msgspec.structs.replace(self.record, epoch=self._lease.epoch)
        self._held = await parents.write(self.client, self.identity, self._held, record)
        self._saved = self.record
        self._is_fenced = True

    async def remove(self) -> None:
        """Delete parent and lease: the target is gone, and so is everything it had."""
        await parents.remove(self.client, self.identity.parent, self._held)
        await leases.remove(self.client, self.identity.parent)

    def _change(self, **changes: Any) -> None:
        self._held = Held(self._held.manifest, msgspec.structs.replace(self.record, **changes))


@asynccontextmanager
async def opened(client: KubeClient, identity: Identity, holder: Holder) -> AsyncIterator[Session]:
    """Take the lease and read the record, making both where they are missing. Raises LeaseHeld, RecordUnreadable."""
    async with leases.held(client, identity.parent, holder) as lease:
        gated = client.gated(lease)
        held = await parents.read(gated, identity.parent)
        if held is None:
            held = await parents.create(gated, identity, Record(epoch=lease.epoch))
        await lease.outrun(held.record.epoch)
        yield Session(client, lease, identity, held)
