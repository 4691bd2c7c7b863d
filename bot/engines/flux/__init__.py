"""Targets that Flux delivers: planned and shown by us, applied by Flux's controllers.

Invariant: nothing is written to the cluster here.
"""

from bot.engines.base import Order, Step
from bot.model.delivery import Phase, TargetDelivery
from bot.model.target import Target


def delivered_by(target: Target) -> str:
    """Who delivers it, for people: `delivered by Flux (HelmRelease shop/web)`."""
    return f"delivered by Flux ({target.flux.ref})" if target.flux else "delivered by Flux"


class FluxEngine:
    async def step(self, order: Order) -> Step:
        target = order.target
        return Step(
            TargetDelivery(
                target.id,
                target.environment,
                order.revision,
                Phase.HANDED_OVER,
                digest=order.masked.digest,
                reason=delivered_by(target),
            )
        )

    async def prune(self, order: Order) -> Step:
        """Flux prunes by its own inventory."""
        return await self.step(order)
