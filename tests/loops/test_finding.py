"""What the operator and the forge say of a repository, as finding its targets is told."""

from typing import Any

import pytest

from bot.config.repositories import RepositoryConfig
from bot.model.argocd import ArgoSaid
from tests.loops.conftest import House


def entry(**more: Any) -> RepositoryConfig:
    return RepositoryConfig.model_validate({"forge": "hub", "repository": "acme/fleet", **more})


@pytest.mark.parametrize(
    ("more", "default"),
    [
        ({}, "release"),
        ({"branches": ["release"]}, "main"),
        ({"branches": ["release"], "discover": "argocd"}, "main"),
        ({"branches": ["release"], "discover": "flux"}, "release"),
    ],
)
async def test_the_default_branch_is_asked_for_only_where_it_may_be_another_and_counts(
    house: House, more: dict[str, Any], default: str
) -> None:
    await house.push({"README.md": b""})
    found = await house.world.finding(house.repo, entry(**more), "release")
    assert (found.branch, found.default_branch) == ("release", default)


async def test_what_the_operator_says_of_argo_cd_is_told(house: House) -> None:
    said = {"namespace": "openshift-gitops", "kustomizeBuildOptions": ""}
    assert (await house.world.finding(house.repo, entry(argocd=said), "main")).argocd == ArgoSaid(
        "openshift-gitops", ""
    )
    assert (await house.world.finding(house.repo, entry(), "main")).argocd == ArgoSaid()
