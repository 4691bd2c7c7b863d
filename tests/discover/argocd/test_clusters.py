"""Which cluster an Application goes to, and what Secrets in Git tell of clusters."""

import base64
from typing import Any

import pytest

from bot.discover.argocd import application_target, declared_cluster, is_cluster_secret
from bot.model.argocd import ArgoCluster
from tests.discover.argocd.examples import (
    Json,
    application,
    cluster_secret,
    context,
    found,
    spec,
    target,
)

LABELS = {"argocd.argoproj.io/secret-type": "cluster", "env": "prod"}
PROD = cluster_secret("prod", "https://prod.example:6443/")


def goes_to(*others: Json, **destination: str) -> tuple[str, str]:
    got = target(others, destination=destination)
    return got.id.cluster, got.unknown_because


@pytest.mark.parametrize(
    "destination",
    [
        {"name": "in-cluster"},
        {"server": "https://kubernetes.default.svc"},
        {"server": "https://kubernetes.default.svc/"},
    ],
)
def test_the_cluster_that_argo_cd_runs_in_is_called_as_the_control_plane(destination: Json) -> None:
    assert goes_to(**destination) == ("hub", "")
    got = application_target(found(application(spec(destination=destination))), context(), "")
    assert got.id.cluster == ""


def test_a_secret_may_give_the_cluster_that_argo_cd_runs_in_another_name() -> None:
    own = cluster_secret("home", "https://kubernetes.default.svc")
    assert goes_to(own, name="home") == ("hub", "")


@pytest.mark.parametrize(
    ("name", "label"),
    [("prod", "prod"), ("Prod EU/1", "prod-eu-1"), ("ü", "unnamed"), ("a" * 80, "a" * 63)],
)
def test_a_name_becomes_a_label(name: str, label: str) -> None:
    assert goes_to(name=name) == (label, "")


@pytest.mark.parametrize(
    ("server", "label"),
    [
        ("https://prod.example:6443", "prod"),
        ("https://prod.example:6443//", "prod"),
        ("https://else.example:6443", "else.example"),
        ("https://else.example:7443", "else.example-7443"),
        ("https://ops:x@else.example", "else.example"),
        ("https://rancher.example/k8s/clusters/c-1", "rancher.example-k8s-clusters-c-1"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_server_is_called_as_its_secret_else_by_its_host(server: str, label: str) -> None:
    assert goes_to(PROD, server=server) == (label, "")


@pytest.mark.parametrize("destination", [{"server": "https://eu.example/"}, {"name": "prod-eu"}])
def test_what_the_operator_calls_a_cluster_counts_more(destination: Json) -> None:
    got = application_target(
        found(application(spec(destination=destination))),
        context(
            cluster_secret("prod-eu", "https://eu.example"),
            clusters=[ArgoCluster("eu", "https://eu.example")],
        ),
        "hub",
    )
    assert got.id.cluster == "eu"


def test_a_destination_by_a_name_that_nobody_declares_is_called_so() -> None:
    clusters = [ArgoCluster("eu", "https://eu.example"), ArgoCluster("us", "")]
    got = application_target(
        found(application(spec(destination={"name": "us"}))), context(clusters=clusters), "hub"
    )
    assert got.id.cluster == "us"


@pytest.mark.parametrize(
    ("destination", "sentence"),
    [
        ({}, "spec.destination has neither a server nor a name: one of them is needed"),
        (
            {"name": "a", "server": "https://b.example"},
            "spec.destination has a server and a name, 'a': keep one of them",
        ),
        ({"name": "twice"}, "spec.destination.name is 'twice', as 2 clusters are called"),
        ({"name": 7}, "spec.destination.name must be text, not a number: put it in quotes"),
    ],
)
def test_a_destination_that_is_none_says_why(destination: Json, sentence: str) -> None:
    twice = [cluster_secret("twice", f"https://{n}.example") for n in "ab"]
    assert target(twice, destination=destination).unknown_because == sentence


def test_a_destination_is_needed() -> None:
    assert target(destination=None).unknown_because == "spec.destination is missing"


def test_a_secret_in_clear_is_a_cluster() -> None:
    assert declared_cluster(cluster_secret("prod", "https://prod.example/", project="team")) == ArgoCluster(
        "prod",
        "https://prod.example",
        labels=LABELS,
        project="team",
        secret="argocd/cluster-prod",
    )


def test_encoded_data_is_decoded_and_clear_data_wins() -> None:
    secret = cluster_secret("prod", "https://prod.example")
    encoded = {k: base64.b64encode(v.encode()).decode() for k, v in secret["stringData"].items()}
    assert declared_cluster({**secret, "stringData": {}, "data": encoded}) == declared_cluster(secret)
    both = {**secret, "data": {**encoded, "name": base64.b64encode(b"other").decode()}}
    assert declared_cluster(both) == declared_cluster(secret)


def sealed(**data: Any) -> Json:
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "prod", "namespace": "argocd"},
        "spec": {
            "encryptedData": {"server": "AgB", "config": "AgC"},
            "template": {"metadata": {"labels": LABELS}, **({"data": data} if data else {})},
        },
    }


def external(**data: str) -> Json:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "prod", "namespace": "argocd"},
        "spec": {
            "target": {"template": {"metadata": {"labels": LABELS}, "data": data}},
            "data": [{"secretKey": "token", "remoteRef": {"key": "x"}}],
        },
    }


