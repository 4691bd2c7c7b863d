"""How HelmReleases become targets."""

import hashlib
import json
from typing import Any

import pytest

from bot.discover.flux import helm_release_target, kustomization_target
from bot.model.flux import Dependency, KubeConfig
from bot.model.keys import BranchKey, TargetKey
from bot.model.refs import ObjectRef
from bot.model.release import Chart, ChartKind, CrdPolicy, GitRef, Release, ValuesFrom
from bot.model.repo import RepoId
from bot.model.target import EngineKind, Found, GitSource, RendererKind, Target, TargetId
from tests.discover import examples
from tests.discover.examples import (
    FLEET,
    PODINFO,
    chart,
    declared,
    found,
    helm_release,
    known,
    kustomization,
    release,
    source,
)


def of(got: Target) -> Release:
    assert got.release is not None
    return got.release


def full(version: str = "v2") -> Target:
    spec = examples.HELM_RELEASE if version == "v2" else examples.OLD_HELM_RELEASE
    return helm_release_target(found(helm_release(spec, version)), known(), "a")


def test_a_release_is_a_target_delivered_by_flux() -> None:
    got = release()
    assert got.id == TargetId("a", "apps/podinfo:helm")
    assert (got.renderer, got.engine, got.unknown_because) == (RendererKind.HELM, EngineKind.FLUX, "")
    assert (got.origin.found, got.origin.file) == (Found.FLUX_HELM_RELEASE, "clusters/a/apps.yaml")
    assert (of(got).name, of(got).namespace, of(got).home, got.namespace) == (
        "podinfo",
        "apps",
        "apps",
        "apps",
    )
    assert of(got).labels == {
        "helm.toolkit.fluxcd.io/name": "podinfo",
        "helm.toolkit.fluxcd.io/namespace": "apps",
    }


def test_a_release_and_a_kustomization_of_one_name_are_two_targets_that_can_be_looked_at() -> None:
    same = kustomization(examples.KUSTOMIZATION, name="podinfo", namespace="apps")
    other = kustomization_target(found(same), known(), "a")
    assert other.id != release().id
    key = TargetKey(release().id, BranchKey(RepoId.parse("hub:acme/fleet"), "main"))
    assert TargetKey.parse(str(key)) == key


@pytest.mark.parametrize(
    ("spec", "name", "namespace"),
    [
        ({"releaseName": "web"}, "web", "apps"),
        ({"targetNamespace": "shop"}, "shop-podinfo", "shop"),
        ({"releaseName": "web", "targetNamespace": "shop"}, "web", "shop"),
    ],
)
def test_the_release_is_named_as_flux_names_it(spec: dict[str, Any], name: str, namespace: str) -> None:
    assert (of(release(**spec)).name, of(release(**spec)).namespace) == (name, namespace)


def test_a_name_that_is_too_long_for_helm_is_shortened_as_flux_does() -> None:
    long = "a" * 54
    got = helm_release_target(found(helm_release({"chart": chart()}, name=long)), known(), "a")
    assert of(got).name == f"{'a' * 40}-{hashlib.sha256(long.encode()).hexdigest()[:12]}"
    kept = helm_release_target(found(helm_release({"chart": chart()}, name="a" * 53)), known(), "a")
    assert of(kept).name == "a" * 53


def test_a_release_whose_namespace_nobody_knows_is_unknown() -> None:
    got = helm_release_target(found(helm_release({"chart": chart()}, namespace=None)), known(), "a")
    assert got.unknown_because == "metadata.namespace is missing, and with it the namespace of the release"


def test_values_and_where_they_come_from_are_read() -> None:
    got = of(full())
    assert got.values == {"replicas": 2, "ingress": None}
    assert got.values_from == (
        ValuesFrom("Secret", "values", "password", "auth.password", is_optional=True, is_literal=True),
    )
    assert of(release(valuesFrom=[{"kind": "ConfigMap", "name": "x"}])).values_from == (
        ValuesFrom("ConfigMap", "x", "values.yaml"),
    )


