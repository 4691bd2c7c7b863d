"""What carries our label now, kind by kind, from lists of metadata.

Invariant: a kind that cannot be listed raises; an empty answer is only ever the server's own.
"""

from collections.abc import AsyncIterator, Iterable

from bot.aio import gather_bounded
from bot.kube.applyset import Parent
from bot.kube.client import KubeClient
from bot.kube.errors import Forbidden, NotFound
from bot.kube.resources import ObjectMeta, Resource
from bot.model.objects import Manifest, ObjectId

LISTS_AT_ONCE = 8


async def survey(
    client: KubeClient, parent: Parent, places: Iterable[tuple[Resource, ObjectId]]
) -> dict[ObjectId, ObjectMeta]:
    """The members of the set among the kinds given. `places` also says which namespaces matter."""
    namespaces: dict[Resource, set[str]] = {}
    for resource, identity in places:
        namespaces.setdefault(resource, set()).add(identity.namespace)

    async def one(resource: Resource) -> list[tuple[ObjectId, ObjectMeta]]:
        found = await _listed(client, parent, resource, namespaces[resource])
        return [(resource.id(meta.namespace, meta.name), meta) for meta in found]

    found = await gather_bounded(LISTS_AT_ONCE, one, namespaces)
    return {identity: meta for some in found for identity, meta in some}


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
