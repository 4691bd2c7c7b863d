"""The parents in a cluster and whose they are, without reading their records.

Invariant: a ConfigMap is taken for a parent only under the very name that its repository and target give it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

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


async def listed(client: KubeClient, namespace: str = STATE_NAMESPACE) -> list[Identity]:
    """Every parent in the cluster."""
    selector = f"{MANAGED_BY_LABEL}=longshore,{ID_LABEL}"
    found = await client.list_metadata(CONFIG_MAP, label_selector=selector, namespace=namespace)
    identities = [_identity(meta) for meta in found]
    return sorted((i for i in identities if i is not None), key=lambda i: (i.target, i.parent.name))


def vanished(found: Iterable[Identity], source: Source, known: set[TargetId], cluster: str) -> list[Identity]:
    """The parents of targets that this branch no longer declares.

    `known` holds every target it does declare, failed or not.
    """
    return [
        identity
        for identity in _under_names(found, known, cluster)
        if identity.source == source and identity.target not in known
    ]


def former(found: Iterable[Identity], source: Source, known: set[TargetId], cluster: str) -> list[Identity]:
    """The parents that this very repository left from this branch when it had another path."""
    return [identity for identity in _under_names(found, known, cluster) if _left_by(identity, source)]


def of_branch(found: Iterable[Identity], source: Source) -> list[Identity]:
    """The parents of this branch, and those that its repository left from it under another path, as far as the parents
    themselves tell which repository that is.
    """
    every = list(found)
    numbers = {one.source.number for one in every if one.source.repo == source.repo} - {None}
    return [
        one
        for one in every
        if one.source == source or any(_left_by(one, replace(source, number=number)) for number in numbers)
    ]


def _left_by(identity: Identity, source: Source) -> bool:
    theirs = identity.source
    return (
        theirs.number is not None
        and (theirs.number, theirs.repo.forge, theirs.branch)
        == (source.number, source.repo.forge, source.branch)
        and theirs.repo != source.repo
    )


def _under_names(found: Iterable[Identity], known: set[TargetId], cluster: str) -> Iterator[Identity]:
    """Two names may lead to one server: only what was delivered under a name of this cluster is judged."""
    names = {target.cluster for target in known} | {cluster}
    return (identity for identity in found if identity.target.cluster in names)


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
