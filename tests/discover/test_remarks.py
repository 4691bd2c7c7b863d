"""What is said of Flux objects that can be rendered all the same."""

import time
from typing import Any

import pytest

from bot.discover.flux import notices
from bot.model.rendering import Severity
from tests.discover import examples
from tests.discover.examples import (
    FLEET,
    Json,
    chart,
    declared,
    found,
    helm_release,
    known,
    kustomization,
    source,
)

MINIMAL: Json = {
    "interval": "1m",
    "prune": True,
    "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
}
NOTICE, WARNING = Severity.NOTICE, Severity.WARNING


def said(manifest: Json, *sources: Json) -> list[tuple[Severity, str]]:
    return [(d.severity, d.message) for d in notices(found(manifest), known(*sources))]


def test_nothing_is_said_of_what_is_in_order() -> None:
    assert said(kustomization(MINIMAL)) == []
    assert said(helm_release({"interval": "1m", "chart": chart()})) == []


@pytest.mark.parametrize(
    ("spec", "severity", "sentence"),
    [
        ({"suspend": True}, NOTICE, "is suspended: Flux applies nothing until it is resumed"),
        ({"interval": None}, WARNING, "has no spec.interval: a cluster refuses it"),
        ({"prune": None}, WARNING, "has no spec.prune: a cluster refuses it"),
        (
            {"postbuild": {}},
            WARNING,
            "has spec.postbuild (did you mean postBuild?), which is no field of v1 that Longshore knows: not rendered",
        ),
        (
            {"postBuild": {"a": 1, "b": 1}, "c": 1, "d": 1},
            WARNING,
            (
                "has spec.postBuild.a, spec.postBuild.b, spec.c and more, which are no fields of v1 that Longshore "
                "knows: not rendered"
            ),
        ),
        (
            {"kubeConfig": {"secretRef": {"name": "x"}}},
            NOTICE,
            "goes to another cluster: the one that spec.kubeConfig leads to",
        ),
    ],
)
def test_what_a_kustomization_has_of_note_is_said(
    spec: dict[str, Any], severity: Severity, sentence: str
) -> None:
    manifest = kustomization({**MINIMAL, **spec})
    assert said(manifest) == [(severity, f"Kustomization flux-system/apps {sentence}")]


@pytest.mark.parametrize("version", ["v2beta1", "v2beta2"])
def test_an_old_version_is_said_to_be_served_no_more(version: str) -> None:
    manifest = helm_release({"interval": "1m", "chart": chart()}, version)
    assert said(manifest) == [
        (
            NOTICE,
            (
                f"HelmRelease apps/podinfo is written in {version}, which Flux serves no more: "
                "write apiVersion helm.toolkit.fluxcd.io/v2"
            ),
        )
    ]


def test_fields_of_an_old_version_are_known_in_it() -> None:
    old = kustomization(examples.OLD_KUSTOMIZATION, "v1beta2")
    assert not any("no field" in sentence for _, sentence in said(old))
    assert any("patchesStrategicMerge" in s for _, s in said(kustomization(examples.OLD_KUSTOMIZATION)))


def test_a_flag_that_does_nothing_any_more_is_said() -> None:
    spec = {"interval": "1m", "chart": chart(), "install": {"skipCRDs": True}}
    (remark,) = said(helm_release(spec))
    assert remark[1].endswith("has install.skipCRDs, which does nothing any more: write install.crds: Skip")


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            {"suspend": True},
            "has a suspended source, GitRepository flux-system/flux-system: Flux fetches nothing new",
        ),
        (
            {"ref": {"semver": ">=1"}},
            (
                "follows tags, as GitRepository flux-system/flux-system says: "
                "what is merged is delivered with the next tag"
            ),
        ),
    ],
)
def test_what_holds_up_a_source_is_said_of_what_uses_it(spec: dict[str, Any], sentence: str) -> None:
    place = source("flux-system", "https://github.com/acme/fleet", **spec)
    (remark,) = said(kustomization(MINIMAL), place)
    assert remark == (NOTICE, f"Kustomization flux-system/apps {sentence}")


def test_a_suspended_helm_repository_is_said_of_its_releases() -> None:
    repository = declared("HelmRepository", "podinfo", url="https://x.example", suspend=True)
    (remark,) = said(helm_release({"interval": "1m", "chart": chart()}), FLEET, repository)
    assert "has a suspended source, HelmRepository flux-system/podinfo" in remark[1]


def test_an_object_of_a_hundred_thousand_unknown_fields_is_remarked_upon_at_once() -> None:
    started = time.process_time()
    assert len(said(kustomization({**MINIMAL, **{f"field{n}": n for n in range(100_000)}}))) == 1
    assert time.process_time() - started < 5
