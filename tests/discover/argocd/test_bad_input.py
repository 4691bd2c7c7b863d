"""Every field of an Application, put wrong: the target is unknown and says which field it is, or nothing depends on it.

The oracle is the type of the value that stands in the valid object, not the tables that the reader goes by.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discover.argocd import (
    application_set_target,
    application_target,
    declared_cluster,
    forbidden_objects,
    is_application,
    is_application_set,
    is_cluster_secret,
    is_project,
    is_repository_secret,
    notices,
)
from bot.discover.objects import Malformed
from bot.model.manifests import canonical_json
from bot.model.objects import ObjectId
from bot.model.target import Target
from tests.discover.argocd.examples import (
    FLEET,
    PLACE,
    Json,
    application,
    cluster_secret,
    context,
    found,
    read,
)

Path = tuple[str | int, ...]

SELECTOR = {
    "group": "apps",
    "version": "v1",
    "kind": "Deployment",
    "name": "web",
    "namespace": "shop",
    "labelSelector": "app=web",
    "annotationSelector": "team=shop",
}
HELM: Json = {
    "valueFiles": ["values.yaml", "$values/web.yaml"],
    "values": "a: 1\n",
    "valuesObject": {"a": None},
    "parameters": [{"name": "a", "value": "1\n2", "forceString": True}],
    "fileParameters": [{"name": "a", "path": "files/a"}],
    "releaseName": "web",
    "namespace": "shop",
    "version": "v3",
    "kubeVersion": "1.34.0",
    "apiVersions": ["v1"],
    "passCredentials": True,
    "ignoreMissingValueFiles": True,
    "skipCrds": True,
    "skipTests": True,
    "skipSchemaValidation": True,
}
KUSTOMIZE: Json = {
    "namePrefix": "eu-",
    "nameSuffix": "-blue",
    "namespace": "shop",
    "images": ["nginx:1.2"],
    "replicas": [{"name": "web", "count": 2}],
    "patches": [
        {"path": "p.yaml", "patch": "a: 1\n", "target": SELECTOR, "options": {"allowNameChange": True}}
    ],
    "components": ["../tls"],
    "commonLabels": {"team": "shop"},
    "commonAnnotations": {"owner": "ops"},
    "version": "v5",
    "kubeVersion": "1.34.0",
    "apiVersions": ["v1"],
    "forceCommonLabels": True,
    "forceCommonAnnotations": True,
    "commonAnnotationsEnvsubst": True,
    "labelWithoutSelector": True,
    "labelIncludeTemplates": True,
    "ignoreMissingComponents": True,
}
DIRECTORY: Json = {
    "recurse": True,
    "include": "*.yaml",
    "exclude": "x.yaml",
    "jsonnet": {
        "extVars": [{"name": "a", "value": "1", "code": True}],
        "tlas": [{"name": "a", "value": "1", "code": True}],
        "libs": ["lib"],
    },
    "disableExtensionFilter": True,
}
PLUGIN: Json = {
    "name": "cue",
    "env": [{"name": "A", "value": "b"}],
    "parameters": [{"name": "a", "string": "x", "array": ["x"], "map": {"x": "y"}}],
}
GIT: Json = {"repoURL": FLEET, "path": "apps/web", "targetRevision": "v1.2.0"}
COMMON: Json = {
    "project": "team",
    "destination": {"server": "https://prod.example", "namespace": "shop"},
    "syncPolicy": {
        "automated": {"prune": True, "selfHeal": True, "allowEmpty": True, "enabled": True},
        "syncOptions": ["CreateNamespace=true"],
        "retry": {
            "limit": 3,
            "refresh": True,
            "backoff": {"duration": "10s", "factor": 3, "maxDuration": "2m"},
        },
        "managedNamespaceMetadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}},
    },
    "ignoreDifferences": [
        {
            "group": "apps",
            "kind": "Deployment",
            "name": "web",
            "namespace": "shop",
            "jsonPointers": ["/spec/replicas"],
            "jqPathExpressions": [".spec.replicas"],
            "managedFieldsManagers": ["hpa"],
        }
    ],
    "info": [{"name": "docs", "value": "x"}],
    "revisionHistoryLimit": 3,
}
CASES: dict[str, Json] = {
    "directory": {**COMMON, "source": {**GIT, "directory": DIRECTORY, "name": "main"}},
    "kustomize": {**COMMON, "source": {**GIT, "kustomize": KUSTOMIZE}},
    "plugin": {**COMMON, "source": {**GIT, "plugin": PLUGIN}},
    "several": {
        **COMMON,
        "destination": {"name": "prod", "namespace": "shop"},
        "sources": [
            {
                "repoURL": "https://charts.example",
                "chart": "nginx",
                "targetRevision": "1.x",
                "helm": HELM,
            },
            {**GIT, "ref": "values"},
        ],
    },
    "hydrated": {
        **COMMON,
        "sourceHydrator": {
            "drySource": {**GIT, "helm": HELM},
            "syncSource": {"targetBranch": "env", "path": "web", "repoURL": "https://git.example/out"},
            "hydrateTo": {"targetBranch": "env/next"},
        },
    },
}
_OPAQUE = ("valuesObject",)
"""What may hold anything."""

_EITHER = ("count",)
"""What may be of more than one type."""

_WITHOUT_CONSEQUENCE = {("syncPolicy", "automated", "enabled")}
"""Left out, nothing is different: the same as the default."""

WRONG: tuple[Any, ...] = ("x", ["x"], 7, 1.5, True, {"x": {"y": 1}}, [], {})


def paths(value: Any, above: Path = ()) -> Iterator[Path]:
    """Every place in a spec, leaves and what holds them, but nothing inside of what may hold anything."""
    if above:
        yield above
    if above and above[-1] in _OPAQUE:
        return
    if isinstance(value, dict):
        for key, each in value.items():
            yield from paths(each, (*above, key))
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from paths(each, (*above, index))


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def with_value(spec: Json, path: Path, value: Any) -> Json:
    changed = copy.deepcopy(spec)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def without(spec: Json, path: Path) -> Json:
    changed = copy.deepcopy(spec)
    del at(changed, path[:-1])[path[-1]]
    return changed


def spelled(path: Path) -> str:
    return "spec" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def of(spec: Any) -> Target:
    return read(application(spec))


def rendered(got: Target) -> list[Any]:
    """What a rendering hangs on."""
    return [(each.options, each.release, each.source, each.refs) for each in (got, *got.parts)]


@pytest.mark.parametrize("name", CASES)
def test_the_valid_object_is_no_mistake(name: str) -> None:
    assert of(CASES[name]).unknown_because == ""
    assert not any("no field" in each.message for each in notices(found(application(CASES[name])), context()))


@pytest.mark.parametrize("name", CASES)
def test_a_value_of_the_wrong_type_makes_the_target_unknown_and_is_named(name: str) -> None:
    spec = CASES[name]
    passed_over = [
        (path, value, reason)
        for path in paths(spec)
        for value in WRONG
        if type(value) is not type(at(spec, path))
        and path[-1] not in _EITHER
        and not (reason := of(with_value(spec, path, value)).unknown_because).startswith(
            f"{spelled(path)} must be "
        )
    ]
    assert passed_over == []


@pytest.mark.parametrize("name", CASES)
def test_nothing_in_place_of_a_field_is_the_same_as_leaving_it_out(name: str) -> None:
    spec = CASES[name]
    for path in paths(spec):
        if isinstance(path[-1], str):
            got, left_out = of(with_value(spec, path, None)), of(without(spec, path))
            assert got.unknown_because == left_out.unknown_because, path
            if not got.unknown_because:
                assert rendered(got) == rendered(left_out), path


@pytest.mark.parametrize("name", CASES)
def test_nothing_in_place_of_an_item_is_a_mistake(name: str) -> None:
    spec = CASES[name]
    for path in paths(spec):
        if isinstance(path[-1], int):
            reason = of(with_value(spec, path, None)).unknown_because
            assert reason.startswith(f"{spelled(path)} must be "), path
            assert reason.endswith(", not nothing")


@pytest.mark.parametrize("name", CASES)
def test_a_field_that_is_left_out_makes_another_target(name: str) -> None:
    spec = CASES[name]
    whole = of(spec)
    for path in paths(spec):
        got = of(without(spec, path))
        assert not got.unknown_because or got.unknown_because.startswith("spec"), path
        assert got != whole or path in _WITHOUT_CONSEQUENCE, path


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("text", ["a\x00b", "\x1b[31m", "x" * 100_000])
def test_texts_that_nobody_writes_do_no_harm(name: str, text: str) -> None:
    spec = CASES[name]
    whole = of(spec)
    for path in paths(spec):
        if isinstance(at(spec, path), str):
            got = of(with_value(spec, path, text))
            assert got != whole, path
            assert len(got.unknown_because) < 500, path
            assert got.unknown_because.isprintable(), path
            assert len(text) > 10 or got.unknown_because.startswith(spelled(path)), path


ALL = [(name, path) for name, spec in CASES.items() for path in paths(spec)]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(case=st.sampled_from(ALL), value=json_values)
def test_a_field_that_holds_anything_raises_nothing_and_is_no_secret_change(
    case: tuple[str, Path], value: Any
) -> None:
    name, path = case
    changed = with_value(CASES[name], path, value)
    got, whole = of(changed), of(CASES[name])
    assert got.unknown_because.isprintable()
    if got == whole:
        same_text = canonical_json({"v": value}) == canonical_json({"v": at(CASES[name], path)})
        assert same_text or path in _WITHOUT_CONSEQUENCE
    for each in notices(found(application(changed)), context()):
        assert each.message.isprintable()


KINDS = st.sampled_from(["Application", "ApplicationSet", "AppProject", "Secret", "SealedSecret", "Rollout"])
VERSIONS = st.sampled_from(["argoproj.io/v1alpha1", "v1", "bitnami.com/v1alpha1", "argoproj.io/v2"])
FIELDS = st.sampled_from(
    [
        *CASES["hydrated"],
        *CASES["several"],
        *GIT,
        *PLACE,
        "chart",
        "helm",
        "target",
        "template",
        "sourceRepos",
        "destinations",
        "sourceNamespaces",
        "clusterResourceWhitelist",
        "namespaceResourceBlacklist",
    ]
)
specs = st.recursive(
    json_values | st.sampled_from(["*", "!*", "$a/b", "..", FLEET, "1.x", "oci://x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)
names = st.just("web") | json_values
manifests = st.fixed_dictionaries(
    {"kind": KINDS | json_values, "apiVersion": VERSIONS | json_values},
    optional={
        "metadata": st.fixed_dictionaries(
            {"name": names},
            optional={
                "namespace": names,
                "labels": st.sampled_from(
                    [{"argocd.argoproj.io/secret-type": kind} for kind in ("cluster", "repository")]
                )
                | json_values,
                "annotations": json_values,
                "finalizers": json_values,
            },
        )
        | json_values,
        "spec": specs,
        "data": json_values,
        "stringData": json_values,
    },
)


@given(manifest=manifests, others=st.lists(manifests, max_size=3))
def test_no_object_raises_anything_but_that_it_has_no_name(manifest: Json, others: list[Json]) -> None:
    at_hand = context(*others, cluster_secret("prod", "https://prod.example"))
    for ask in (
        is_application,
        is_application_set,
        is_project,
        is_cluster_secret,
        is_repository_secret,
        declared_cluster,
    ):
        ask(manifest)
    notices(found(manifest), at_hand)
    try:
        application_set_target(found(manifest), "hub", [])
    except Malformed:
        with pytest.raises(Malformed):
            application_target(found(manifest), at_hand, "hub")
        return
    got = application_target(found(manifest), at_hand, "hub")
    assert got.unknown_because.isprintable()
    forbidden_objects(got, at_hand, [ObjectId("", "ConfigMap", "x", "y"), ObjectId("", "Namespace", "", "z")])


@given(spec=specs)
def test_no_project_raises(spec: Any) -> None:
    project = {**application(spec, "team"), "kind": "AppProject"}
    notices(found(project), context(project))
    manifest = application({"project": "team", "destination": PLACE, "source": GIT})
    notices(found(manifest), context(project))