def encrypted() -> Json:
    secret = cluster_secret("prod", "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]")
    return {**secret, "sops": {}}


def test_of_a_secret_that_is_not_shown_the_labels_are_known() -> None:
    for manifest in (sealed(), sealed(name="prod"), external(name="{{ .name }}"), encrypted()):
        cluster = declared_cluster(manifest)
        assert cluster is not None
        assert cluster.labels == LABELS
        assert not cluster.is_known
        assert cluster.unknown_because.endswith("because that is encrypted or kept elsewhere")


@pytest.mark.parametrize("text", ["<masked 3f9a2c1b>", "<masked>", "https://<encrypted 3f9a2c1b>"])
def test_what_a_rendering_hides_is_not_taken_for_a_value(text: str) -> None:
    cluster = declared_cluster(cluster_secret("prod", text))
    assert cluster is not None
    assert not cluster.is_known


def test_what_a_template_shows_in_clear_is_known() -> None:
    shown_ones = external(name="prod", server="https://prod.example", config='{"token": "{{ .token }}"}')
    cluster = declared_cluster(shown_ones)
    assert cluster is not None
    assert (cluster.name, cluster.server, cluster.project, cluster.is_known) == (
        "prod",
        "https://prod.example",
        "",
        True,
    )


@pytest.mark.parametrize("fields", [{"stringData": {}}, {"stringData": {"name": "x"}}])
def test_a_secret_without_a_name_or_a_server_is_no_cluster_to_go_to(fields: Json) -> None:
    cluster = declared_cluster({**PROD, **fields})
    assert cluster is not None
    assert cluster.unknown_because.startswith("Secret 'argocd/cluster-prod' has no ")


@pytest.mark.parametrize("data", [{"name": "%%%"}, {"name": 5}, {"name": "/w=="}, {"name": ["x"]}])
def test_data_that_cannot_be_decoded_is_not_known(data: Json) -> None:
    cluster = declared_cluster({**PROD, "stringData": {}, "data": data})
    assert cluster is not None
    assert not cluster.is_known


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"kind": "Secret", "apiVersion": "v1"},
        {"kind": "Secret", "apiVersion": "v1", "metadata": {"labels": {"env": "prod"}}},
        {"kind": "Secret", "apiVersion": "v1", "metadata": {"labels": []}},
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"labels": LABELS}},
        {"kind": "SealedSecret", "apiVersion": "bitnami.com/v1alpha1", "spec": []},
        {"kind": ["Secret"], "apiVersion": 1},
    ],
)
def test_anything_else_is_no_cluster(manifest: Json) -> None:
    assert declared_cluster(manifest) is None
    assert not is_cluster_secret(manifest)


def test_no_value_of_a_secret_is_shown() -> None:
    secret = cluster_secret("prod", "ENC[x]", config='{"bearerToken": "hunter2"}')
    assert "hunter2" not in repr(declared_cluster(secret))
