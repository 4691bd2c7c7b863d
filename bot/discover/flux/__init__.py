"""Flux's objects as targets.

Only what this repository is the source of becomes renderable; the rest is kept as unknown with the reason, never
dropped. Fields whose meaning is not built yet make their target unknown rather than wrong.
"""

from bot.discover.flux.kustomization import kustomization_target
from bot.discover.flux.objects import (
    KUSTOMIZE_GROUP,
    SOURCE_GROUP,
    FluxObject,
    MalformedFlux,
    cluster_label,
    is_kustomization,
    is_of_artifact,
    is_source,
    suspended_notice,
)
from bot.discover.flux.sources import RepositoryIdentity, Sources, normal_url

__all__ = [
    "KUSTOMIZE_GROUP",
    "SOURCE_GROUP",
    "FluxObject",
    "MalformedFlux",
    "RepositoryIdentity",
    "Sources",
    "cluster_label",
    "is_kustomization",
    "is_of_artifact",
    "is_source",
    "kustomization_target",
    "normal_url",
    "suspended_notice",
]