def test_what_is_laid_over_the_chart_is_read() -> None:
    got = of(full())
    assert got.post_renderers == ({"patches": examples.PATCHES, "images": examples.IMAGES},)
    assert (got.post_render_strategy, got.common_metadata) == ("separate", examples.METADATA)
    assert of(release(postRenderers=[{"kustomize": {}}, {}])).post_renderers == ()


def test_old_patches_become_patches_in_the_order_of_kustomize() -> None:
    old = {**examples.OLD_HELM_RELEASE, "postRenderStrategy": None}
    got = of(helm_release_target(found(helm_release(old, "v2beta2")), known(), "a"))
    patches = got.post_renderers[0]["patches"]
    assert json.loads(patches[0]["patch"]) == examples.MERGE
    assert patches[1] == examples.PATCHES[0]
    assert json.loads(patches[2]["patch"]) == examples.OPERATIONS["patch"]


@pytest.mark.parametrize(
    ("version", "strategy"), [("v2", "combined"), ("v2beta2", "nohooks"), ("v2beta1", "nohooks")]
)
def test_hooks_are_post_rendered_since_helm_4(version: str, strategy: str) -> None:
    assert of(release(version=version)).post_render_strategy == strategy


@pytest.mark.parametrize(
    ("version", "spec", "install", "upgrade"),
    [
        ("v2", {}, "Create", "Create"),
        ("v2", {"upgrade": {"crds": "CreateReplace"}}, "Create", "CreateReplace"),
        ("v2", {"install": {"crds": "Skip"}, "upgrade": {"crds": "Skip"}}, "Skip", "Skip"),
        ("v2", {"install": {"skipCRDs": True}}, "Create", "Create"),
        ("v2beta2", {}, "Create", "Create"),
        ("v2beta1", {"install": {"skipCRDs": True}}, "Skip", "Skip"),
        ("v2beta1", {"install": {"skipCRDs": True, "crds": "Create"}}, "Create", "Skip"),
    ],
)
def test_what_becomes_of_a_charts_crds_depends_on_the_version(
    version: str, spec: dict[str, Any], install: str, upgrade: str
) -> None:
    got = of(release(version=version, **spec))
    assert (got.install_crds, got.upgrade_crds) == (CrdPolicy(install), CrdPolicy(upgrade))


def test_hooks_are_left_out_where_neither_action_runs_them() -> None:
    off = {"disableHooks": True}
    assert of(release(install=off)).has_hooks
    assert not of(release(install=off, upgrade=off)).has_hooks


def test_a_namespace_is_created_only_where_another_one_is_named() -> None:
    create = {"createNamespace": True}
    assert not of(release(install=create)).creates_namespace
    assert of(release(install=create, targetNamespace="shop")).creates_namespace


def test_values_go_unchecked_where_an_action_says_so() -> None:
    assert of(release(upgrade={"disableSchemaValidation": True})).skips_schema
    assert not of(release()).skips_schema


def test_what_changes_no_rendering_is_kept_with_the_target() -> None:
    got = full()
    settings = got.flux
    assert settings is not None
    assert settings.ref == ObjectRef("HelmRelease", "apps", "podinfo")
    assert settings.source == ObjectRef("HelmRepository", "flux-system", "podinfo")
    assert (settings.is_suspended, settings.interval_s, settings.service_account) == (True, 600.0, "deployer")
    assert (settings.kube_config, settings.storage_namespace) == (KubeConfig(config_map="remote"), "helm")
    assert settings.depends_on == (Dependency("base", "infra", "dep.status.ready"),)
    assert (settings.drift_detection, settings.ignore[0].paths) == ("enabled", ("/spec/replicas",))
    assert settings.other["upgrade"]["remediation"]["strategy"] == "rollback"
    assert settings.other["chart"]["interval"] == "5m"
    assert (got.depends_on, got.timeout_s, got.wait) == (("base/infra:helm",), 180.0, False)


