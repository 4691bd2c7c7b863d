"""What would go down with an object: a namespace's contents, a CRD's custom resources, a StatefulSet's volumes.

Invariant: what cannot be looked into counts as holding something.
"""

from collections.abc import Iterable, Mapping

from bot.aio import gather_bounded
from bot.kube.client import KubeClient
from bot.kube.errors import KubeError, NotFound
from bot.kube.resources import ObjectMeta, Resource
from bot.model.objects import ObjectId

LISTS_AT_ONCE = 8
_MADE_BY_KUBERNETES = {
    ("", "ServiceAccount", "default"),
    ("", "ConfigMap", "kube-root-ca.crt"),
    ("", "ConfigMap", "openshift-service-ca.crt"),
}
_PASSING = {"Event", "Endpoints", "EndpointSlice", "Lease"}


async def holds(client: KubeClient, doomed: Iterable[tuple[ObjectId, Resource]]) -> Mapping[ObjectId, str]:
    """For each object that holds something beyond the doomed ones, what it holds."""
    pairs = list(doomed)
    known = {identity for identity, _ in pairs}
    found: dict[ObjectId, str] = {}
    for identity, resource in pairs:
        if identity.kind == "Namespace" and not identity.group:
            inside = await _inside(client, identity.name, known)
        elif identity.kind == "CustomResourceDefinition":
            inside = await _instances(client, identity.name, known)
        elif identity.kind == "StatefulSet":
            inside = await _volumes(client, identity, resource)
        else:
            continue
        if inside:
            found[identity] = inside
    return found


async def _inside(client: KubeClient, namespace: str, known: set[ObjectId]) -> str:
    kinds = [
        r
        for r in await client.discovery.all()
        if r.namespaced and "list" in r.verbs and "delete" in r.verbs and r.kind not in _PASSING
    ]

    async def one(resource: Resource) -> list[ObjectId]:
        return await _strangers(client, resource, namespace, known)

    try:
        found = await gather_bounded(LISTS_AT_ONCE, one, kinds)
    except KubeError as error:
        return f"what it holds cannot be read ({error.message})"
    return _counted([identity for some in found for identity in some])


async def _instances(client: KubeClient, definition: str, known: set[ObjectId]) -> str:
    plural, _, group = definition.partition(".")
    kinds = [r for r in await client.discovery.all() if (r.group, r.plural) == (group, plural)]
    if not kinds:
        return ""
    try:
        return _counted(await _strangers(client, kinds[0], "", known))
    except KubeError as error:
        return f"its custom resources cannot be listed ({error.message})"


async def _strangers(
    client: KubeClient, resource: Resource, namespace: str, known: set[ObjectId]
) -> list[ObjectId]:
    """The objects of a kind that would go unasked: not doomed themselves, and not their owner's to lose."""
    try:
        metas = await client.list_metadata(resource, namespace=namespace)
    except NotFound:
        return []
    placed = [(resource.id(meta.namespace, meta.name), meta) for meta in metas]
    return [identity for identity, meta in placed if identity not in known and not _follows(identity, meta)]


def _follows(identity: ObjectId, meta: ObjectMeta) -> bool:
    is_standard = (identity.group, identity.kind, identity.name) in _MADE_BY_KUBERNETES
    return is_standard or bool(meta.ownerReferences) or meta.is_terminating


async def _volumes(client: KubeClient, identity: ObjectId, resource: Resource) -> str:
    live = await client.find(resource, identity.namespace, identity.name)
    spec = (live or {}).get("spec") or {}
    policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    if spec.get("volumeClaimTemplates") and policy.get("whenDeleted") == "Delete":
        return "its volume claims are deleted with it"
    return ""


def _counted(found: list[ObjectId]) -> str:
    if not found:
        return ""
    shown = ", ".join(str(identity) for identity in sorted(found)[:3])
    return f"it holds {len(found)} more object{'s' if len(found) > 1 else ''} ({shown})"
