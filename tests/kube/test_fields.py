"""Ownership, as the server books it."""

from typing import Any

from bot.kube.fields import LAST_APPLIED, fields_hash, is_taken_over, taken_over, unserved_versions
from bot.kube.resources import ObjectMeta
from bot.model.objects import Manifest


def entry(manager: str, fields: dict[str, Any], operation: str = "Apply", **more: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        "time": "2026-01-01T00:00:00Z",
        **more,
    }


def live(*entries: dict[str, Any], **annotations: str) -> Manifest:
    metadata = {
        "name": "x",
        "resourceVersion": "9",
        "managedFields": list(entries),
        "annotations": annotations,
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def hashed(*entries: dict[str, Any]) -> str:
    return fields_hash(ObjectMeta.of(live(*entries)), "longshore")


def test_the_hash_is_over_fields_and_version_alone() -> None:
    one = hashed(entry("longshore", {"f:data": {"f:a": {}, "f:b": {}}}))
    assert one == hashed(entry("longshore", {"f:data": {"f:b": {}, "f:a": {}}}, time="2027-01-01T00:00:00Z"))
    assert one != hashed(entry("longshore", {"f:data": {"f:a": {}}}))
    assert one != hashed(entry("longshore", {"f:data": {"f:a": {}, "f:b": {}}}, apiVersion="v2"))


def test_only_our_own_apply_counts() -> None:
    assert hashed(entry("longshore", {"f:data": {}}, "Update")) == ""
    assert hashed(entry("longshore", {"f:status": {}}, subresource="status")) == ""
    assert hashed(entry("other", {"f:data": {}})) == ""


def test_kubectl_s_fields_become_ours() -> None:
    manifest = live(
        entry("longshore", {"f:data": {"f:a": {}}}),
        entry("kubectl-client-side-apply", {"f:data": {"f:b": {}}}, "Update"),
        entry("kubectl", {"f:spec": {}}, "Update", subresource="scale"),
        entry("hpa", {"f:spec": {}}, "Update"),
        **{LAST_APPLIED: "{}"},
    )
    patch = taken_over(manifest, "longshore")
    assert patch is not None
    replaced: dict[str, Any] = {p["path"]: p.get("value") for p in patch}
    entries = replaced["/metadata/managedFields"]
    assert [(e["manager"], e["operation"]) for e in entries] == [
        ("kubectl", "Update"),
        ("hpa", "Update"),
        ("longshore", "Apply"),
    ]
    assert entries[-1]["fieldsV1"] == {"f:data": {"f:a": {}, "f:b": {}}}
    assert replaced["/metadata/resourceVersion"] == "9"
    assert "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration" in replaced


def test_nothing_is_taken_from_others() -> None:
    assert taken_over(live(entry("helm", {}, "Update")), "longshore") is None
    assert not is_taken_over("flux-client-side-apply")
    assert is_taken_over("before-first-apply")


def test_entries_in_versions_no_longer_served_are_rewritten() -> None:
    stale = live(entry("longshore", {}, apiVersion="v0"), entry("a", {}))
    patch = unserved_versions(stale, {"v1"})
    assert patch is not None
    assert [e["apiVersion"] for e in patch[-1]["value"]] == ["v1", "v1"]
    assert unserved_versions(live(entry("a", {})), {"v1"}) is None
