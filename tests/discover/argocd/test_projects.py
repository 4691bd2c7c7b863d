"""What an AppProject allows, and what is said of an Application that asks for more."""

from typing import Any

import pytest

from bot.discover.argocd import forbidden_objects, notices
from bot.discover.argocd.rules import (
    Place,
    forbidding_kinds,
    may_permit_place,
    permits_namespace_of_application,
    permits_repository,
)
from bot.discover.argocd.urls import is_helm_oci, normal_git_url
from bot.model.argocd import ArgoCluster
from bot.model.objects import ObjectId
from bot.model.rendering import Severity
from tests.discover.argocd.examples import (
    FLEET,
    Json,
    application,
    cluster_secret,
    context,
    found,
    said,
    source,
    spec,
    target,
)

IN_CLUSTER = "https://kubernetes.default.svc"
ERROR, WARNING = Severity.ERROR, Severity.WARNING


def project(name: str = "team", namespace: str = "argocd", **fields: Any) -> Json:
    """One that allows everything but what these fields say."""
    allows = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]}
    manifest = application({**allows, **fields}, name, namespace)
    return {**manifest, "kind": "AppProject"}


def errors(*others: Json, **fields: Any) -> list[str]:
    manifest = application(spec(project="team", **fields))
    return [sentence for severity, sentence in said(manifest, *others) if severity is ERROR]


@pytest.mark.parametrize(
    ("patterns", "is_permitted"),
    [
        (["*"], True),
        ([], False),
        ([FLEET], True),
        (["https://GitHub.com/ACME/fleet.git"], True),
        (["https://github.com/acme/*"], True),
        (["https://github.com/*"], False),
        (["https://github.com/**"], True),
        (["https://*/acme/fleet"], True),
        (["git@github.com:acme/fleet"], False),
        (["https://github.com/acme/fleet/"], False),
        (["*", f"!{FLEET}"], False),
        ([f"!{FLEET}", "*"], False),
        (["!https://github.com/acme/other"], True),
        (["!https://github.com/acme/*"], False),
        (["!*"], True),
        (["https://github.com/acme/fl??t"], True),
        (["https://github.com/acme/{fleet,x}"], False),
        (["["], False),
    ],
)
def test_a_repository_is_permitted_by_a_pattern_and_refused_by_any_denial(
    patterns: list[str], is_permitted: bool
) -> None:
    assert permits_repository({"sourceRepos": patterns}, FLEET) is is_permitted


@pytest.mark.parametrize(
    ("entries", "is_permitted"),
    [
        ([{"server": "*", "namespace": "*"}], True),
        ([{"server": IN_CLUSTER, "namespace": "shop"}], True),
        ([{"name": "in-cluster", "namespace": "shop"}], True),
        ([{"name": "in-*", "namespace": "sh*"}], True),
        ([{"server": "https://*", "namespace": "{shop,other}"}], True),
        ([{"server": "*"}], False),
        ([{"namespace": "*"}], False),
        ([{"server": "*", "namespace": "other"}], False),
        ([{"name": "prod", "namespace": "*"}], False),
        ([], False),
        ([{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "!shop"}], False),
        ([{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "!other"}], True),
        ([{"server": "*", "namespace": "!other"}], True),
        ([{"server": "*", "namespace": "*"}, {"server": f"!{IN_CLUSTER}", "namespace": "*"}], False),
        ([{"server": "*", "namespace": "*"}, {"server": f"!{IN_CLUSTER}", "namespace": "kube-*"}], True),
        ([{"server": "*", "namespace": "*"}, {"name": "!in-cluster", "namespace": "kube-*"}], False),
    ],
)
def test_a_destination_is_permitted_by_an_entry_and_refused_by_any_denial(
    entries: list[Json], is_permitted: bool
) -> None:
    assert (
        may_permit_place({"destinations": entries}, Place(IN_CLUSTER, "in-cluster", "shop")) is is_permitted
    )


@pytest.mark.parametrize(
    ("entry", "is_permitted"),
    [
        ({"server": "https://prod.example", "namespace": "*"}, True),
        ({"server": "*", "namespace": "*"}, True),
        ({"name": "prod", "namespace": "*"}, True),
        ({"name": "test", "namespace": "*"}, False),
        ({"server": "https://prod.example", "namespace": "other"}, False),
        ({"server": "!https://prod.example", "namespace": "*"}, True),
    ],
)
def test_a_server_that_is_not_known_forbids_nothing(entry: Json, is_permitted: bool) -> None:
    assert may_permit_place({"destinations": [entry]}, Place(None, "prod", "shop")) is is_permitted


