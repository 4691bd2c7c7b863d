"""In which order objects are written and deleted: Flux's stages, and Flux's order inside a stage.

Invariant: what others need to exist comes first, what may refuse others (admission webhooks) comes last, and deleting
runs the other way. Pure.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TypeVar

from bot.model.objects import ObjectId

_FIRST_KINDS = (
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
)
_LAST_KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_RANK = {kind: rank for rank, kind in enumerate(_FIRST_KINDS)} | {
    kind: len(_FIRST_KINDS) + 1 + rank for rank, kind in enumerate(_LAST_KINDS)
}
_DEFINITIONS = frozenset({"CustomResourceDefinition", "Namespace", "ClusterRole"})
LAST_STAGE = 2

T = TypeVar("T")


def stage(identity: ObjectId) -> int:
    """0: what the rest is defined by. 1: kinds that end in `Class`. 2: everything else."""
    if identity.kind in _DEFINITIONS:
        return 0
    return 1 if identity.kind.endswith("Class") else 2


def rank(identity: ObjectId) -> int:
    """Objects of equal rank may be written in any order, or at once."""
    return _RANK.get(identity.kind, len(_FIRST_KINDS))


def _sort_key(identity: ObjectId) -> tuple[int, int, str, str, str, str]:
    return (stage(identity), rank(identity), identity.group, identity.kind, identity.namespace, identity.name)


def in_apply_order(ids: Iterable[ObjectId]) -> list[ObjectId]:
    return sorted(ids, key=_sort_key)


def apply_batches(ids: Iterable[ObjectId]) -> list[list[ObjectId]]:
    """The ids in apply order, those that may be written at once together."""
    return [list(batch) for _, batch in groupby(in_apply_order(ids), key=lambda i: (stage(i), rank(i)))]


def delete_waves(ids: Iterable[ObjectId]) -> list[list[ObjectId]]:
    """The ids in delete order, one list a stage: a wave must be gone before the next one is touched.

    A CRD goes after its custom resources are gone, or their finalizers would have nobody to serve them.
    """
    ordered: Sequence[ObjectId] = in_apply_order(ids)[::-1]
    return [list(wave) for _, wave in groupby(ordered, key=stage)]
