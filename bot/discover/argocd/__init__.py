"""Argo CD's objects as targets.

What can be told from the objects alone becomes a target; the rest is kept as unknown with the reason, never dropped.
What tells the objects apart is loaded for every plan, the rest only where a repository holds any.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bot.discover.argocd.clusters import declared_cluster, is_cluster_secret, is_repository_secret
from bot.discover.argocd.objects import GROUP, is_application, is_application_set, is_project

if TYPE_CHECKING:
    from bot.discover.argocd.application import application_target
    from bot.discover.argocd.application_set import application_set_target
    from bot.discover.argocd.context import ArgoContext
    from bot.discover.argocd.forbidden import forbidden_objects
    from bot.discover.argocd.remarks import notices

__all__ = [
    "GROUP",
    "ArgoContext",
    "application_set_target",
    "application_target",
    "declared_cluster",
    "forbidden_objects",
    "is_application",
    "is_application_set",
    "is_cluster_secret",
    "is_project",
    "is_repository_secret",
    "notices",
]

_LATER = {
    "ArgoContext": "context",
    "application_set_target": "application_set",
    "application_target": "application",
    "forbidden_objects": "forbidden",
    "notices": "remarks",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
