"""What carries our label now, kind by kind, from lists of metadata.

Invariant: a kind that may not be listed is named; an empty answer is only ever the server's own.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

from bot.aio import gather_bounded
from bot.kube.applyset import Parent
from bot.kube.client import KubeClient
from bot.kube.errors import Forbidden, NotFound
from bot.kube.resources import ObjectMeta, Resource
from bot.model.objects import Manifest, ObjectId

LISTS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Survey:
    """`live` holds the members found; `forbidden` the kinds that may not be listed."""

    live: Mapping[ObjectId, ObjectMeta]
    forbidden: Mapping[Resource, Forbidden]


async def survey(client: KubeClient, parent: Parent, places: Iterable[tuple[Resource, ObjectId]]) -> Survey:
    """The members of the set among the kinds given. `places` also says which namespaces matter."""
    namespaces: dict[Resource, set[str]] = {}
    for resource, identity in places:
        namespaces.setdefault(resource, set()).add(identity.namespace)
    live: dict[ObjectId, ObjectMeta] = {}
    forbidden: dict[Resource, Forbidden] = {}

    async def one(resource: Resource) -> None:
        try:
            found = await _listed(client, parent, resource, namespaces[resource])
        except Forbidden as error:
            forbidden[resource] = error
            return
        live.update({resource.id(meta.namespace, meta.name): meta for meta in found})

    await gather_bounded(LISTS_AT_ONCE, one, namespaces)
    return Survey(live, forbidden)


async def _listed(
    client: KubeClient, parent: Parent, resource: Resource, namespaces: set[str]
) -> list[ObjectMeta]:
    try:
        return await client.list_metadata(resource, label_selector=parent.selector)
    except NotFound:
        # Its CRD comes with the target and is not there yet.
        return []
    except Forbidden:
        if not resource.namespaced:
            raise
    return [
        meta
        for namespace in sorted(namespaces)
        for meta in await client.list_metadata(resource, label_selector=parent.selector, namespace=namespace)
    ]


async def members(
    client: KubeClient, parent: Parent, resource: Resource, namespaces: set[str]
) -> AsyncIterator[Manifest]:
    """The whole members of one kind, a page in memory at a time."""
    try:
        async for live in client.list_objects(resource, label_selector=parent.selector):
            yield live
    except Forbidden:
        if not resource.namespaced:
            raise
        for namespace in sorted(namespaces):
            async for live in client.list_objects(
                resource, label_selector=parent.selector, namespace=namespace
            ):
                yield live