@pytest.mark.parametrize(
    ("patterns", "is_permitted"),
    [
        ([], False),
        (["team-a"], True),
        (["team-*"], True),
        (["/^team-[a-z]$/"], True),
        (["/team/"], True),
        (["/other/"], False),
        (["/(/"], False),
        (["/"], False),
    ],
)
def test_a_namespace_of_applications_is_a_pattern_or_a_regular_expression(
    patterns: list[str], is_permitted: bool
) -> None:
    assert permits_namespace_of_application(patterns, "team-a") is is_permitted


CLUSTER_ROLE = ObjectId("rbac.authorization.k8s.io", "ClusterRole", "", "admin")
DEPLOYMENT = ObjectId("apps", "Deployment", "shop", "web")
ANY = {"group": "*", "kind": "*"}
APPS = {"group": "apps", "kind": "Deployment"}


@pytest.mark.parametrize(
    ("rules", "identity", "field"),
    [
        ({}, CLUSTER_ROLE, "spec.clusterResourceWhitelist"),
        ({"clusterResourceWhitelist": [ANY]}, CLUSTER_ROLE, ""),
        ({"clusterResourceWhitelist": [{"group": "*.k8s.io", "kind": "Cluster*"}]}, CLUSTER_ROLE, ""),
        ({"clusterResourceWhitelist": [{**ANY, "name": "ad*"}]}, CLUSTER_ROLE, ""),
        (
            {"clusterResourceWhitelist": [{**ANY, "name": "view"}]},
            CLUSTER_ROLE,
            "spec.clusterResourceWhitelist",
        ),
        (
            {"clusterResourceWhitelist": [ANY], "clusterResourceBlacklist": [ANY]},
            CLUSTER_ROLE,
            "spec.clusterResourceBlacklist",
        ),
        (
            {"clusterResourceWhitelist": [{"group": "[", "kind": "*"}]},
            CLUSTER_ROLE,
            "spec.clusterResourceWhitelist",
        ),
        ({}, DEPLOYMENT, ""),
        ({"namespaceResourceWhitelist": []}, DEPLOYMENT, "spec.namespaceResourceWhitelist"),
        ({"namespaceResourceWhitelist": [APPS]}, DEPLOYMENT, ""),
        ({"namespaceResourceBlacklist": [APPS]}, DEPLOYMENT, "spec.namespaceResourceBlacklist"),
        ({"namespaceResourceBlacklist": [{"group": "", "kind": "Deployment"}]}, DEPLOYMENT, ""),
    ],
)
def test_kinds_are_listed_and_no_list_is_not_an_empty_one(
    rules: Json, identity: ObjectId, field: str
) -> None:
    assert forbidding_kinds(rules, identity) == field


def test_a_forbidden_source_is_an_error_with_the_way_out() -> None:
    assert errors(project(sourceRepos=["https://git.example/*"])) == [
        (
            f"has '{FLEET}' in spec.source.repoURL, which AppProject argocd/team does not allow: "
            "add it to spec.sourceRepos there"
        )
    ]


def test_every_source_is_judged_and_no_password_is_shown() -> None:
    sources = [
        source(),
        source(repoURL="https://ops:hunter2@else.example/x"),
        source(repoURL="https://x.example"),
    ]
    sentences = errors(project(sourceRepos=[FLEET]), source=None, sources=sources)
    assert [sentence.split(",")[0] for sentence in sentences] == [
        "has 'https://else.example/x' in spec.sources[1].repoURL",
        "has 'https://x.example' in spec.sources[2].repoURL",
    ]


def test_what_is_hydrated_needs_both_of_its_repositories() -> None:
    hydrator = {
        "drySource": {"repoURL": FLEET, "path": "x", "targetRevision": "HEAD"},
        "syncSource": {"targetBranch": "env", "path": "web", "repoURL": "https://git.example/out"},
    }
    sentences = errors(project(sourceRepos=["https://x.example"]), source=None, sourceHydrator=hydrator)
    assert [sentence.split(" in ")[1].split(",")[0] for sentence in sentences] == [
        "spec.sourceHydrator.drySource.repoURL",
        "spec.sourceHydrator.syncSource.repoURL",
    ]


def test_a_forbidden_destination_is_an_error_with_the_way_out() -> None:
    sentences = errors(project(destinations=[{"server": IN_CLUSTER, "namespace": "other"}]))
    assert sentences == [
        (
            "goes to 'in-cluster', namespace 'shop', where AppProject argocd/team does not let it: "
            "add the place to spec.destinations there"
        )
    ]


def test_the_cluster_that_argo_cd_runs_in_may_have_another_name() -> None:
    named = project(destinations=[{"name": "hub", "namespace": "*"}])
    assert errors(named) == []
    assert errors(named, cluster_secret("home", IN_CLUSTER)) != []


