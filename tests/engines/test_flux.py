"""Flux's targets, which others deliver."""

import pytest

from bot.engines.flux import delivered_by
from bot.model.flux import FluxRef, FluxSettings
from tests.engines.direct.world import make_target


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("flux-system/apps", FluxRef("Kustomization", "flux-system", "apps")),
        ("shop/web:helm", FluxRef("HelmRelease", "shop", "web")),
    ],
)
def test_who_delivers_a_flux_target_is_told_by_the_name_that_flux_knows(name: str, ref: FluxRef) -> None:
    target = make_target(name, flux=FluxSettings(ref, "v1"))
    assert delivered_by(target) == f"delivered by Flux ({ref.kind} {ref.namespace}/{ref.name})"
