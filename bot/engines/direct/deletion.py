"""Carrying out a prune, one wave at a time.

Invariant: a deletion names the uid it means, and an object leaves the inventory when it is seen to be gone, not when it
was asked to go.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.aio import gather_bounded
from bot.engines.base import Admits
from bot.engines.claims import Claims
from bot.engines.direct.contents import holds
from bot.engines.direct.failures import failed, failure_of
from bot.engines.direct.prune import Doomed, Limits, PrunePlan, Question, decide
from bot.engines.direct.session import Session
from bot.errors import Temporary
from bot.kube.client import KubeClient
from bot.kube.errors import Conflict, KubeError, NoSuchKind
from bot.kube.order import delete_waves
from bot.kube.record import Entry
from bot.kube.resources import ObjectMeta, Resource
from bot.model.delivery import ObjectResult
from bot.model.objects import ObjectId

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a target's leftovers are judged."""

    claims: Claims
    admits: Admits
    manager: str
    limits: Limits
    declared: frozenset[ObjectId]
    vanished: bool = False


async def plan(session: Session, rules: Rules) -> PrunePlan:
    """Ask the cluster about every leftover, and decide."""
    client, entries = session.client, session.entries
    leftovers = tuple(entry for identity, entry in entries.items() if identity not in rules.declared)
    live = await _live(client, leftovers)
    allowed, cleared = session.held.allowed_prune, frozenset(session.attempt.cleared)
    question = Question(
        leftovers,
        live,
        len(entries),
        len(rules.declared),
        session.identity.parent.id,
        rules.manager,
        rules.claims,
        rules.admits,
        allowed=allowed,
        cleared=cleared,
        vanished=rules.vanished,
        limits=rules.limits,
    )
    first = decide(question)
    if not first.delete or {d.key for d in first.delete} <= cleared:
        return first
    return decide(replace(question, holds=await _holds(client, first.delete)))


async def _live(client: KubeClient, entries: Iterable[Entry]) -> dict[ObjectId, ObjectMeta | None]:
    async def one(entry: Entry) -> tuple[ObjectId, ObjectMeta | None]:
        try:
            resource = await client.discovery.preferred(entry.group, entry.kind)
        except NoSuchKind:
            # With its CRD gone, nothing of the kind can be left.
            return entry.id, None
        return entry.id, await client.find_metadata(resource, entry.namespace, entry.name)

    return dict(await gather_bounded(AT_ONCE, one, entries))


async def _holds(client: KubeClient, doomed: Iterable[Doomed]) -> Mapping[ObjectId, str]:
    pairs = [(d.id, await client.discovery.preferred(d.id.group, d.id.kind)) for d in doomed]
    return await holds(client, pairs)


async def carry_out(
    session: Session, doomed: Sequence[Doomed], dying: Sequence[ObjectId]
) -> list[ObjectResult]:
    """Delete the first wave; what could not be deleted comes back. Nothing is done while an earlier wave is dying."""
    by_id = {d.id: d for d in doomed}
    waves = delete_waves([*by_id, *dying])
    if not waves:
        return []

    async def one(identity: ObjectId) -> ObjectResult | None:
        return await _delete(session.client, by_id[identity])

    results = await gather_bounded(AT_ONCE, one, [identity for identity in waves[0] if identity in by_id])
    return [result for result in results if result is not None]


async def _delete(client: KubeClient, doomed: Doomed) -> ObjectResult | None:
    identity = doomed.id
    resource: Resource = await client.discovery.preferred(identity.group, identity.kind)
    try:
        await client.delete(resource, identity.namespace, identity.name, uid=doomed.uid)
    except Conflict:
        # Another object took the name since it was looked at: the next look keeps it.
        return None
    except Temporary:
        raise
    except KubeError as error:
        return failed(identity, failure_of(error), f"could not be deleted: {error}")
    return None