def test_a_cluster_is_known_by_its_secret() -> None:
    allowed = project(destinations=[{"server": "https://prod.example", "namespace": "*"}])
    prod = cluster_secret("prod", "https://prod.example/")
    test = cluster_secret("test", "https://test.example")
    assert errors(allowed, prod, destination={"name": "prod", "namespace": "x"}) == []
    assert errors(allowed, test, destination={"name": "test", "namespace": "x"}) != []
    assert errors(allowed, destination={"name": "test", "namespace": "x"}) == []


def test_only_clusters_of_the_project_may_be_demanded() -> None:
    scoped = project(permitOnlyProjectScopedClusters=True)
    own = cluster_secret("own", "https://own.example", project="team")
    common = cluster_secret("common", "https://common.example")
    assert errors(scoped, own, common, destination={"name": "own"}) == []
    assert errors(scoped, own, common, destination={"name": "elsewhere"}) == []
    assert errors(scoped, own, common, destination={"server": "https://common.example"}) == [
        (
            "goes to 'common', namespace '', which is not a cluster of AppProject argocd/team alone, as "
            "spec.permitOnlyProjectScopedClusters there demands: write `project` into the Secret of the cluster"
        )
    ]
    assert errors(project(), own, common, destination={"server": "https://common.example"}) == []


def repository_secret(**fields: str) -> Json:
    secret = cluster_secret("x", "", **fields)
    labels = {"argocd.argoproj.io/secret-type": "repository"}
    return {**secret, "metadata": {**secret["metadata"], "labels": labels}}


@pytest.mark.parametrize(
    ("fields", "is_allowed"),
    [
        ({"url": f"{FLEET}.git", "project": "team"}, True),
        ({"url": FLEET, "project": "other"}, False),
        ({"url": FLEET}, False),
        ({"url": "https://x.example", "project": "team"}, False),
        ({"url": "ENC[x]", "project": "team"}, True),
        ({"url": FLEET, "project": "ENC[x]"}, True),
    ],
)
def test_a_repository_of_the_project_alone_is_allowed_there(fields: Json, is_allowed: bool) -> None:
    refusing = project(sourceRepos=[])
    assert (errors(refusing, repository_secret(**fields)) == []) is is_allowed


@pytest.mark.parametrize(("owner", "is_allowed"), [("team", True), ("other", False), ("", False)])
def test_a_cluster_of_the_project_alone_is_allowed_there(owner: str, is_allowed: bool) -> None:
    refusing, prod = project(destinations=[]), cluster_secret("prod", "https://prod.example", project=owner)
    assert (errors(refusing, prod, destination={"name": "prod"}) == []) is is_allowed


def test_an_application_elsewhere_needs_to_be_let_in() -> None:
    manifest = application(spec(project="team"), namespace="team-a")
    refused = notices(found(manifest), context(project()))
    assert [each.message for each in refused] == [
        (
            "Application team-a/web lies in namespace 'team-a', from where AppProject argocd/team takes no "
            "Application: add it to spec.sourceNamespaces there"
        )
    ]
    assert notices(found(manifest), context(project(sourceNamespaces=["team-*"]))) == ()


def test_the_default_project_allows_all_unless_it_is_declared() -> None:
    manifest = application(spec())
    assert said(manifest) == []
    assert len(said(manifest, project("default", sourceRepos=[]))) == 1


def test_a_project_that_is_declared_in_two_ways_forbids_what_both_forbid() -> None:
    one, two = project(sourceRepos=[]), project(sourceRepos=["*"])
    assert errors(one, two) == []
    assert len(errors(one, project(sourceRepos=["https://x.example"]))) == 1


def test_a_project_that_cannot_be_read_forbids_nothing_and_says_so() -> None:
    broken = project(sourceRepos="*")
    assert errors(broken) == []
    assert said(broken) == [
        (
            WARNING,
            (
                "cannot be read, so that what it forbids is not known: spec.sourceRepos must be a list, not text"
            ),
        )
    ]


def test_a_project_that_is_declared_nowhere_is_said_where_others_are() -> None:
    manifest = application(spec(project="taem"))
    assert said(manifest) == []
    assert said(manifest, project()) == [
        (
            WARNING,
            "is of AppProject taem, which is declared nowhere in this repository (did you mean team?)",
        )
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sourceRepos": ["!*"]}, "has '!*' in spec.sourceRepos[0], which Argo CD does not take"),
        (
            {"sourceRepos": ["*", ":bad"]},
            "has ':bad' in spec.sourceRepos[1], which is no URL and matches none",
        ),
        (
            {"sourceRepo": ["*"]},
            (
                "has spec.sourceRepo (did you mean sourceRepos?), which is no field that Longshore knows: "
                "a cluster throws it away"
            ),
        ),
    ],
)
def test_what_is_odd_about_a_project_is_said(fields: Json, sentence: str) -> None:
    assert said(project(**fields)) == [(WARNING, sentence)]