def test_a_chart_of_a_helm_repository_has_a_name_and_a_range() -> None:
    assert of(full()).chart == Chart(
        ChartKind.REPOSITORY,
        name="podinfo",
        url="https://charts.example/podinfo",
        version=">=6.0.0",
        values_files=("values.yaml", "values-eu.yaml"),
        ignore_missing_values_files=True,
    )


def test_the_file_of_an_old_release_comes_before_the_others() -> None:
    assert of(full("v2beta1")).chart.values_files == ("old.yaml", "values.yaml", "values-eu.yaml")


@pytest.mark.parametrize("files", [["values.yaml"], ["./values.yaml"], []])
def test_a_charts_own_values_are_no_files_of_their_own(files: list[str]) -> None:
    assert of(release(chart=chart(valuesFiles=files))).chart.values_files == ()


@pytest.mark.parametrize("version", ["*", None])
def test_any_version_is_the_newest(version: str | None) -> None:
    assert of(release(chart=chart(version=version))).chart.version == ""


def test_a_chart_of_a_registry_is_named_whole_by_its_address() -> None:
    repository = declared(
        "HelmRepository",
        "podinfo",
        url="oci://registry.example/charts/",
        type="oci",
        insecure=True,
        secretRef={"name": "login"},
    )
    assert of(release([repository], chart=chart(version="6.5.x"))).chart == Chart(
        ChartKind.OCI,
        url="oci://registry.example/charts/podinfo",
        version="6.5.x",
        is_insecure=True,
        secret="login",
    )


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ({}, {"tag": "latest"}),
        ({"tag": "6.5.0"}, {"tag": "6.5.0"}),
        ({"tag": "6.5.0", "semver": "6.x"}, {"version": "6.x"}),
        ({"tag": "6.5.0", "semver": "6.x", "digest": "sha256:0"}, {"digest": "sha256:0"}),
        ({"semverFilter": ".*-rc.*", "tag": "1"}, {"tag": "1"}),
    ],
)
def test_an_artifacts_digest_comes_before_its_range_and_its_tag(
    ref: dict[str, str], expected: dict[str, Any]
) -> None:
    artifact = declared("OCIRepository", "podinfo", "apps", url="oci://registry.example/podinfo", ref=ref)
    got = release([artifact], chart=None, chartRef={"kind": "OCIRepository", "name": "podinfo"})
    assert got.unknown_because == ""
    assert of(got).chart == Chart(
        ChartKind.OCI, url="oci://registry.example/podinfo", is_artifact=True, **expected
    )


def test_a_chart_beside_other_files_is_a_path_in_this_repository() -> None:
    written = chart("GitRepository", "flux-system", valuesFiles=["./charts/eu.yaml", "../../etc/passwd"])
    written["spec"] |= {"chart": "./charts/web/", "version": "1.x", "reconcileStrategy": "Revision"}
    got = release([source("flux-system", "git@github.com:acme/fleet", ignore="/docs")], chart=written)
    assert of(got).chart == Chart(
        ChartKind.TREE,
        name="charts/web",
        values_files=("charts/eu.yaml", "etc/passwd"),
        has_revision=True,
    )
    assert (got.path, got.source, got.ignore, got.unknown_because) == ("charts/web", None, "/docs", "")


def test_a_chart_of_another_repository_names_it() -> None:
    elsewhere = source("charts", "https://github.com/acme/charts", ref={"branch": "main"})
    got = release([elsewhere], chart=chart("GitRepository", "charts"))
    assert got.source == GitSource("https://github.com/acme/charts", GitRef(branch="main"))
    assert (got.path, of(got).chart.kind) == ("podinfo", ChartKind.TREE)


def test_a_chart_object_takes_its_source_from_its_own_namespace() -> None:
    reference = {"kind": "HelmRepository", "name": "podinfo"}
    chart_object = declared("HelmChart", "web", chart="podinfo", version="6.5.0", sourceRef=reference)
    got = release(
        [chart_object, PODINFO],
        chart=None,
        chartRef={"kind": "HelmChart", "name": "web", "namespace": "flux-system"},
    )
    assert of(got).chart == Chart(
        ChartKind.REPOSITORY, name="podinfo", url="https://charts.example/podinfo", version="6.5.0"
    )
    assert got.flux is not None
    assert got.flux.source == ObjectRef("HelmChart", "flux-system", "web")


