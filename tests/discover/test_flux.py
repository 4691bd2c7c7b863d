"""How Flux Kustomizations become targets."""

import json
from typing import Any

import pytest

from bot.discover.flux import kustomization_target
from bot.discover.objects import DeclaredObject
from bot.discover.repository import normal_url
from bot.model.flux import Dependency, HealthCheck, HealthExpr, IgnoreRule, KubeConfig
from bot.model.refs import ObjectRef
from bot.model.release import GitRef
from bot.model.target import Decryption, EngineKind, GitSource, PostBuild, Target, TargetId, VariablesFrom
from tests.discover import examples
from tests.discover.examples import found, known, kustomization, source, target


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
    got = target(timeout="3m", wait=True, dependsOn=[{"name": "infra"}, {"name": "x", "namespace": "other"}])
    assert got.id == TargetId("a", "flux-system/apps")
    assert (got.path, got.engine, got.unknown_because) == ("apps", EngineKind.FLUX, "")
    assert (got.timeout_s, got.wait, got.depends_on) == (180.0, True, ("flux-system/infra", "other/x"))


def full(version: str = "v1", **changed: Any) -> Target:
    every = examples.KUSTOMIZATION if version == "v1" else examples.OLD_KUSTOMIZATION
    return kustomization_target(found(kustomization({**every, **changed}, version)), known(), "a")


def test_what_changes_no_rendering_is_kept_with_the_target() -> None:
    settings = full().flux
    assert settings is not None
    assert settings.ref == ObjectRef("Kustomization", "flux-system", "apps")
    assert settings.source == ObjectRef("GitRepository", "flux-system", "flux-system")
    assert (settings.is_suspended, settings.is_forced, settings.deletion_policy) == (True, True, "Orphan")
    assert (settings.interval_s, settings.retry_interval_s, settings.service_account) == (
        600.0,
        60.0,
        "deployer",
    )
    assert settings.kube_config == KubeConfig("remote", "value")
    assert settings.depends_on == (Dependency("base", "infra", "dep.status.ready"),)
    assert settings.health_checks == (HealthCheck("apps/v1", "Deployment", "shop", "web"),)
    assert settings.health_exprs == (
        HealthExpr("acme.example/v1", "Shop", "status.ok", "!status.ok", "status.bad"),
    )
    assert settings.ignore == (IgnoreRule(("/spec/replicas",), examples.SELECTOR),)
    assert settings.other == {}


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({"timeout": "90s"}, 90),
        ({"timeout": "1s"}, 30),
        ({"interval": "10m"}, 570),
        ({"interval": "30s"}, 30),
        ({"interval": "1h30m", "timeout": None}, 5370),
        ({"interval": None}, 300),
        ({"timeout": "1.5m"}, 90),
    ],
)
def test_the_timeout_is_the_interval_less_half_a_minute_and_never_under_that(
    spec: dict[str, Any], seconds: float
) -> None:
    assert target(**spec).timeout_s == seconds


def test_what_shapes_the_rendering_is_laid_over_it() -> None:
    got = target(targetNamespace="shop", patches=[{"patch": "x"}], images=[{"name": "a", "newTag": "1"}])
    assert dict(got.overlay) == {
        "namespace": "shop",
        "patches": [{"patch": "x"}],
        "images": [{"name": "a", "newTag": "1"}],
    }
    assert set(full().overlay) == {
        *("namespace", "namePrefix", "nameSuffix", "commonMetadata", "patches", "images"),
        *("components", "ignoreMissingComponents", "buildMetadata"),
    }


def test_a_field_of_a_later_flux_is_kept_and_a_change_in_it_is_a_change_of_the_target() -> None:
    one, other = (target(fromTheFuture=value) for value in (1, 2))
    assert one.unknown_because == ""
    assert one.flux is not None
    assert one.flux.other == {"fromTheFuture": 1}
    assert one != other


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
        ("x", "spec.postBuild must be a mapping, not text"),
        ({"substitute": []}, "spec.postBuild.substitute must be a mapping"),
        ({"substitute": {"replicas": 3}}, "spec.postBuild.substitute.replicas must be text, not a number"),
        ({"substituteFrom": {}}, "spec.postBuild.substituteFrom must be a list"),
        (
            {"substituteFrom": [{"kind": "Pod", "name": "x"}]},
            "spec.postBuild.substituteFrom[0].kind is 'Pod': it must be Secret or ConfigMap",
        ),
        ({"substituteFrom": [{"kind": "Secret"}]}, "spec.postBuild.substituteFrom[0].name is missing"),
        ({"substituteStrategy": "Never"}, "spec.postBuild.substituteStrategy is 'Never'"),
    ],
)
def test_variables_that_cannot_be_read_make_the_target_unknown(post_build: object, reason: str) -> None:
    assert target(postBuild=post_build).unknown_because.startswith(reason)


