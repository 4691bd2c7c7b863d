"""How Flux Kustomizations become targets."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.discover.flux import (
    FluxObject,
    MalformedFlux,
    RepositoryIdentity,
    Sources,
    kustomization_target,
    normal_url,
)
from bot.model.target import EngineKind, PostBuild, Target, TargetId, VariablesFrom


def source(name: str, url: str) -> dict[str, Any]:
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {"url": url},
    }


def target(sources: Sequence[dict[str, Any]] = (), /, **spec: Any) -> Target:
    manifest = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": {
            "path": "./apps",
            "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
            **spec,
        },
    }
    repository = RepositoryIdentity.of(["https://github.com/acme/fleet"])
    known = Sources.of(sources or [source("flux-system", "ssh://git@github.com/acme/fleet.git")], repository)
    return kustomization_target(FluxObject(manifest, "clusters/a/apps.yaml", 1), known, "a")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/fleet",
        "https://github.com/acme/fleet.git",
        "https://user@github.com/acme/Fleet/",
        "ssh://git@github.com:22/acme/fleet.git",
        "git@github.com:acme/fleet.git",
    ],
)
def test_one_repository_has_many_spellings(url: str) -> None:
    assert normal_url(url) == "github.com/acme/fleet"


def test_a_kustomization_of_this_repository_is_a_target_delivered_by_flux() -> None:
    found = target(
        timeout="3m", wait=True, dependsOn=[{"name": "infra"}, {"name": "x", "namespace": "other"}]
    )
    assert found.id == TargetId("a", "flux-system/apps")
    assert (found.path, found.engine, found.unknown_because) == ("apps", EngineKind.FLUX, "")
    assert (found.timeout_s, found.wait, found.depends_on) == (180.0, True, ("flux-system/infra", "other/x"))


def test_a_flux_system_source_that_is_declared_nowhere_is_this_repository() -> None:
    assert target([source("other", "https://github.com/x/y")]).unknown_because == ""


def test_another_source_makes_the_target_unknown_with_the_reason() -> None:
    elsewhere = target(
        [source("podinfo", "https://github.com/x/podinfo")],
        sourceRef={"kind": "GitRepository", "name": "podinfo"},
    )
    assert "is another repository (https://github.com/x/podinfo)" in elsewhere.unknown_because
    oci = target(sourceRef={"kind": "OCIRepository", "name": "app"})
    assert "OCIRepository flux-system/app" in oci.unknown_because
    undeclared = target(sourceRef={"kind": "GitRepository", "name": "nowhere"})
    assert "not declared in this repository" in undeclared.unknown_because


@pytest.mark.parametrize("field", ["decryption", "buildMetadata"])
def test_a_field_that_is_not_built_makes_the_target_unknown(field: str) -> None:
    assert target(**{field: {"provider": "sops"}}).unknown_because == f"spec.{field} is not supported yet"


def test_a_change_in_a_field_that_is_not_built_is_a_change_of_the_target() -> None:
    one, other = (target(decryption={"provider": name}) for name in ("sops", "other"))
    assert one.overlay != other.overlay


def test_variables_and_where_they_come_from_are_read() -> None:
    post_build = {
        "substitute": {"region": "eu"},
        "substituteFrom": [
            {"kind": "ConfigMap", "name": "settings"},
            {"kind": "Secret", "name": "keys", "optional": True},
        ],
    }
    assert target(postBuild=post_build).post_build == PostBuild(
        {"region": "eu"},
        (VariablesFrom("ConfigMap", "settings"), VariablesFrom("Secret", "keys", is_optional=True)),
    )


@pytest.mark.parametrize(
    ("post_build", "reason"),
    [
        ("x", "spec.postBuild must be a dict"),
        ({"substitute": []}, "spec.postBuild.substitute must be a dict"),
        ({"substituteFrom": {}}, "spec.postBuild.substituteFrom must be a list"),
        ({"substituteFrom": [{"kind": "Pod", "name": "x"}]}, "spec.postBuild.substituteFrom[0] needs a kind"),
        ({"substituteFrom": [{"kind": "Secret"}]}, "spec.postBuild.substituteFrom[0] needs a kind"),
        ({"substituteStrategy": "Never"}, "spec.postBuild.substituteStrategy is 'Never'"),
    ],
)
def test_variables_that_cannot_be_read_make_the_target_unknown(post_build: object, reason: str) -> None:
    assert target(postBuild=post_build).unknown_because.startswith(reason)


def test_fields_that_shape_the_rendering_are_laid_over_it() -> None:
    found = target(targetNamespace="shop", patches=[{"patch": "x"}], images=[{"name": "a", "newTag": "1"}])
    assert dict(found.overlay) == {
        "namespace": "shop",
        "patches": [{"patch": "x"}],
        "images": [{"name": "a", "newTag": "1"}],
    }


@pytest.mark.parametrize(("field", "value"), [("patches", "x"), ("targetNamespace", 3), ("images", {"a": 1})])
def test_a_field_of_the_wrong_type_is_named(field: str, value: object) -> None:
    assert target(**{field: value}).unknown_because.startswith(f"spec.{field} must be a ")


def test_a_path_cannot_climb_out() -> None:
    assert target(path="../../etc").path == "etc"
    assert target(path=3).unknown_because == "spec.path must be a path inside the repository"


def test_what_has_no_name_is_malformed() -> None:
    nameless = FluxObject({"kind": "Kustomization", "metadata": {}}, "f.yaml", 1)
    with pytest.raises(MalformedFlux):
        kustomization_target(nameless, Sources.of([], RepositoryIdentity()), "")