def test_objects_that_a_project_forbids_are_errors_by_reason() -> None:
    rules = project(
        destinations=[{"server": "*", "namespace": "shop"}],
        namespaceResourceBlacklist=[{"group": "", "kind": "Secret"}],
    )
    objects = [
        DEPLOYMENT,
        CLUSTER_ROLE,
        *(ObjectId("", "Secret", "shop", name) for name in "abcde"),
        ObjectId("", "ConfigMap", "other", "x"),
    ]
    refused = forbidden_objects(target([rules], project="team"), context(rules), objects)
    assert {each.severity for each in refused} == {ERROR}
    assert [(each.file, each.line) for each in refused] == [("apps/web.yaml", 1)] * 3
    assert [each.message for each in refused] == [
        (
            "Application argocd/web holds ClusterRole.rbac.authorization.k8s.io admin, which AppProject argocd/team "
            "does not allow: add it to spec.clusterResourceWhitelist there"
        ),
        (
            "Application argocd/web holds Secret shop/a, Secret shop/b, Secret shop/c and 2 more, which AppProject "
            "argocd/team does not allow: take it out of spec.namespaceResourceBlacklist there"
        ),
        (
            "Application argocd/web holds ConfigMap other/x, which goes to 'in-cluster', namespace 'other', where "
            "AppProject argocd/team does not let it: add the place to spec.destinations there"
        ),
    ]


def test_no_project_forbids_no_objects() -> None:
    assert forbidden_objects(target(), context(), [CLUSTER_ROLE]) == ()


def test_what_the_operator_calls_a_cluster_is_not_what_argo_cd_calls_it() -> None:
    operators = context(
        project(destinations=[{"name": "other", "namespace": "*"}]),
        clusters=[ArgoCluster("eu", "https://eu.example")],
    )
    got = target(project="team", destination={"server": "https://eu.example", "namespace": "x"})
    assert forbidden_objects(got, operators, [ObjectId("", "ConfigMap", "y", "x")]) == ()


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        (" HTTPS://Host/A/b.git ", "https://host/a/b"),
        ("git@host:a/b.git", "git@host/a/b"),
        ("ssh://git@host:22/a/b.git", "git@host:22/a/b"),
        ("*", "*"),
        ("*@host:a/b", "%2A@host/a/b"),
        ("https://o*s:p%77@host/a b", "https://o%2As:pw@host/a%20b"),
        ("https://o[s@host/a", ""),
        ("https://[::1/a", ""),
        ("https://host/%zz", ""),
        ("https://ho st/x", ""),
        ("https://host:x/y", ""),
        ("1.2.3.4:5000/x", ""),
        ("", ""),
    ],
)
def test_urls_are_compared_in_one_spelling(url: str, normal: str) -> None:
    assert normal_git_url(url) == normal


@pytest.mark.parametrize(
    ("url", "is_oci"),
    [
        ("registry.example/charts", True),
        ("registry.example:5000/charts", True),
        ("localhost:5000", True),
        ("127.0.0.1:5000/charts", False),
        ("https://charts.example", False),
        ("oci://registry.example", False),
        ("//host/x", False),
        ("", False),
        ("a\x7f", False),
    ],
)
def test_a_registry_is_told_by_what_go_takes_for_no_host(url: str, is_oci: bool) -> None:
    assert is_helm_oci(url) is is_oci


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"sourceRepos": ["x"] * 1001}, "spec.sourceRepos has 1001 entries: Longshore reads at most 1000"),
        (
            {"destinations": [{"server": "*a" * 1000, "namespace": "x" * 4000}] * 20},
            "its patterns have more than 16384 characters, which Longshore does not try",
        ),
    ],
)
def test_a_project_of_more_rules_than_anybody_writes_forbids_nothing(fields: Json, why: str) -> None:
    huge = project(**fields)
    assert errors(huge) == []
    assert said(huge) == [(WARNING, f"cannot be read, so that what it forbids is not known: {why}")]


@pytest.mark.timeout(10)
def test_no_rule_takes_long() -> None:
    slow = project(sourceRepos=["*a" * 2000] * 4, destinations=[{"server": "*b" * 8, "namespace": "*"}] * 999)
    for length in (500, 2000):
        errors(
            slow,
            source=source(repoURL=f"https://x.example/{'a' * length}"),
            destination={"server": "b" * length},
        )


def test_what_is_longer_than_anything_that_anybody_names_is_not_judged() -> None:
    assert permits_repository({"sourceRepos": []}, "x" * 513)
    assert may_permit_place({}, Place("x" * 513, "a", "b"))
