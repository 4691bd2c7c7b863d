"""Flux's objects as targets.

What can be told from the objects alone becomes a target; the rest is kept as unknown with the reason, never dropped.
"""

from bot.discover.flux.kustomization import kustomization_target
from bot.discover.flux.objects import (
    EXTENSIONS_GROUP,
    HELM_GROUP,
    KUSTOMIZE_GROUP,
    SOURCE_GROUP,
    is_helm_release,
    is_kustomization,
    is_of_artifact,
    is_source,
)
from bot.discover.flux.release import helm_release_target
from bot.discover.flux.remarks import notices
from bot.discover.flux.sources import Sources

__all__ = [
    "EXTENSIONS_GROUP",
    "HELM_GROUP",
    "KUSTOMIZE_GROUP",
    "SOURCE_GROUP",
    "Sources",
    "helm_release_target",
    "is_helm_release",
    "is_kustomization",
    "is_of_artifact",
    "is_source",
    "kustomization_target",
    "notices",
]
