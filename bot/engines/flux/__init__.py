"""Targets that Flux delivers: planned and shown by us, applied by Flux's controllers.

Invariant: nothing is written to the cluster here.
"""

from bot.engines.base import Order, Step
from bot.model.delivery import Phase, TargetDelivery


class FluxEngine:
    async def step(self, order: Order) -> Step:
        target = order.target
        name = f"{target.namespace}/{target.id.name}" if target.namespace else target.id.name
        return Step(
            TargetDelivery(
                target.id,
                target.environment,
                order.revision,
                Phase.HANDED_OVER,
                digest=order.masked.digest,
                reason=f"delivered by Flux (Kustomization {name})",
            )
        )

    async def prune(self, order: Order) -> Step:
        """Flux prunes by its own inventory."""
        return await self.step(order)
