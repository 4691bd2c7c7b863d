"""Until its engine arrives, a Flux target is answered and not touched."""

from bot.engines.flux import FluxEngine
from bot.model.delivery import Phase
from tests.engines.direct.world import config_map, make_order, make_target


async def test_a_flux_target_is_handed_over_by_name() -> None:
    order = make_order([config_map("shop", "a")], target=make_target("apps", namespace="flux-system"))
    for step in (await FluxEngine().step(order), await FluxEngine().prune(order)):
        assert step.delivery.phase is Phase.HANDED_OVER
        assert step.delivery.reason == "delivered by Flux (Kustomization flux-system/apps)"
        assert step.again_after_s is None
