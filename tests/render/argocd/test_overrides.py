"""`.argocd-source` files: merged as Argo CD merges them, and what they decide."""

from typing import Any

import pytest

from bot.model.argocd import ArgoInstallation
from bot.render.argocd.concrete import concrete
from bot.render.sandbox import Sandbox
from tests.render.argocd.applications import (
    application,
    data,
    failure,
    key,
    made,
    manifests,
    remarks,
    rendered,
)
from tests.render.helm.releases import chart, config
from tests.render.trees import Content, Link, MemoryTree, config_map

KUSTOMIZED: dict[str, Content] = {
    "app/kustomization.yaml": "resources: [a.yaml]\n",
    "app/a.yaml": config_map("a"),
}


def merged(files: dict[str, Content], **options: Any) -> dict[str, Any]:
    """The kustomize options with the files merged, as an overlay."""
    found = made({**KUSTOMIZED, **files}, application(**options))
    assert not found.diagnostics, found.diagnostics
    return dict(found.target.overlay)


def test_the_named_file_wins_over_the_general_one_and_both_over_the_application() -> None:
    files: dict[str, Content] = {
        "app/.argocd-source.yaml": "kustomize: {namePrefix: general-, nameSuffix: -general, namespace: general}",
        "app/.argocd-source-web.yaml": "kustomize: {namePrefix: named-}",
        "app/.argocd-source-other.yaml": "kustomize: {namePrefix: other-}",
    }
    found = merged(files, kustomize={"nameSuffix": "-application", "images": ["a:1"]})
    assert found == {
        "namePrefix": "named-",
        "nameSuffix": "-general",
        "namespace": "general",
        "images": ["a:1"],
    }


def test_lists_are_as_long_as_the_files_and_their_entries_keep_what_was_at_their_place() -> None:
    files: dict[str, Content] = {
        "app/.argocd-source.yaml": (
            "kustomize: {images: [b:2], patches: [{patch: Q}], replicas: [{name: web}], commonLabels: {c: d}}"
        )
    }
    found = merged(
        files,
        kustomize={
            "images": ["a:1", "c:3"],
            "patches": [{"patch": "P", "target": {"kind": "X"}, "options": {"allowNameChange": True}}],
            "replicas": [{"name": "first", "count": 4}, {"name": "second", "count": 5}],
            "commonLabels": {"a": "b"},
        },
    )
    assert found["images"] == ["b:2"]
    assert found["patches"] == [{"patch": "Q", "target": {"kind": "X"}, "options": {"allowNameChange": True}}]
    assert found["replicas"] == [{"name": "web", "count": 4}]
    assert found["commonLabels"] == {"a": "b", "c": "d"}


def test_null_takes_nothing_away_and_an_empty_list_does() -> None:
    options = {"namePrefix": "p-", "commonLabels": {"a": "b"}, "images": ["a:1"]}
    nulls = "kustomize: {namePrefix: null, commonLabels: {a: null}, images: null}"
    assert merged({"app/.argocd-source.yaml": nulls}, kustomize=options) == {**options}
    assert "images" not in merged({"app/.argocd-source.yaml": "kustomize: {images: []}"}, kustomize=options)


async def test_objects_of_values_are_merged_and_the_source_itself_is_not_to_be_changed(
    sandbox: Sandbox,
) -> None:
    files = chart({"a.yaml": config(v="{{ .Values | toJson | quote }}")}, at="app") | {
        "app/.argocd-source-web.yaml": (
            "helm: {valuesObject: {b: 2, c: null}, releaseName: named, parameters: [{name: e, value: '1'}]}\n"
            "path: other\nrepoURL: https://evil.example\nchart: x\ntargetRevision: y\nunknown: {a: b}\n"
        ),
    }
    helm = {
        "valuesObject": {"a": 1, "c": 3},
        "parameters": [{"name": "d", "value": "x", "forceString": True}, {"name": "f", "value": "1"}],
    }
    found = await rendered(sandbox, files, application(helm=helm))
    assert data(found, "named")["v"] == '{"a":1,"b":2,"e":"1"}'


