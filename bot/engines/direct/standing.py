"""What a parent's record says, in the words of the model: read back after a restart, or by whoever reports.

Invariant: only what was confirmed is told; a write that was announced and never seen to happen is not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.engines.direct.fingerprint import outcome_of
from bot.kube import parent as parents
from bot.kube.applyset import STATE_NAMESPACE, Parent
from bot.kube.client import KubeClient
from bot.kube.record import Record
from bot.model.delivery import HistoryEntry, ObjectHealth, ObjectResult, Phase, TargetDelivery
from bot.model.objects import Digest, ObjectId
from bot.model.rendering import ContentKey
from bot.model.repo import RepoId, Sha
from bot.model.target import TargetId


@dataclass(frozen=True, slots=True)
class Standing:
    """What a cluster has of a target. `revision` is the last one delivered whole, `last` the last attempt.

    `accepted` and `attempt` are what a person's command left: a revision to take, a retry to make. `wants_retry`: the
    last attempt was made before that retry was asked for.
    """

    inventory: tuple[ObjectId, ...]
    history: tuple[HistoryEntry, ...]
    revision: Sha | None = None
    digest: Digest | None = None
    content_key: ContentKey | None = None
    delivered_at: datetime | None = None
    healthy_since: datetime | None = None
    last: TargetDelivery | None = None
    accepted: str = ""
    attempt: str = ""
    wants_retry: bool = False


async def standing(
    client: KubeClient, repo: RepoId, target: TargetId, namespace: str = STATE_NAMESPACE
) -> Standing | None:
    """What the cluster knows of a target; None when it was never delivered. Raises RecordUnreadable."""
    held = await parents.read(client, Parent.of(repo, target, namespace))
    if held is None:
        return None
    record = held.record
    return Standing(
        tuple(entry.id for entry in record.entries),
        record.past(),
        Sha(record.revision) if record.revision else None,
        Digest(record.digest) if record.digest else None,
        ContentKey(record.content_key) if record.content_key else None,
        record.delivered_at,
        record.healthy_since,
        told(record, target, "") if record.attempt else None,
        held.said(parents.ACCEPT),
        held.said(parents.ATTEMPT),
        record.attempt is not None and record.attempt.token != held.said(parents.ATTEMPT),
    )


def told(
    record: Record,
    target: TargetId,
    environment: str,
    *,
    health: Iterable[ObjectHealth] | None = None,
    reason: str = "",
) -> TargetDelivery:
    """The last attempt as the model tells it. `health` is the latest look where there was one."""
    attempt = record.attempt
    if attempt is None:
        return TargetDelivery(target, environment, Sha(""), Phase.WAITING)
    remarked = {note.id: note.result() for note in attempt.results}
    plain = [
        ObjectResult(entry.id, outcome)
        for entry in record.entries
        if entry.id not in remarked and (outcome := outcome_of(entry)) is not None
    ]
    omitted = f"{attempt.omitted} more results are not listed" if attempt.omitted else ""
    return TargetDelivery(
        target,
        environment,
        Sha(attempt.revision),
        attempt.phase,
        Digest(attempt.digest) if attempt.digest else None,
        tuple(sorted([*remarked.values(), *plain], key=lambda r: r.id)),
        tuple(health) if health is not None else tuple(note.health() for note in attempt.health),
        attempt.guard.guard() if attempt.guard else None,
        "; ".join(part for part in (reason or attempt.reason, omitted) if part),
    )
