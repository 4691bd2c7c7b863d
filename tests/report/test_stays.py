"""What Flux leaves in the cluster is said to stay, wherever its removal is shown."""

from typing import Any

import pytest

from bot.model.argocd import ArgoSettings
from bot.model.flux import FluxSettings
from bot.model.objects import Manifest
from bot.model.plan import TargetPlan
from bot.model.refs import ObjectRef
from bot.model.target import EngineKind
from bot.report.check import plan_conclusion
from bot.report.comment import plan_comment
from bot.report.plan_json import plan_data
from bot.report.terminal import plan_text
from bot.report.view import dangers
from tests.report.build import deployment, masked, named, plan, target, target_plan
from tests.report.plans import release, release_object

STAYS = "no longer declared; it stays, because"


def kustomization(name: str = "shop", policy: str = "MirrorPrune", **fields: Any) -> Any:
    ref = ObjectRef("Kustomization", "flux-system", name)
    flux = FluxSettings(ref, "kustomize.toolkit.fluxcd.io/v1", deletion_policy=policy)
    return target(f"flux-system/{name}", engine=EngineKind.FLUX, flux=flux, **fields)


def declared(name: str = "shop") -> Manifest:
    metadata = {"name": name, "namespace": "flux-system"}
    return named("Kustomization", name, "kustomize.toolkit.fluxcd.io/v1") | {"metadata": metadata}


def goes(where: Any, *objects: Manifest) -> TargetPlan:
    return target_plan(where, masked(*objects), None)


def loses(where: Any, *objects: Manifest) -> TargetPlan:
    other = named("ServiceAccount", "other")
    return target_plan(where, masked(*objects, other), masked(other))


def test_a_removal_where_pruning_is_off_is_said_to_stay() -> None:
    planned = plan(loses(kustomization(prune=False), deployment()))
    assert f"({STAYS} pruning is off)" in plan_comment(planned)
    assert f"({STAYS} pruning is off)" in plan_text(planned)
    assert STAYS not in plan_comment(plan(loses(kustomization(), deployment())))


def test_what_stays_is_counted_apart_from_what_is_deleted() -> None:
    kept = plan(loses(kustomization(prune=False), deployment()))
    assert "1 of 1 target changes: 1 object left in the cluster" in plan_text(kept)
    assert "(1 left in the cluster)" in plan_comment(kept)
    both = plan(loses(kustomization(prune=False), deployment()), loses(kustomization("other"), deployment()))
    assert "1 object removed, 1 left in the cluster" in plan_text(both)
    assert plan_data(both)["totals"]["removed"] == 2
    assert plan_data(both)["totals"]["left"] == 1


@pytest.mark.parametrize(
    ("policy", "prune", "stays"),
    [
        ("MirrorPrune", False, True),
        ("MirrorPrune", True, False),
        ("Orphan", True, True),
        ("Delete", False, False),
        ("WaitForTermination", False, False),
    ],
)
def test_what_a_removed_kustomization_delivered_stays_as_its_policy_says(
    policy: str, prune: bool, stays: bool
) -> None:
    apps = kustomization(policy=policy, prune=prune)
    planned = plan(loses(kustomization("root"), declared()), goes(apps, deployment()))
    [danger] = dangers(planned)
    assert danger.is_kept is stays
    comment = plan_comment(planned)
    assert ("all that was delivered for it stays" in comment) is stays
    assert ("all that was delivered for it is deleted" in comment) is not stays
    assert (STAYS in comment) is stays
    assert plan_conclusion(planned).value == ("success" if stays else "neutral")


def test_a_release_whose_object_is_not_pruned_stays_at_any_depth() -> None:
    ref = ObjectRef("HelmRelease", "podinfo", "podinfo")
    helm = release(flux=FluxSettings(ref, "helm.toolkit.fluxcd.io/v2"))
    middle = goes(kustomization(), release_object("1", "1"))
    below = goes(helm, deployment())
    stays = plan(loses(kustomization("root", prune=False), declared()), middle, below)
    assert plan_text(stays).count("what delivers it is not deleted either") == 3
    assert "deletes" not in plan_text(stays)
    goes_too = plan(loses(kustomization("root"), declared()), middle, below)
    assert "stays" not in plan_text(goes_too)


def application(name: str = "web", *, deletes: bool = False, **fields: Any) -> Any:
    argocd = ArgoSettings(
        ObjectRef("Application", "argocd", name), is_automated=True, deletes_objects=deletes
    )
    return target(f"argocd/{name}", engine=EngineKind.ARGOCD, argocd=argocd, **fields)


def app_object(name: str = "web") -> Manifest:
    return named("Application", name, "argoproj.io/v1alpha1") | {
        "metadata": {"name": name, "namespace": "argocd"}
    }


@pytest.mark.parametrize(("deletes", "stays"), [(True, False), (False, True)])
def test_what_a_removed_application_delivered_stays_without_its_finalizer(deletes: bool, stays: bool) -> None:
    parent = loses(application("root"), app_object())
    planned = plan(parent, goes(application(deletes=deletes), deployment()))
    assert ("has no finalizer that deletes them" in plan_comment(planned)) is stays


def test_what_argo_cd_delivered_for_an_application_that_stays_itself_stays_too() -> None:
    """The set that made the Application does not delete it."""
    keeps = application("sites:set", prune=False)
    gone = goes(application(deletes=True, cluster="eu"), deployment())
    assert "what delivers it is not deleted either" in plan_comment(plan(loses(keeps, app_object()), gone))


def test_an_application_that_somebody_applied_by_hand_is_deleted_by_nobody_else() -> None:
    planned = plan(goes(application(deletes=True), deployment()))
    assert "nothing deletes what was applied by hand" in plan_comment(planned)
