"""Until its engine arrives, a Flux target is answered and not touched."""

import pytest

from bot.engines.flux import FluxEngine
from bot.model.delivery import Phase
from bot.model.flux import FluxRef, FluxSettings
from tests.engines.direct.world import config_map, make_order, make_target


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("flux-system/apps", FluxRef("Kustomization", "flux-system", "apps")),
        ("shop/web:helm", FluxRef("HelmRelease", "shop", "web")),
    ],
)
async def test_a_flux_target_is_handed_over_by_the_name_that_flux_knows(name: str, ref: FluxRef) -> None:
    target = make_target(name, flux=FluxSettings(ref, "v1"))
    order = make_order([config_map("shop", "a")], target=target)
    for step in (await FluxEngine().step(order), await FluxEngine().prune(order)):
        assert step.delivery.phase is Phase.HANDED_OVER
        assert step.delivery.reason == f"delivered by Flux ({ref.kind} {ref.namespace}/{ref.name})"
        assert step.again_after_s is None
