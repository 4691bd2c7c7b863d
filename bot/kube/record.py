"""What a parent remembers: the inventory, what was delivered, and how the last attempt went.

Invariant: a record that cannot be read is an error that says so. It never counts as empty, because an empty inventory
would make Longshore forget what it has to prune. No secret value is in a record: hashes are keyed by whoever made them.
"""

import zlib
from datetime import datetime
from typing import Final

import msgspec

from bot.errors import UserError
from bot.model.delivery import (
    Failure,
    Health,
    HistoryEntry,
    ObjectHealth,
    ObjectResult,
    Outcome,
    Phase,
    PruneGuard,
)
from bot.model.objects import Digest, ObjectId
from bot.model.repo import Sha

VERSION: Final = 1
MAX_HISTORY = 10
MAX_NOTES = 300
MAX_NOTE_CHARS = 600
MAX_RECORD_BYTES = 256 * 2**20


class RecordUnreadable(UserError):
    """The parent holds something that this version of Longshore cannot read."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One member: who it is, and the fingerprint it had when it was last known to be as declared.

    `uid` is empty from the moment a write is announced until it is confirmed. `outcome` is that of the current attempt.
    """

    group: str
    kind: str
    namespace: str
    name: str
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    fields: str = ""
    rendered: str = ""
    outcome: str = ""

    @property
    def id(self) -> ObjectId:
        return ObjectId(self.group, self.kind, self.namespace, self.name)

    @classmethod
    def announced(cls, identity: ObjectId, outcome: Outcome) -> "Entry":
        return cls(identity.group, identity.kind, identity.namespace, identity.name, outcome=outcome.value)


class Note(msgspec.Struct, frozen=True, array_like=True):
    """What is worth telling about one object: a failure, a pruned or kept object, one that is not healthy."""

    group: str
    kind: str
    namespace: str
    name: str
    state: str
    failure: str = ""
    message: str = ""

    @classmethod
    def of_result(cls, result: ObjectResult) -> "Note":
        i = result.id
        failure = result.failure.value if result.failure else ""
        return cls(
            i.group,
            i.kind,
            i.namespace,
            i.name,
            result.outcome.value,
            failure,
            result.message[:MAX_NOTE_CHARS],
        )

    @classmethod
    def of_health(cls, health: ObjectHealth) -> "Note":
        i = health.id
        return cls(
            i.group, i.kind, i.namespace, i.name, health.health.value, message=health.message[:MAX_NOTE_CHARS]
        )

    @property
    def id(self) -> ObjectId:
        return ObjectId(self.group, self.kind, self.namespace, self.name)

    def result(self) -> ObjectResult:
        failure = Failure(self.failure) if self.failure else None
        return ObjectResult(self.id, Outcome(self.state), failure, self.message)

    def health(self) -> ObjectHealth:
        return ObjectHealth(self.id, Health(self.state), self.message)


class Guarded(msgspec.Struct, frozen=True):
    """A deletion that waits for a person."""

    digest: str
    objects: list[tuple[str, str, str, str]]
    reason: str

    @classmethod
    def of(cls, guard: PruneGuard) -> "Guarded":
        objects = [(i.group, i.kind, i.namespace, i.name) for i in guard.objects]
        return cls(guard.digest, objects, guard.reason)

    def guard(self) -> PruneGuard:
        return PruneGuard(Digest(self.digest), tuple(ObjectId(*o) for o in self.objects), self.reason)


class Attempt(msgspec.Struct, frozen=True):
    """The delivery of one revision, as far as it has come. `token` tells a retry from the attempt before it.

    `since` is when what is waited for now began: time-outs run from there, whoever waits.
    """

    revision: str
    digest: str
    token: str
    started_at: datetime
    since: datetime
    phase: Phase = Phase.APPLYING
    reason: str = ""
    results: list[Note] = []
    omitted: int = 0
    health: list[Note] = []
    guard: Guarded | None = None
    cleared: list[str] = []
    """The deletions a guard has let pass (`id uid`), so that it does not ask again for the rest of them."""


class Past(msgspec.Struct, frozen=True, array_like=True):
    revision: str
    digest: str
    at: datetime
    phase: Phase

    def entry(self) -> HistoryEntry:
        return HistoryEntry(Sha(self.revision), Digest(self.digest), self.at, self.phase)


class Record(msgspec.Struct, frozen=True):
    """`epoch` is the fence: the lease's count of holders when this was written."""

    version: int = VERSION
    epoch: int = 0
    server: str = ""
    """The server's version when the fingerprints were taken: another one may default differently."""
    revision: str = ""
    digest: str = ""
    content_key: str = ""
    delivered_at: datetime | None = None
    healthy_since: datetime | None = None
    attempt: Attempt | None = None
    history: list[Past] = []
    entries: list[Entry] = []

    @property
    def inventory(self) -> dict[ObjectId, Entry]:
        return {entry.id: entry for entry in self.entries}

    def past(self) -> tuple[HistoryEntry, ...]:
        """Newest first."""
        return tuple(p.entry() for p in self.history)


class _Versioned(msgspec.Struct):
    version: int


def encode(record: Record) -> bytes:
    return zlib.compress(msgspec.json.encode(record), level=6)


def decode(blob: bytes, where: str) -> Record:
    """Read what `encode` wrote. Raises RecordUnreadable, which names `where` and the way out."""
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(blob, MAX_RECORD_BYTES)
        if not unpacker.eof:
            raise _unreadable(where, "it is cut off, or larger than it can be")
        version = msgspec.json.decode(text, type=_Versioned).version
        if version != VERSION:
            raise _unreadable(
                where, f"it is of version {version}, and this Longshore reads version {VERSION}"
            )
        return msgspec.json.decode(text, type=Record)
    except (zlib.error, msgspec.DecodeError) as error:
        raise _unreadable(where, str(error)) from error


def _unreadable(where: str, why: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"the delivery record in {where} cannot be read: {why}",
        hint="run the Longshore that wrote it; or restore it from a backup; or delete it to start with an empty "
        "inventory, and then what is no longer declared stays in the cluster until you remove it yourself",
    )


def bounded(results: list[ObjectResult]) -> tuple[list[Note], int]:
    """The results to keep, failures first, and how many had to be left out."""
    told = sorted(results, key=lambda r: r.outcome is not Outcome.FAILED)
    return [Note.of_result(r) for r in told[:MAX_NOTES]], max(0, len(told) - MAX_NOTES)