def test_that_files_are_decrypted_is_read_with_the_secret_that_holds_the_keys() -> None:
    assert target(decryption={"provider": "sops"}).decryption == Decryption("sops")
    named = target(decryption={"provider": "sops", "secretRef": {"name": "age"}})
    assert (named.decryption, named.unknown_because) == (Decryption("sops", "age"), "")


@pytest.mark.parametrize(
    ("decryption", "reason"),
    [
        ({"provider": "vault"}, "spec.decryption.provider is 'vault': it must be sops"),
        ({}, "spec.decryption.provider is missing"),
        ({"provider": "sops", "secretRef": "age"}, "spec.decryption.secretRef must be a mapping, not text"),
    ],
)
def test_another_way_to_decrypt_makes_the_target_unknown(decryption: object, reason: str) -> None:
    assert target(decryption=decryption).unknown_because == reason


def test_a_change_in_what_cannot_be_read_is_a_change_of_the_target() -> None:
    one, other = (target(patches=value) for value in ("one", "other"))
    assert one.unknown_because == other.unknown_because == "spec.patches must be a list, not text"
    assert one.overlay != other.overlay


def test_old_patches_become_patches_in_the_order_of_kustomize() -> None:
    laid = full("v1beta2").overlay["patches"]
    assert [json.loads(entry["patch"]) for entry in (laid[0], laid[2])] == [
        examples.MERGE,
        examples.OPERATIONS["patch"],
    ]
    assert laid[1] == examples.PATCHES[0]
    assert laid[2]["target"] == examples.SELECTOR


def test_fields_of_old_versions_are_none_of_the_served_one() -> None:
    got = target(patchesStrategicMerge=[examples.MERGE])
    assert "patches" not in got.overlay
    assert got.unknown_because == ""


def test_a_version_that_nobody_knows_makes_the_target_unknown() -> None:
    assert target(version="v3").unknown_because == (
        "apiVersion is 'kustomize.toolkit.fluxcd.io/v3': Longshore reads v1, v1beta2, v1beta1"
    )


def test_a_path_cannot_climb_out() -> None:
    assert target(path="../../etc").path == "etc"
    assert target(path=3).unknown_because == "spec.path must be text, not a number: put it in quotes"


def test_another_repository_is_named_without_password_and_with_what_is_followed_there() -> None:
    elsewhere = source(
        "podinfo",
        "https://bot:secret@github.com/x/podinfo",
        ref={"tag": "6.5.0"},
        ignore="/*\n!/kustomize",
        secretRef={"name": "login"},
    )
    got = target([elsewhere], sourceRef={"kind": "GitRepository", "name": "podinfo"})
    assert got.source == GitSource(
        "https://github.com/x/podinfo", GitRef(tag="6.5.0"), "/*\n!/kustomize", "login"
    )


@pytest.mark.parametrize("metadata", [None, "x", {}, {"name": 3}, {"name": ""}, {"name": ["a"]}])
def test_what_has_no_name_is_malformed(metadata: object) -> None:
    nameless = DeclaredObject({"kind": "Kustomization", "metadata": metadata}, "f.yaml", 1)
    with pytest.raises(match=r"^metadata"):
        kustomization_target(nameless, known(), "")


@pytest.mark.parametrize("name", ["a b", "a/b", "a\nb", "a:helm", "a@b", "\x00", "\udc80", "a" * 254])
@pytest.mark.parametrize("field", ["name", "namespace"])
def test_a_name_that_would_be_taken_for_another_target_is_malformed(field: str, name: str) -> None:
    with pytest.raises(match=f"^metadata.{field} is "):
        kustomization_target(found(kustomization({}, **{field: name})), known(), "")


@pytest.mark.parametrize(
    ("field", "value"), [("name", "Apps"), ("namespace", "${NS}"), ("namespace", "n" * 64)]
)
def test_a_name_that_kubernetes_refuses_makes_the_target_unknown(field: str, value: str) -> None:
    got = kustomization_target(found(kustomization(examples.KUSTOMIZATION, **{field: value})), known(), "a")
    assert got.unknown_because.startswith(f"metadata.{field} ")


@pytest.mark.parametrize("config", [{}, {"secretRef": {"name": "a"}, "configMapRef": {"name": "b"}}])
def test_another_cluster_is_named_in_one_way(config: dict[str, Any]) -> None:
    reason = target(kubeConfig=config).unknown_because
    assert reason == "spec.kubeConfig needs either a secretRef or a configMapRef"
