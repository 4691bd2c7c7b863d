"""Targets that Flux delivers: planned and shown by us, applied by Flux's controllers.

Invariant: nothing is written to the cluster here.
"""

from bot.model.target import Target


def delivered_by(target: Target) -> str:
    """Who delivers it, for people: `delivered by Flux (HelmRelease shop/web)`."""
    return f"delivered by Flux ({target.flux.ref})" if target.flux else "delivered by Flux"
