"""Targets that a controller delivers: planned and shown by us, applied by Flux or Argo CD.

Invariant: nothing is written to the cluster here.
"""

from bot.model.target import EngineKind, Target

_NAMES = {EngineKind.FLUX: "Flux", EngineKind.ARGOCD: "Argo CD"}


def delivered_by(target: Target) -> str:
    """Who delivers it, for people: `delivered by Flux (HelmRelease shop/web)`. Empty for what we deliver ourselves."""
    name = _NAMES.get(target.engine)
    if name is None:
        return ""
    if target.argocd is not None and not target.argocd.is_automated:
        return f"delivered by {name} ({target.argocd.ref}), once somebody syncs it"
    ref = target.flux.ref if target.flux else target.argocd.ref if target.argocd else None
    return f"delivered by {name} ({ref})" if ref else f"delivered by {name}"
