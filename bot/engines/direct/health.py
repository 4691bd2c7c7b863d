"""Is what was applied as it should be? One look, for the engine to repeat.

Invariant: an object that could not be seen is not current.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.aio import gather_bounded
from bot.engines.direct.prepare import Wanted
from bot.engines.direct.survey import members, survey
from bot.kube.applyset import Parent
from bot.kube.client import KubeClient
from bot.kube.kstatus import Verdict, needs_body, status
from bot.kube.resources import ObjectMeta, Resource
from bot.model.delivery import Health, ObjectHealth
from bot.model.objects import ObjectId

LISTS_AT_ONCE = 4
NOTHING_SEEN: Mapping[ObjectId, ObjectMeta] = {}


async def look(
    client: KubeClient,
    parent: Parent,
    wanted: Mapping[ObjectId, Wanted],
    now: datetime,
    seen: Mapping[ObjectId, ObjectMeta] = NOTHING_SEEN,
) -> list[ObjectHealth]:
    """The health of every object wanted. Bodies are only fetched of kinds whose health is in them.

    `seen` is what this step has listed already: of a kind without a status that is all there is to see.
    """
    verdicts = {
        identity: _of_metadata(meta)
        for identity, meta in seen.items()
        if not needs_body(identity.group, identity.kind)
    }
    with_body: dict[Resource, set[str]] = {}
    plain: list[tuple[Resource, ObjectId]] = []
    for identity, item in wanted.items():
        if needs_body(identity.group, identity.kind):
            with_body.setdefault(item.resource, set()).add(identity.namespace)
        elif identity not in seen:
            plain.append((item.resource, identity))

    async def one(resource: Resource) -> None:
        async for live in members(client, parent, resource, with_body[resource]):
            metadata = live["metadata"]
            verdicts[resource.id(metadata.get("namespace", ""), metadata["name"])] = status(live, now)

    await gather_bounded(LISTS_AT_ONCE, one, with_body)
    found = await survey(client, parent, plain)
    verdicts |= {identity: _of_metadata(meta) for identity, meta in found.live.items()}
    return [_health(identity, item, verdicts) for identity, item in wanted.items()]


async def look_at(client: KubeClient, wanted: Iterable[Wanted], now: datetime) -> list[ObjectHealth]:
    """The health of a few objects, one request each."""

    async def one(item: Wanted) -> ObjectHealth:
        live = await client.find(item.resource, item.id.namespace, item.id.name)
        return ObjectHealth(item.id, *status(live, now))

    return await gather_bounded(LISTS_AT_ONCE, one, wanted)


def _of_metadata(meta: ObjectMeta) -> Verdict:
    if meta.is_terminating:
        return Verdict(Health.TERMINATING, "is being deleted")
    return Verdict(Health.CURRENT)


def _health(identity: ObjectId, item: Wanted, verdicts: Mapping[ObjectId, Verdict]) -> ObjectHealth:
    verdict = verdicts.get(identity)
    if verdict is None and _cleans_up(item):
        return ObjectHealth(identity, Health.CURRENT, "has finished and was cleaned up")
    return ObjectHealth(identity, *(verdict or Verdict(Health.NOT_FOUND, "not found")))


def _cleans_up(item: Wanted) -> bool:
    """A finished Job with a time to live deletes itself: it was applied, so its absence is success."""
    spec = item.manifest.get("spec") or {}
    return item.id.kind == "Job" and "ttlSecondsAfterFinished" in spec
