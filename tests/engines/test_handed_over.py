"""Targets that controllers deliver."""

from dataclasses import replace

import pytest

from bot.engines.handed_over import delivered_by
from bot.model.argocd import ArgoSettings
from bot.model.flux import FluxSettings
from bot.model.refs import ObjectRef
from bot.model.target import EngineKind
from tests.engines.direct.world import make_target


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("flux-system/apps", ObjectRef("Kustomization", "flux-system", "apps")),
        ("shop/web:helm", ObjectRef("HelmRelease", "shop", "web")),
    ],
)
def test_who_delivers_a_flux_target_is_told_by_the_name_that_flux_knows(name: str, ref: ObjectRef) -> None:
    target = replace(make_target(name, flux=FluxSettings(ref, "v1")), engine=EngineKind.FLUX)
    assert delivered_by(target) == f"delivered by Flux ({ref.kind} {ref.namespace}/{ref.name})"


@pytest.mark.parametrize(
    ("is_automated", "said"),
    [
        (True, "delivered by Argo CD (Application argocd/web)"),
        (False, "delivered by Argo CD (Application argocd/web), once somebody syncs it"),
    ],
)
def test_whether_argo_cd_waits_for_a_person_is_told(is_automated: bool, said: str) -> None:
    settings = ArgoSettings(ObjectRef("Application", "argocd", "web"), is_automated=is_automated)
    target = replace(make_target("argocd/web"), engine=EngineKind.ARGOCD, argocd=settings)
    assert delivered_by(target) == said


def test_nobody_else_delivers_what_we_deliver() -> None:
    assert delivered_by(make_target("apps")) == ""
