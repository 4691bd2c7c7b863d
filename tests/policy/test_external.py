"""ExternalSecrets: what they fetch, and into what."""

from typing import Any

import pytest

from bot.model.objects import ObjectId
from bot.model.rendering import Severity
from bot.policy.external import ExternalSecret, describe_external, judge_external


def external(version: str = "v1", **spec: Any) -> ExternalSecret:
    found = describe_external(
        {
            "apiVersion": f"external-secrets.io/{version}",
            "kind": "ExternalSecret",
            "metadata": {"name": "db", "namespace": "app"},
            "spec": spec,
        }
    )
    assert found is not None
    return found


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_what_is_not_said_has_the_operators_defaults(version: str) -> None:
    found = external(version)
    assert found.target == ObjectId("", "Secret", "app", "db")
    assert (found.refresh_policy, found.refresh_interval) == ("Periodic", "1h")
    assert (found.creation_policy, found.deletion_policy) == ("Owner", "Retain")


def test_keys_sources_and_target_are_described() -> None:
    found = external(
        secretStoreRef={"name": "vault", "kind": "ClusterSecretStore"},
        target={
            "name": "db-credentials",
            "creationPolicy": "Merge",
            "deletionPolicy": "Delete",
            "template": {"data": {"url": "{{ .pw }}"}},
        },
        refreshPolicy="OnChange",
        refreshInterval="5m",
        data=[
            {"secretKey": "pw", "remoteRef": {"key": "app/db", "property": "password"}},
            {"secretKey": "user", "remoteRef": {"key": "app/user"}},
        ],
        dataFrom=[
            {"extract": {"key": "app/all"}},
            {"find": {"name": {"regexp": ".*"}}},
            {"sourceRef": {"generatorRef": {"kind": "Password", "name": "random"}}},
        ],
    )
    assert found.store == "ClusterSecretStore vault"
    assert found.target.name == "db-credentials"
    assert found.keys == (("pw", "app/db.password"), ("user", "app/user"))
    assert found.sources == ("all of app/all", "whatever is found", "Password random")
    assert found.template_keys == ("url",)
    assert (found.refresh_policy, found.refresh_interval) == ("OnChange", "5m")
    assert (found.creation_policy, found.deletion_policy) == ("Merge", "Delete")


def test_the_older_version_knows_no_refresh_policy() -> None:
    assert external("v1beta1", refreshPolicy="CreatedOnce").refresh_policy == "Periodic"


@pytest.mark.parametrize(
    "spec",
    [{"data": "x"}, {"data": [1, {"remoteRef": 1}]}, {"target": [], "dataFrom": [{}]}, {"secretStoreRef": 1}],
)
def test_any_shape_is_described(spec: dict[str, Any]) -> None:
    assert external(**spec).id.name == "db"


@pytest.mark.parametrize("api_version", ["external-secrets.io/v1alpha1", "example.com/v1", "v1"])
def test_other_objects_are_none(api_version: str) -> None:
    assert (
        describe_external({"apiVersion": api_version, "kind": "ExternalSecret", "metadata": {"name": "x"}})
        is None
    )


GOOD: dict[str, Any] = {
    "secretStoreRef": {"name": "vault"},
    "data": [{"secretKey": "pw", "remoteRef": {"key": "db"}}],
}


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (GOOD, ""),
        ({"secretStoreRef": {"name": "vault"}, "dataFrom": [{"extract": {"key": "db"}}]}, ""),
        ({"data": [{**GOOD["data"][0], "sourceRef": {"storeRef": {"name": "x"}}}]}, ""),
        ({"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}}}]}, ""),
        ({"data": GOOD["data"]}, "names no store: there is no spec.secretStoreRef, and spec.data[0]"),
        ({**GOOD, "secretStoreRef": {"kind": "SecretStore"}}, "spec.secretStoreRef has no name"),
        (
            {**GOOD, "secretStoreRef": {"name": "v", "kind": "Vault"}},
            "neither SecretStore nor ClusterSecretStore",
        ),
        ({"secretStoreRef": {"name": "vault"}}, "fetches nothing"),
        ({**GOOD, "data": [{"secretKey": "pw"}]}, "spec.data[0] needs a secretKey and a remoteRef.key"),
        (
            {**GOOD, "target": {"creationPolicy": "Merge", "deletionPolicy": "Delete"}},
            "does not own the Secret",
        ),
        (
            {**GOOD, "target": {"creationPolicy": "None", "deletionPolicy": "Merge"}},
            "no Secret to merge with",
        ),
        ({**GOOD, "data": "text", "dataFrom": 7}, "fetches nothing"),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_what_the_operator_refuses_is_an_error(version: str, spec: dict[str, Any], says: str) -> None:
    verdicts = judge_external(external(version, **spec), "file.yaml", 3)
    assert [says in v.message for v in verdicts] == [True] * bool(says)
    assert all((v.severity, v.file, v.line) == (Severity.ERROR, "file.yaml", 3) for v in verdicts)
