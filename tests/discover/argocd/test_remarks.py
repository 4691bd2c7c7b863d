"""What is said of Applications that can be rendered all the same."""

import time
from typing import Any

import pytest

from bot.discover.argocd import notices
from bot.model.rendering import Severity
from tests.discover.argocd.examples import (
    FLEET,
    Json,
    application,
    cluster_secret,
    context,
    found,
    read,
    said,
    source,
    spec,
)

NOTICE, WARNING = Severity.NOTICE, Severity.WARNING
WAVE = "argocd.argoproj.io/sync-wave"
SKIP = "argocd.argoproj.io/skip-reconcile"
PATHS = "argocd.argoproj.io/manifest-generate-paths"


def options(*wanted: str) -> Json:
    return {"syncPolicy": {"automated": {}, "syncOptions": list(wanted)}}


def test_nothing_is_said_of_what_is_in_order() -> None:
    assert said(application(spec())) == []


@pytest.mark.parametrize(
    ("fields", "severity", "sentence"),
    [
        ({"project": None}, WARNING, "has no spec.project: a cluster refuses it"),
        (
            {"source": source(helm={"valuesFiles": ["x"]})},
            WARNING,
            (
                "has spec.source.helm.valuesFiles (did you mean valueFiles?), which is no field that Longshore knows: "
                "a cluster throws it away"
            ),
        ),
        (
            {"a": 1, "b": 1, "c": 1, "d": 1},
            WARNING,
            (
                "has spec.a, spec.b, spec.c and more, which are no fields that Longshore knows: "
                "a cluster throws it away"
            ),
        ),
        (
            {"source": source(repoURL="https://x.example", chart="nginx", targetRevision="1")},
            NOTICE,
            "has spec.source.path beside a chart: Argo CD does not look at it",
        ),
        (
            {"source": source(repoURL="oci://x.example/y", chart="nginx", targetRevision="1")},
            NOTICE,
            "has spec.source.chart beside an oci:// URL: Argo CD does not look at it",
        ),
        (
            {"sources": [source()]},
            WARNING,
            "has spec.sources beside spec.source: Argo CD takes spec.sources alone",
        ),
        (
            options("CreateNamespaces=true", "Replace=True", "Prune=confirm", "x"),
            WARNING,
            (
                "has spec.syncPolicy.syncOptions[0], 'CreateNamespaces=true' (did you mean CreateNamespace=true?), "
                "spec.syncPolicy.syncOptions[1], 'Replace=True' (did you mean Replace=true?), "
                "spec.syncPolicy.syncOptions[3], 'x', which Argo CD passes over"
            ),
        ),
        (
            {"syncPolicy": {"automated": {}, "managedNamespaceMetadata": {"labels": {"a": "b"}}}},
            WARNING,
            (
                "has spec.syncPolicy.managedNamespaceMetadata, which does nothing without the sync option "
                "CreateNamespace=true"
            ),
        ),
    ],
)
def test_what_an_application_has_of_note_is_said(fields: Json, severity: Severity, sentence: str) -> None:
    assert said(application(spec(**fields))) == [(severity, sentence)]


@pytest.mark.parametrize(
    ("annotations", "severity", "sentence"),
    [
        (
            {SKIP: "true"},
            NOTICE,
            f"has the annotation {SKIP}: Argo CD does nothing with it until that is gone",
        ),
        (
            {PATHS: ".;/base"},
            NOTICE,
            (
                f"says in the annotation {PATHS} which paths concern it: after a change elsewhere Argo CD may keep "
                "what it rendered before"
            ),
        ),
        (
            {WAVE: "first"},
            WARNING,
            f"has 'first' in the annotation {WAVE}, which is no whole number: it counts as 0",
        ),
    ],
)
def test_annotations_of_note_are_said(annotations: Json, severity: Severity, sentence: str) -> None:
    assert said(application(spec(), annotations=annotations)) == [(severity, sentence)]


@pytest.mark.parametrize(
    "annotations", [{SKIP: "false"}, {SKIP: "yes"}, {WAVE: "-5"}, {PATHS: ""}, [], {"x": 5}]
)
def test_other_annotations_are_not(annotations: Any) -> None:
    assert said(application(spec(), annotations=annotations)) == []


