"""Names and ids that other tools read too."""

import re

from bot.kube.applyset import Parent, applyset_id, contents
from bot.model.objects import ObjectId
from bot.model.repo import RepoId
from bot.model.target import TargetId

REPO = RepoId("github", "acme/fleet")


def test_computes_the_id_that_kubectl_computes() -> None:
    assert (
        applyset_id("my-set", "test", "Secret", "")
        == "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1"
    )


def test_every_target_of_every_repository_has_a_parent_of_its_own() -> None:
    parents = {
        Parent.of(REPO, TargetId("prod", "apps")).name,
        Parent.of(REPO, TargetId("staging", "apps")).name,
        Parent.of(RepoId("gitlab", "acme/fleet"), TargetId("prod", "apps")).name,
        Parent.of(REPO, TargetId("prod", "Apps")).name,
        Parent.of(REPO, TargetId("prod", "apps!")).name,
    }
    assert len(parents) == 5


def test_a_parent_s_name_fits_a_label_whatever_the_target_is_called() -> None:
    for name in ("apps/overlays/production", "x" * 300, "Grüße", "---", "a/" * 100):
        parent = Parent.of(REPO, TargetId("prod", name))
        assert len(parent.name) <= 63
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", parent.name)


def test_tells_which_kinds_and_namespaces_a_set_spans() -> None:
    parent = Parent("longshore-system", "longshore-apps")
    ids = [
        ObjectId("apps", "Deployment", "shop", "web"),
        ObjectId("", "ConfigMap", "shop", "settings"),
        ObjectId("", "Namespace", "", "shop"),
        ObjectId("", "ConfigMap", "longshore-system", "mine"),
    ]
    said = contents(parent, ids)
    assert said["applyset.kubernetes.io/contains-group-kinds"] == "ConfigMap,Deployment.apps,Namespace"
    assert said["applyset.kubernetes.io/additional-namespaces"] == "shop"
    assert said["applyset.kubernetes.io/tooling"].startswith("longshore/v")
