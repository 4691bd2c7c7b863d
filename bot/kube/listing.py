"""The parents in a cluster and whose they are, without reading their records.

Invariant: a ConfigMap is taken for a parent only under the very name that its repository and target give it.
"""

from collections.abc import Iterable

from bot.kube.applyset import ID_LABEL, STATE_NAMESPACE, Parent
from bot.kube.client import KubeClient
from bot.kube.parent import (
    BRANCH,
    CLUSTER,
    CONFIG_MAP,
    MANAGED_BY_LABEL,
    REPOSITORY,
    REPOSITORY_ID,
    TARGET,
    Identity,
    Source,
)
from bot.kube.resources import ObjectMeta
from bot.model.repo import RepoId
from bot.model.target import TargetId

MAX_NUMBER_DIGITS = 20


async def listed(client: KubeClient, repo: RepoId, namespace: str = STATE_NAMESPACE) -> list[Identity]:
    """Every parent in the cluster that was last delivered from this repository, or from what had its path then."""
    selector = f"{MANAGED_BY_LABEL}=longshore,{ID_LABEL}"
    found = await client.list_metadata(CONFIG_MAP, label_selector=selector, namespace=namespace)
    identities = [_identity(meta) for meta in found]
    return sorted(
        (i for i in identities if i is not None and i.source.repo == repo),
        key=lambda i: (i.target, i.parent.name),
    )


def vanished(found: Iterable[Identity], source: Source, known: set[TargetId], cluster: str) -> list[Identity]:
    """The parents of targets that this branch no longer declares, among those `listed` in a cluster.

    `known` holds every target it does declare, failed or not.
    """
    cluster_names = {target.cluster for target in known} | {cluster}
    return [
        identity
        for identity in found
        # Two names may lead to one server: only what was delivered under a name of this cluster is judged.
        if identity.source == source
        and identity.target not in known
        and identity.target.cluster in cluster_names
    ]


def _identity(meta: ObjectMeta) -> Identity | None:
    """Read off a parent whose it is; None for a ConfigMap that is not a parent of ours, whatever its labels say."""
    said = meta.annotation_map
    try:
        source = Source(RepoId.parse(said[REPOSITORY]), said[BRANCH], _number(said.get(REPOSITORY_ID, "")))
        target = TargetId(said[CLUSTER], said[TARGET])
    except (KeyError, ValueError):
        return None
    identity = Identity(Parent(meta.namespace, meta.name), source, target)
    return identity if Parent.of(source.repo, target, meta.namespace) == identity.parent else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_NUMBER_DIGITS else None
