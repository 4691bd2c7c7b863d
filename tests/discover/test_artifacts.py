"""Which ArtifactGenerator makes an artifact, and of what."""

from typing import Any

import pytest

from bot.discover.flux.artifacts import may_make
from bot.discover.flux.places import Place, place_of
from bot.model.refs import ObjectRef
from bot.model.release import ChartKind
from bot.model.target import Composition, Copy, CopyStrategy, GitSource, Ingredient, OciSource, Output
from tests.discover.examples import FLEET, Json, declared, known, release, source, target

APPS = ObjectRef("ExternalArtifact", "flux-system", "apps")
HERE = {"alias": "repo", "kind": "GitRepository", "name": "flux-system"}
COPY = {"from": "@repo/apps/**", "to": "@artifact/apps/"}


def generator(name: str = "split", namespace: str = "flux-system", /, **spec: Any) -> Json:
    return {
        "apiVersion": "source.extensions.fluxcd.io/v1beta1",
        "kind": "ArtifactGenerator",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"sources": [HERE], "artifacts": [{"name": "apps", "copy": [COPY]}], **spec},
    }


def place(*manifests: Json, ref: ObjectRef = APPS) -> Place:
    return place_of(ref, known(FLEET, *manifests))


def test_an_artifact_is_what_its_generator_copies() -> None:
    exact = {**COPY, "exclude": ["*.md"], "strategy": "Merge"}
    assert place(generator(artifacts=[{"name": "apps", "copy": [exact]}])).composed == Composition(
        ObjectRef("ArtifactGenerator", "flux-system", "split"),
        "apps",
        (Ingredient("repo", GitSource("")),),
        (Output("apps", (Copy("repo", "apps/**", "apps/", ("*.md",), CopyStrategy.MERGE),)),),
    )


def test_a_kustomization_and_a_release_take_their_files_from_it() -> None:
    ref = {"kind": "ExternalArtifact", "name": "apps", "namespace": "flux-system"}
    sources = [FLEET, generator()]
    got = target(sources, sourceRef=ref)
    assert got.artifact is not None
    assert (got.path, got.unknown_because) == ("apps", "")
    helm = release(sources, chart=None, chartRef=ref)
    assert helm.release is not None
    assert (helm.release.chart.kind, helm.release.chart.is_artifact) == (ChartKind.TREE, True)
    assert helm.artifact == got.artifact


def test_sources_may_be_other_repositories_artifacts_and_compositions() -> None:
    others = [
        {"alias": "git", "kind": "GitRepository", "name": "other", "namespace": "shop"},
        {"alias": "oci", "kind": "OCIRepository", "name": "oci"},
        {"alias": "made", "kind": "ExternalArtifact", "name": "inner"},
        {"alias": "unused", "kind": "Bucket", "name": "nobody asks for it"},
    ]
    copies = [{"from": f"@{other['alias']}/", "to": "@artifact/"} for other in others[:3]]
    got = place(
        generator(sources=others[:3], artifacts=[{"name": "apps", "copy": copies}]),
        generator("inner", artifacts=[{"name": "inner", "copy": [COPY]}]),
        source("other", "https://github.com/x/y", "shop"),
        declared("OCIRepository", "oci", url="oci://ghcr.io/x/y"),
    )
    assert got.composed is not None
    git, oci, made = got.composed.ingredients
    assert git.git == GitSource("https://github.com/x/y")
    assert oci.oci == OciSource("oci://ghcr.io/x/y")
    assert made.composed is not None
    assert made.composed.is_of_here
    assert not got.composed.is_of_here
    assert not got.composed.is_lasting


