"""What a delivery did, per object and per target: read back from the cluster, never remembered elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.objects import Digest, ObjectId
from bot.model.repo import Sha
from bot.model.target import TargetId


class Outcome(StrEnum):
    """What happened to one object in one delivery."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    PRUNED = "pruned"
    KEPT = "kept"
    """No longer declared, and left alone on purpose; the message says why."""
    FAILED = "failed"


class Failure(StrEnum):
    """Why the API server (or we) would not do it; each has its own advice in the report."""

    INVALID = "invalid"
    IMMUTABLE = "immutable"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    NOT_ALLOWED = "not-allowed"
    """The operator's `allow` for the cluster does not cover it."""
    REFUSED = "refused"
    """An admission webhook or policy in the cluster said no."""
    NO_KIND = "no-kind"
    OWNED_ELSEWHERE = "owned-elsewhere"
    UNREACHABLE = "unreachable"
    OTHER = "other"


class Health(StrEnum):
    """kstatus, plus UNKNOWN for what could not be read."""

    CURRENT = "current"
    IN_PROGRESS = "in-progress"
    FAILED = "failed"
    TERMINATING = "terminating"
    NOT_FOUND = "not-found"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ObjectResult:
    id: ObjectId
    outcome: Outcome
    failure: Failure | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class ObjectHealth:
    id: ObjectId
    health: Health
    message: str = ""


class Phase(StrEnum):
    """Where one target's delivery of one revision stands. The order is the order of the work."""

    WAITING = "waiting"
    APPLYING = "applying"
    PRUNING = "pruning"
    CHECKING = "checking"
    """Applied and pruned; health is polled until current, failed or timed out."""
    DELIVERED = "delivered"
    BLOCKED = "blocked"
    """A guard asks a person; `reason` says what and how to go on."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The target does not render, or its cluster cannot be asked; nothing was changed."""
    HANDED_OVER = "handed-over"
    """A controller in the cluster delivers it (Flux, Argo CD)."""

    @property
    def is_final(self) -> bool:
        return self in {Phase.DELIVERED, Phase.BLOCKED, Phase.FAILED, Phase.UNKNOWN, Phase.HANDED_OVER}


@dataclass(frozen=True, slots=True)
class PruneGuard:
    """A deletion that asks first. `digest` names exactly this set of objects, for `--allow-prune DIGEST`."""

    digest: Digest
    objects: tuple[ObjectId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One delivered revision, newest first in the parent's record."""

    revision: Sha
    digest: Digest
    at: datetime
    phase: Phase


@dataclass(frozen=True, slots=True)
class TargetDelivery:
    """One target's delivery of one revision, as it stands now.

    `is_rewritten`: the branch no longer contains what was delivered, and a person has to accept this revision first.
    """

    target: TargetId
    environment: str
    revision: Sha
    phase: Phase
    digest: Digest | None = None
    results: tuple[ObjectResult, ...] = ()
    health: tuple[ObjectHealth, ...] = ()
    guard: PruneGuard | None = None
    reason: str = ""
    is_rewritten: bool = False

    def count(self, outcome: Outcome) -> int:
        return sum(r.outcome is outcome for r in self.results)
