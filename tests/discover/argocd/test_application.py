"""How Applications of Argo CD become targets, and what is kept beside what they render to."""

from typing import Any

import pytest

from bot.discover.argocd import (
    application_set_target,
    application_target,
    is_application,
    is_application_set,
    is_project,
)
from bot.discover.objects import Malformed
from bot.model.argocd import ArgoSettings, Destination, Retry
from bot.model.refs import ObjectRef
from bot.model.target import EngineKind, Found, Origin, RendererKind, TargetId
from tests.discover.argocd.examples import (
    AUTOMATED,
    Json,
    application,
    context,
    found,
    read,
    source,
    spec,
    target,
)


def settings(metadata: Json | None = None, **fields: Any) -> ArgoSettings:
    got = read(application(spec(**fields), **(metadata or {}))).argocd
    assert got is not None
    return got


def test_an_application_is_a_target_that_argo_cd_delivers() -> None:
    got = target()
    assert got.id == TargetId("hub", "argocd/web")
    assert (got.path, got.renderer, got.engine) == ("apps/web", RendererKind.DETECT, EngineKind.ARGOCD)
    assert (got.source, got.namespace, got.unknown_because) == (None, "shop", "")
    assert got.origin == Origin(Found.ARGOCD_APPLICATION, "apps/web.yaml", 1)
    assert got.options == source()
    assert got.overlay == {}


def test_an_application_without_a_namespace_is_called_by_its_name() -> None:
    assert read(application(spec(), namespace=None)).id.name == "web"


def test_what_is_said_of_syncing_is_kept() -> None:
    policy = {
        "automated": {"prune": True, "selfHeal": True, "allowEmpty": True},
        "syncOptions": ["CreateNamespace=true", "ServerSideApply=true"],
        "retry": {
            "limit": 3,
            "refresh": True,
            "backoff": {"duration": "10", "factor": 3, "maxDuration": "1m30s"},
        },
        "managedNamespaceMetadata": {"labels": {"team": "shop"}},
    }
    differences = [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]
    info = [{"name": "docs", "value": "https://docs.example"}]
    got = settings(
        {
            "annotations": {
                "argocd.argoproj.io/sync-wave": "-2",
                "argocd.argoproj.io/compare-options": "ServerSideDiff=true",
                "else": "x",
            },
            "finalizers": ["resources-finalizer.argocd.argoproj.io/background"],
        },
        project="team",
        syncPolicy=policy,
        ignoreDifferences=differences,
        info=info,
        revisionHistoryLimit=3,
    )
    assert got == ArgoSettings(
        ObjectRef("Application", "argocd", "web"),
        project="team",
        destination=Destination("https://kubernetes.default.svc", namespace="shop"),
        revisions=("HEAD",),
        is_automated=True,
        prunes=True,
        heals=True,
        may_be_empty=True,
        sync_options=("CreateNamespace=true", "ServerSideApply=true"),
        retry=Retry(3, 10.0, 3, 90.0, follows_revision=True),
        wave=-2,
        deletes_objects=True,
        ignore_differences=tuple(differences),
        other={
            "info": info,
            "revisionHistoryLimit": 3,
            "syncPolicy": {"managedNamespaceMetadata": {"labels": {"team": "shop"}}},
            "annotations": {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"},
        },
    )


def test_without_a_word_nothing_is_automatic() -> None:
    got = settings(syncPolicy=None, project="")
    assert got == ArgoSettings(
        ObjectRef("Application", "argocd", "web"),
        destination=Destination("https://kubernetes.default.svc", namespace="shop"),
        revisions=("HEAD",),
    )


@pytest.mark.parametrize(
    ("automated", "is_automated", "heals", "prunes"),
    [
        ({}, True, False, False),
        ({"enabled": True, "selfHeal": True}, True, True, False),
        ({"enabled": False, "selfHeal": True, "prune": True}, False, False, True),
        ({"prune": False}, True, False, False),
    ],
)
def test_what_is_automatic_can_be_switched_off(
    automated: Json, is_automated: bool, heals: bool, prunes: bool
) -> None:
    got = settings(syncPolicy={"automated": automated})
    assert (got.is_automated, got.heals, got.prunes) == (is_automated, heals, prunes)
    assert target(syncPolicy={"automated": automated}).prune is prunes


def test_an_option_against_pruning_wins() -> None:
    assert target(syncPolicy={"automated": {"prune": True}, "syncOptions": ["Prune=false"]}).prune is False


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("5", 5),
        ("5s", 5),
        ("1m30s", 90),
        ("500ms", 0.5),
        ("1.5h", 5400),
        ("-5s", -5),
        (".5s", 0.5),
        ("2.s", 2),
    ],
)
def test_a_duration_may_be_a_bare_number_of_seconds(written: str, seconds: float) -> None:
    retry = settings(syncPolicy={"retry": {"limit": 1, "backoff": {"duration": written}}}).retry
    assert retry == Retry(1, seconds)