def test_only_sources_that_are_copied_from_count() -> None:
    bucket = {"alias": "bucket", "kind": "Bucket", "name": "files"}
    assert place(generator(sources=[HERE, bucket])).composed is not None


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"sources": []}, "spec.sources is empty"),
        ({"artifacts": [{"name": "apps", "copy": []}]}, "spec.artifacts: one has nothing to copy"),
        ({"sources": [HERE, HERE]}, "two of its sources have the alias repo"),
        ({"artifacts": [{"name": "apps", "copy": [COPY]}] * 2}, "two of its artifacts are called 'apps'"),
        (
            {"artifacts": [{"name": "apps", "copy": [COPY], "revision": "@x"}]},
            "revision: no source has the alias x",
        ),
        (
            {"artifacts": [{"name": "apps", "copy": [{**COPY, "strategy": "Move"}]}]},
            "spec.artifacts[0].copy[0].strategy is 'Move': it must be Overwrite, Merge or Extract",
        ),
        (
            {"artifacts": [{"name": "apps", "copy": [{**COPY, "from": "apps/**"}]}]},
            "spec.artifacts[0].copy[0].from is 'apps/**', which is not @ALIAS/PATH",
        ),
    ],
)
def test_a_generator_that_the_cluster_refuses_makes_nothing(spec: Json, reason: str) -> None:
    assert place(generator(**spec)).unknown_because == (
        "its source is the ExternalArtifact flux-system/apps: "
        f"ArtifactGenerator flux-system/split, which makes it, cannot be used: {reason}"
    )


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Bucket", "the Bucket flux-system/x, whose files only the cluster can read"),
        ("HelmChart", "the HelmChart flux-system/x, which only the cluster packs"),
        ("GitRepository", "GitRepository flux-system/x, is not declared in this repository"),
        ("ExternalArtifact", "ExternalArtifact flux-system/x, is made of itself, or of too many others"),
    ],
)
def test_a_source_that_cannot_be_followed_is_named(kind: str, reason: str) -> None:
    sources = [{"alias": "repo", "kind": kind, "name": "x"}]
    itself = [{"name": name, "copy": [COPY]} for name in ("apps", "x")]
    got = place(generator(sources=sources, artifacts=itself))
    assert got.unknown_because.startswith("its source, ExternalArtifact flux-system/apps, is made by ")
    assert reason in got.unknown_because


def test_no_number_of_artifacts_made_of_one_another_makes_it_slow() -> None:
    def level(number: int) -> Json:
        below = [
            {"alias": f"a{i}", "kind": "ExternalArtifact", "name": f"level-{number + 1}"} for i in range(60)
        ]
        copies = [{"from": f"@a{i}/", "to": "@artifact/"} for i in range(60)]
        name = f"level-{number}"
        return generator(name, sources=below, artifacts=[{"name": name, "copy": copies}])

    last = generator("last", artifacts=[{"name": "level-6", "copy": [COPY]}])
    got = place(*map(level, range(6)), last, ref=ObjectRef("ExternalArtifact", "flux-system", "level-0"))
    assert "more than 64 sources have to do with it" in got.unknown_because


def test_a_generator_of_another_namespace_makes_it_not() -> None:
    assert (
        "no ArtifactGenerator that is declared here does" in place(generator("split", "shop")).unknown_because
    )


def test_a_generator_that_is_paused_is_told_of() -> None:
    paused = generator()
    paused["metadata"]["annotations"] = {"source.extensions.fluxcd.io/reconcile": "Disabled"}
    assert place(paused).remarks == (
        "has a suspended source, ArtifactGenerator flux-system/split: Flux fetches nothing new",
    )


@pytest.mark.parametrize(
    ("template", "name", "expected"),
    [
        ("apps", "apps", True),
        ("{app}", "apps", True),
        ("{app}", "", False),
        ("app-{app}", "app-web", True),
        ("app-{app}", "app-", False),
        ("{app}-{env}", "web-prod", True),
        ("{app}-{env}", "web-", False),
        ("{app}-x-{env}", "a-x-b-x-c", True),
        ("{app}{env}", "a", False),
        ("{app}{env}", "ab", True),
    ],
)
def test_a_path_pattern_may_give_any_name_of_its_form(template: str, name: str, *, expected: bool) -> None:
    assert may_make(template, name) is expected


def test_with_a_path_pattern_every_output_of_the_form_is_a_candidate() -> None:
    outputs = [{"name": name, "copy": [COPY]} for name in ("{app}", "app{x}", "web-{app}")]
    got = place(generator(artifacts=outputs, pathPattern="@repo/apps/{app}")).composed
    assert got is not None
    assert [output.name for output in got.outputs] == ["{app}", "app{x}"]
    assert got.path_pattern == "@repo/apps/{app}"