@pytest.mark.parametrize(
    ("more", "by_way"),
    [
        ({}, ""),
        (
            {"hydrateTo": {"targetBranch": "env/next"}},
            ", by way of branch 'env/next', from where somebody merges it,",
        ),
    ],
)
def test_where_what_is_hydrated_goes_is_said(more: Json, by_way: str) -> None:
    hydrator = {
        "drySource": {"repoURL": FLEET, "path": "x", "targetRevision": "HEAD"},
        "syncSource": {"targetBranch": "env", "path": "web"},
        **more,
    }
    assert said(application(spec(source=None, sourceHydrator=hydrator))) == [
        (
            NOTICE,
            (
                f"is hydrated: what it renders to goes to branch 'env', below 'web'{by_way} and is synced from there"
            ),
        )
    ]


@pytest.mark.parametrize(
    ("destination", "sentence"),
    [
        (
            {"name": "prud"},
            (
                "goes to a cluster of the name 'prud', which no Secret in this repository declares "
                "(did you mean prod?)"
            ),
        ),
        (
            {"server": "https://x.y"},
            "goes to a cluster of the server 'https://x.y', which no Secret in this repository declares",
        ),
        ({"name": "prod"}, ""),
        ({"name": "in-cluster"}, ""),
        ({"server": "https://kubernetes.default.svc/"}, ""),
        ({"server": "https://prod.example/"}, ""),
    ],
)
def test_a_cluster_that_is_declared_nowhere_is_said_where_others_are(
    destination: Json, sentence: str
) -> None:
    prod = cluster_secret("prod", "https://prod.example")
    manifest = application(spec(destination=destination))
    assert said(manifest, prod) == ([(WARNING, sentence)] if sentence else [])
    assert said(manifest) == []
    assert said(manifest, prod, cluster_secret("hidden", "ENC[x]")) == []


def test_an_operation_in_git_is_said() -> None:
    manifest = {**application(spec()), "operation": {"sync": {}}}
    assert said(manifest) == [
        (NOTICE, "has an operation beside its spec: Argo CD starts it each time that this is applied")
    ]


def test_an_application_without_a_name_and_other_objects_are_passed_over() -> None:
    manifests: list[Json] = [
        {**application(spec()), "metadata": {}},
        {**application(spec()), "kind": "ApplicationSet"},
        {**application(spec()), "kind": "Rollout"},
    ]
    assert [notices(found(manifest), context()) for manifest in manifests] == [(), (), ()]


def test_an_application_of_a_hundred_thousand_unknown_fields_is_remarked_upon_at_once() -> None:
    fields = {f"field{n}": n for n in range(100_000)}
    manifest = application(spec(**fields, **options(*(f"x{n}" for n in range(100_000)))))
    started = time.process_time()
    assert len(said(manifest)) == 2
    assert time.process_time() - started < 5


NULLS = {"a": None, "b": {"c": [{"d": None}], "e": 1}, "f": [None]}


def test_a_null_in_values_is_gone_once_it_is_applied() -> None:
    written = application(spec(source=source(helm={"valuesObject": NULLS, "values": "a: null"})))
    ((severity, sentence),) = said(written)
    assert severity is WARNING
    assert sentence.startswith(
        "has null in spec.source.helm.valuesObject.a, spec.source.helm.valuesObject.b.c[0].d: kubectl apply takes that away"
    )
    helm = read(written).options["helm"]
    assert helm == {"valuesObject": {"b": {"c": [{}], "e": 1}, "f": [None]}, "values": "a: null"}


@pytest.mark.parametrize("option", ["ServerSideApply=true", "Prune=false, Replace=true"])
def test_it_stays_where_the_application_itself_asks_for_another_way(option: str) -> None:
    marks = {"argocd.argoproj.io/sync-options": option}
    written = application(spec(source=source(helm={"valuesObject": NULLS})), annotations=marks)
    assert said(written) == []
    assert read(written).options["helm"] == {"valuesObject": NULLS}


def test_nothing_is_too_deep_to_be_looked_at() -> None:
    deep: Any = None
    for _ in range(5_000):
        deep = {"a": deep}
    assert said(application(spec(source=source(helm={"valuesObject": deep})))) == []


def test_a_reference_to_another_revision_of_the_same_repository_is_said() -> None:
    uses = source(helm={"valueFiles": ["$v/a.yaml", "$v/b.yaml"]})
    several = spec(source=None, sources=[uses, {"repoURL": FLEET, "ref": "v", "targetRevision": "v1.0.0"}])
    warnings = [sentence for severity, sentence in said(application(several)) if severity is WARNING]
    assert warnings == [
        (
            "names a file of $v in spec.sources[0].helm, which is the same repository at another revision: Argo CD refuses that "
            "unless both lead to one commit"
        )
    ]
    same = spec(source=None, sources=[uses, {"repoURL": FLEET, "ref": "v", "targetRevision": "main"}])
    assert said(application(same)) == []