def test_a_retry_without_a_limit_is_none() -> None:
    assert settings(syncPolicy={"retry": {}}).retry == Retry(0)


@pytest.mark.parametrize(
    ("written", "wave"), [("5", 5), ("-1", -1), ("+2", 2), ("x", 0), ("1_0", 0), ("", 0), ("٣", 0)]
)
def test_a_wave_is_a_whole_number(written: str, wave: int) -> None:
    assert settings({"annotations": {"argocd.argoproj.io/sync-wave": written}}).wave == wave


def test_what_an_application_set_holds_is_made_by_it() -> None:
    parent = TargetId("hub", "argocd/teams:set")
    got = application_target(found(application(spec()), parent), context(), "hub").argocd
    assert got is not None
    assert got.made_by == ObjectRef("ApplicationSet", "argocd", "teams")
    other = application_target(found(application(spec()), TargetId("hub", "argocd/root")), context(), "hub")
    assert other.argocd is not None
    assert other.argocd.made_by is None


def application_set(**fields: Any) -> Json:
    manifest = application({"generators": [], "template": {}, **fields}, "web")
    return {**manifest, "kind": "ApplicationSet"}


def test_an_application_set_is_a_target_that_holds_what_it_generates() -> None:
    made = [application(spec(), "one"), application(spec(), "two")]
    got = application_set_target(found(application_set()), "hub", made)
    assert got.id == TargetId("hub", "argocd/web:set")
    assert got.id != target().id
    assert (got.renderer, got.engine) == (RendererKind.GIVEN, EngineKind.ARGOCD)
    assert got.manifests == tuple(made)
    assert (got.prune, got.unknown_because, got.overlay) == (True, "", {})


def test_an_application_set_that_cannot_be_relied_on_holds_nothing_and_says_why() -> None:
    got = application_set_target(found(application_set()), "hub", [application(spec())], "a file is broken")
    assert (got.manifests, got.unknown_because) == ((), "a file is broken")
    assert got.overlay != {}


@pytest.mark.parametrize(
    ("policy", "prunes"),
    [("sync", True), ("create-delete", True), ("create-only", False), ("create-update", False)],
)
def test_whether_an_application_set_deletes_is_its_policy(policy: str, prunes: bool) -> None:
    manifest = application_set(syncPolicy={"applicationsSync": policy})
    got = application_set_target(found(manifest), "hub", [])
    assert got.prune is prunes
    assert got.argocd is not None
    assert got.argocd.other == {"syncPolicy": {"applicationsSync": policy}}


@pytest.mark.parametrize("kind", ["Rollout", "Workflow", "EventSource", "AnalysisTemplate", "Application "])
def test_other_kinds_of_the_group_are_not_argo_cds(kind: str) -> None:
    manifest = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind}
    assert not any(ask(manifest) for ask in (is_application, is_application_set, is_project))


@pytest.mark.parametrize("version", ["app.k8s.io/v1beta1", "v1", "argoproj.io.evil/v1", None, 5])
def test_an_application_of_another_group_is_not_argo_cds(version: Any) -> None:
    assert not is_application({"apiVersion": version, "kind": "Application"})


def test_a_version_that_nobody_serves_is_said() -> None:
    manifest = {**application(spec()), "apiVersion": "argoproj.io/v1"}
    assert is_application(manifest)
    assert read(manifest).unknown_because == (
        "apiVersion is 'argoproj.io/v1': Longshore reads argoproj.io/v1alpha1"
    )


@pytest.mark.parametrize("name", ["Web", "web_1", "-web", "{{name}}"])
def test_a_name_that_a_cluster_refuses_is_said(name: str) -> None:
    assert read(application(spec(), name)).unknown_because.startswith("metadata.name is ")


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        (
            {"annotations": {"argocd.argoproj.io/sync-wave": 5}},
            "metadata.annotations.argocd.argoproj.io/sync-wave must be text, not a number: put it in quotes",
        ),
        ({"labels": ["a"]}, "metadata.labels must be a mapping, not a list"),
        ({"finalizers": "x"}, "metadata.finalizers must be a list, not text"),
    ],
)
def test_what_a_cluster_refuses_of_the_metadata_is_said(metadata: Json, sentence: str) -> None:
    assert read(application(spec(), **metadata)).unknown_because == sentence


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        {},
        {"name": None},
        {"name": 5},
        {"name": "a b"},
        {"name": "a/b"},
        {"name": "x", "namespace": 5},
    ],
)
def test_what_cannot_be_named_is_malformed(metadata: Any) -> None:
    with pytest.raises(Malformed, match="metadata"):
        read({**application(spec()), "metadata": metadata})


def test_a_change_in_what_cannot_be_read_does_not_look_like_none() -> None:
    one, two = (target(source=value) for value in ("x", "y"))
    assert one.unknown_because == two.unknown_because == "spec.source must be a mapping, not text"
    assert one != two


def test_what_an_automated_policy_holds_is_no_other_field() -> None:
    assert settings(syncPolicy=AUTOMATED).other == {}