REGISTRY = "oci://registry.example/podinfo"
LAYER = {"mediaType": "application/x"}


@pytest.mark.parametrize(
    ("sources", "spec", "reason"),
    [
        ([], {"chart": None}, "spec has neither a chart nor a chartRef"),
        ([], {"chartRef": {"kind": "HelmChart", "name": "x"}}, "spec has both a chart and a chartRef"),
        (
            [FLEET],
            {},
            "its source, HelmRepository flux-system/podinfo, is not declared in this repository",
        ),
        (
            [declared("HelmRepository", "podinfo", "shop", url="https://x.example")],
            {},
            "its source, HelmRepository flux-system/podinfo, is not declared in this repository; one of that name",
        ),
        (
            [PODINFO, {**PODINFO, "spec": {**PODINFO["spec"], "url": "https://other.example"}}],
            {},
            "its source, HelmRepository flux-system/podinfo is declared 2 times, each differently",
        ),
        (
            [declared("HelmRepository", "podinfo", url="oci://x.example/charts")],
            {},
            "its source, HelmRepository flux-system/podinfo, cannot be used: spec.url needs spec.type: oci",
        ),
        (
            [PODINFO],
            {"chart": chart() | {"spec": {**chart()["spec"], "chart": "../x"}}},
            "the chart is called '../x'",
        ),
        (
            [],
            {"chart": chart("Bucket", "files")},
            "its source is the Bucket flux-system/files, whose files only the cluster can read",
        ),
        (
            [],
            {"chart": None, "chartRef": {"kind": "ExternalArtifact", "name": "made"}},
            "its source is the ExternalArtifact apps/made",
        ),
        (
            [declared("OCIRepository", "x", "apps", url=REGISTRY, ref={"semver": "1", "semverFilter": "rc"})],
            {"chart": None, "chartRef": {"kind": "OCIRepository", "name": "x"}},
            "its source, OCIRepository apps/x, has spec.ref.semverFilter",
        ),
        (
            [declared("OCIRepository", "x", "apps", url=REGISTRY, layerSelector=LAYER)],
            {"chart": None, "chartRef": {"kind": "OCIRepository", "name": "x"}},
            "its source, OCIRepository apps/x, takes the layer 'application/x'",
        ),
        (
            [],
            {"chart": None, "chartRef": {"kind": "HelmChart", "name": "x"}},
            "its source, HelmChart apps/x, is not",
        ),
        (
            [{**declared("HelmChart", "x", "apps"), "spec": {"chart": "podinfo"}}],
            {"chart": None, "chartRef": {"kind": "HelmChart", "name": "x"}},
            "its source, HelmChart apps/x, cannot be used: spec.sourceRef is missing",
        ),
    ],
)
def test_a_chart_that_cannot_be_found_makes_the_target_unknown_with_the_reason(
    sources: list[examples.Json], spec: dict[str, Any], reason: str
) -> None:
    assert release(sources or [FLEET, PODINFO], **spec).unknown_because.startswith(reason)


def test_what_is_known_of_an_unknown_release_is_kept() -> None:
    got = release([FLEET], chart=chart(version="6.5.0"), values={"replicas": 3})
    assert got.unknown_because
    assert (of(got).chart.name, of(got).chart.version, of(got).values) == (
        "podinfo",
        "6.5.0",
        {"replicas": 3},
    )


def test_a_change_in_what_cannot_be_read_is_a_change_of_the_target() -> None:
    one, other = (release(values=[value]) for value in (1, 2))
    assert one.unknown_because == other.unknown_because == "spec.values must be a mapping, not a list"
    assert one.overlay != other.overlay


def test_a_release_without_a_name_is_malformed() -> None:
    with pytest.raises(match=r"^metadata\.name is missing"):
        helm_release_target(found(helm_release({}, name=None)), known(), "a")