async def test_it_decides_what_the_source_is(sandbox: Sandbox) -> None:
    files = {**KUSTOMIZED, "app/.argocd-source.yaml": "directory: {include: a.yaml}"}
    found = await rendered(sandbox, files, application())
    assert set(manifests(found)) == {"ConfigMap/a"}
    both = await rendered(sandbox, files, application(kustomize={"namePrefix": "p-"}))
    assert "kustomize and directory are both set" in failure(both)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "mapping"),
        ("- a", "mapping"),
        ("a: [b", "did not find"),
        ("kustomize: [a]", "must be a mapping"),
        ("kustomize: {images: 1}", "kustomize.images"),
    ],
)
async def test_a_bad_one_makes_the_target_unknown(sandbox: Sandbox, text: str, reason: str) -> None:
    found = await rendered(sandbox, {**KUSTOMIZED, "app/.argocd-source.yaml": text}, application())
    assert reason in failure(found)


async def test_a_directory_or_a_link_to_nowhere_of_that_name_is_none(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        **KUSTOMIZED,
        "app/.argocd-source.yaml/x": "",
        "app/.argocd-source-web.yaml": Link("nowhere"),
    }
    assert "ConfigMap/a" in manifests(await rendered(sandbox, files, application()))


@pytest.mark.parametrize("name", [".argocd-source.yaml", ".argocd-source-web.yaml"])
def test_a_directory_of_that_name_and_the_links_to_it_are_read(name: str) -> None:
    files: dict[str, Content] = {**KUSTOMIZED, f"app/{name}/x": "", "shared/x": "", "other": "a: b"}
    assert key(files, application()) != key(KUSTOMIZED, application())
    del files[f"app/{name}/x"]
    linked = {**files, f"app/{name}": Link("../shared")}
    assert {f"app/{name}", "shared"} <= {entry.path for entry in made(linked, application()).entries}
    elsewhere = {**linked, f"app/{name}": Link("../missing")}
    assert len({key(each, application()) for each in (files, linked, elsewhere)}) == 3


def test_what_is_wrong_with_one_is_part_of_the_key() -> None:
    texts: list[Content] = ["a: [b", "a: [c", Link("../../out"), Link("../../../out")]
    keys = {key({**KUSTOMIZED, "app/.argocd-source.yaml": text}, application()) for text in texts}
    assert len(keys) == len(texts)


async def test_one_through_a_link_counts(sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        **KUSTOMIZED,
        "app/.argocd-source.yaml": Link("../shared.yaml"),
        "shared.yaml": "kustomize: {namePrefix: p-}",
    }
    assert "ConfigMap/p-a" in manifests(await rendered(sandbox, files, application()))
    files["app/.argocd-source.yaml"] = Link("../../out.yaml")
    assert "leaves the repository" in failure(await rendered(sandbox, files, application()))


def test_outside_of_argo_cds_namespace_the_file_carries_the_applications_namespace() -> None:
    files: dict[str, Content] = {
        **KUSTOMIZED,
        "app/.argocd-source-web.yaml": "kustomize: {namePrefix: bare-}",
    }
    away = application(home="team")
    found = concrete(MemoryTree(files), away)
    assert not found.target.overlay
    assert "not read" in found.diagnostics[0].message
    at_home = concrete(
        MemoryTree(files), application(home="team", installation=ArgoInstallation(namespace="team"))
    )
    assert at_home.target.overlay == {"namePrefix": "bare-"}
    files["app/.argocd-source-team_web.yaml"] = (
        "kustomize: {namePrefix: $ARGOCD_APP_NAME-, images: ['a:$ARGOCD_APP_NAME']}"
    )
    named = concrete(MemoryTree(files), away).target.overlay
    assert named == {"namePrefix": "$ARGOCD_APP_NAME-", "images": ["a:team_web"]}


def test_the_key_follows_files_that_come_and_go() -> None:
    before = key(KUSTOMIZED, application())
    assert key({**KUSTOMIZED, "app/.argocd-source-other.yaml": "a: b"}, application()) == before
    for name in (".argocd-source.yaml", ".argocd-source-web.yaml"):
        assert key({**KUSTOMIZED, f"app/{name}": "{}"}, application()) != before
        entries = {entry.path for entry in made(KUSTOMIZED, application()).entries}
        assert f"app/{name}" in entries


async def test_a_file_that_only_says_more_than_longshore_knows_is_passed_over(sandbox: Sandbox) -> None:
    files = {**KUSTOMIZED, "app/.argocd-source.yaml": "kustomize: {newField: {a: 1}, namePrefix: p-}"}
    found = await rendered(sandbox, files, application())
    assert "ConfigMap/p-a" in manifests(found)
    assert not remarks(found)
