"""What a deletion takes with it besides the object itself.

One table, so that the diff, the plan and the delivery agree on which deletions a person must not overlook.
"""

from enum import StrEnum

from bot.model.objects import ObjectId


class Loss(StrEnum):
    NAMESPACE = "namespace"
    """Everything in the namespace goes with it."""
    CUSTOM_OBJECTS = "custom-objects"
    """Every object of the kind that is defined goes with it, in all namespaces."""
    STORAGE = "storage"
    """The data may go with it, as the storage class reclaims."""
    STATEFUL = "stateful"
    """A workload that keeps data stops."""
    ISOLATION = "isolation"
    """Traffic or access that it forbade is allowed."""
    DELIVERED = "delivered"
    """What a controller has delivered for it goes with it."""
    LEFT = "left"
    """It goes, and what a controller has delivered for it stays: it says so itself."""


_LOSSES = {
    ("", "Namespace"): Loss.NAMESPACE,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Loss.CUSTOM_OBJECTS,
    ("", "PersistentVolumeClaim"): Loss.STORAGE,
    ("", "PersistentVolume"): Loss.STORAGE,
    ("apps", "StatefulSet"): Loss.STATEFUL,
    ("networking.k8s.io", "NetworkPolicy"): Loss.ISOLATION,
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): Loss.DELIVERED,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): Loss.DELIVERED,
    ("argoproj.io", "Application"): Loss.DELIVERED,
    ("argoproj.io", "ApplicationSet"): Loss.DELIVERED,
}


def loss_of(deleted: ObjectId) -> Loss | None:
    return _LOSSES.get((deleted.group, deleted.kind))
