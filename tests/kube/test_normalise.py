"""What is sent is what server-side apply takes well."""

import base64
import copy
from typing import Any

from bot.kube.normalise import normalised
from bot.model.objects import Manifest


def make(kind: str, api_version: str = "v1", **parts: object) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **parts}


def test_what_the_server_owns_is_not_sent() -> None:
    exported = make("ConfigMap", status={"x": 1})
    exported["metadata"] |= {
        "uid": "1",
        "resourceVersion": "2",
        "managedFields": [],
        "creationTimestamp": None,
    }
    sent = normalised(exported, namespace="shop")
    assert sent == make("ConfigMap") | {"metadata": {"name": "x", "namespace": "shop"}}


def test_a_cluster_scoped_object_loses_the_namespace_a_transformer_gave_it() -> None:
    role = make("ClusterRole", "rbac.authorization.k8s.io/v1")
    role["metadata"]["namespace"] = "shop"
    assert "namespace" not in normalised(role, namespace="")["metadata"]


def test_string_data_becomes_data() -> None:
    secret = make("Secret", data={"kept": "a2VwdA==", "both": "b2xk"}, stringData={"both": "new"})
    sent = normalised(secret, namespace="shop")
    assert "stringData" not in sent
    assert sent["data"] == {"kept": "a2VwdA==", "both": base64.b64encode(b"new").decode()}


def test_ports_say_their_protocol() -> None:
    service = make("Service", spec={"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]})
    assert [p["protocol"] for p in normalised(service, namespace="a")["spec"]["ports"]] == ["TCP", "UDP"]
    pod_spec = {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}, {"name": "b"}]}
    cron = make("CronJob", "batch/v1", spec={"jobTemplate": {"spec": {"template": {"spec": pod_spec}}}})
    sent = normalised(cron, namespace="a")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert sent["containers"][0]["ports"] == [{"protocol": "TCP", "containerPort": 80}]
    assert sent["containers"][1] == {"name": "b"}


def test_a_custom_kind_that_looks_like_a_workload_is_left_alone() -> None:
    rollout = make(
        "Deployment", "example.com/v1", spec={"template": {"spec": {"containers": [{"ports": [{}]}]}}}
    )
    assert normalised(rollout, namespace="a")["spec"] == rollout["spec"]


def test_a_placeholder_bundle_is_dropped_and_a_real_one_kept() -> None:
    pem = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nx").decode()
    for bundle, kept in (("Cg==", False), ("not base64!", False), (pem, True)):
        config = {"caBundle": bundle, "url": "https://x"}
        crd = make(
            "CustomResourceDefinition",
            "apiextensions.k8s.io/v1",
            spec={"conversion": {"webhook": {"clientConfig": config}}},
        )
        sent = normalised(crd, namespace="")["spec"]["conversion"]["webhook"]["clientConfig"]
        assert ("caBundle" in sent) is kept


def test_misshapen_manifests_pass_through_for_the_server_to_judge() -> None:
    specs: tuple[Any, ...] = (None, [], "x", {"template": None}, {"template": {"spec": {"containers": "no"}}})
    for spec in specs:
        assert normalised(make("Deployment", "apps/v1", spec=spec), namespace="a")["spec"] == spec


def test_the_manifest_given_is_not_changed() -> None:
    secret = make("Secret", stringData={"a": "b"}, status={})
    before = copy.deepcopy(secret)
    normalised(secret, namespace="other")
    assert secret == before
