import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diff.mask import Mask, is_masked
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Rendering, Severity
from tests.diff.build import MASK, manifest, masked, rendering

SECRET = "hunter2-and-more"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def only(m: Manifest) -> Any:
    return masked(m).objects[0].manifest


PLACES = {
    "secret data": manifest("Secret", data={"x": encoded(SECRET)}),
    "secret data that is no base64": manifest("Secret", data={"x": f"%{SECRET}"}),
    "secret stringData": manifest("Secret", stringData={"x": SECRET}),
    "last applied": manifest(
        metadata={
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"x": SECRET})}
        }
    ),
    "environment": manifest(
        "Deployment", spec={"containers": [{"env": [{"name": "DB_PASSWORD", "value": SECRET}]}]}
    ),
    "argument": manifest("Deployment", spec={"args": [f"--password={SECRET}"]}),
    "argument of its own": manifest("Deployment", spec={"args": ["--db-password", SECRET]}),
    "shell": manifest("Deployment", spec={"command": ["sh", "-c", f"PGPASSWORD={SECRET} psql"]}),
    "config map key": manifest(data={"api-key": SECRET}),
    "config map text": manifest(data={"app.yaml": f"user: bob\npassword: {SECRET}\n"}),
    "url": manifest(data={"DATABASE": f"postgres://app:{SECRET}@db/app"}),
    "helm values": manifest("HelmRelease", spec={"values": {"auth": {"password": SECRET}}}),
    "helm list of passwords": manifest("HelmRelease", spec={"values": {"passwords": [SECRET]}}),
    "helm map of passwords": manifest("HelmRelease", spec={"values": {"passwords": {"alice": SECRET}}}),
    "value below a secret name": manifest("HelmRelease", spec={"values": {"password": {"value": SECRET}}}),
    "secret inside another object": manifest(
        "HelmRelease",
        spec={"extra": [{"apiVersion": "v1", "kind": "Secret", "data": {"x": encoded(SECRET)}}]},
    ),
    "secret as text": manifest(
        data={"x.yaml": f"apiVersion: v1\nkind: Secret\nstringData:\n  x: {SECRET}\n"}
    ),
    "template of a secret": manifest("HelmRelease", spec={"template": {"stringData": {"x": SECRET}}}),
    "private key": manifest(data={"x": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"}),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_survives_masking(place: str) -> None:
    shown = repr(masked(PLACES[place]))
    assert SECRET not in shown
    assert encoded(SECRET) not in shown
    assert is_masked(only(PLACES[place]))


def test_a_number_below_the_name_password_is_masked_and_one_below_token_is_not() -> None:
    shown = only(manifest("HelmRelease", spec={"password": 12345678, "maxTokens": 4096, "token": True}))
    assert shown["spec"] == {"password": shown["spec"]["password"], "maxTokens": 4096, "token": True}
    assert is_masked(shown["spec"]["password"])


REFERENCES: list[dict[str, Any]] = [
    {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]},
    {"env": [{"name": "DB_PASSWORD", "value": "$(OTHER)"}]},
    {"volumes": [{"name": "x", "secret": {"secretName": "web-tls", "optional": False}}]},
    {"automountServiceAccountToken": True, "serviceAccountToken": {"path": "token", "expirationSeconds": 10}},
    {"imagePullSecrets": [{"name": "registry"}], "existingSecret": "db", "passwordSecretRef": "db/password"},
    {"data": [{"secretKey": "DB_PASSWORD", "remoteRef": {"key": "shop/db", "property": "password"}}]},
    {"client_secret": "$__file{/etc/secrets/oauth}", "auth": {"secretKeys": {"adminPasswordKey": "admin"}}},
    {"password": {"secretKeyRef": {"name": "db", "key": "password"}}, "credentials": {"secretName": "x"}},
]


@pytest.mark.parametrize("spec", REFERENCES)
def test_references_to_secrets_are_shown(spec: dict[str, Any]) -> None:
    assert only(manifest("Deployment", spec=spec))["spec"] == spec


def test_a_schema_shows_its_fields_called_password() -> None:
    schema = {"properties": {"password": {"type": "string", "description": "password: the user's own"}}}
    crd = manifest("CustomResourceDefinition", spec=schema)
    assert only(crd)["spec"] == schema


def test_the_two_spellings_of_a_secret_value_are_equal() -> None:
    one = masked(manifest("Secret", data={"x": encoded("value")}))
    other = masked(manifest("Secret", stringData={"x": "value"}))
    assert one.digest == other.digest


def test_string_data_wins_over_data_as_on_the_server() -> None:
    both = manifest("Secret", data={"x": encoded("old")}, stringData={"x": "new"})
    assert only(both) == only(manifest("Secret", stringData={"x": "new"}))


def test_a_mark_tells_changed_from_same_and_nothing_else() -> None:
    one, same, other = (only(manifest("Secret", stringData={"x": v}))["data"]["x"] for v in ("a", "a", "b"))
    assert one == same != other
    assert len(one) == len("<masked 3f9a2c1b>")


def test_marks_of_different_keys_cannot_be_compared() -> None:
    other = Mask(b"another key, just as long as that")
    secret = rendering(manifest("Secret", stringData={"x": "value"}))
    assert other.key_id != MASK.key_id
    assert other.mask(secret).objects != MASK.mask(secret).objects
    assert other.mask(rendering()).digest != MASK.mask(rendering()).digest


def test_ciphertext_is_shown_as_encrypted_under_its_key() -> None:
    sops = "ENC[AES256_GCM,data:abc=,iv:def=,tag:ghi=,type:str]"
    secret = only(manifest("Secret", stringData={"x": sops}, sops={"mac": sops}))
    sealed = only(manifest("SealedSecret", spec={"encryptedData": {"x": "AgBy3i4OJSWK"}}))
    assert secret["data"]["x"] == secret["sops"]["mac"]
    assert secret["data"]["x"].startswith("<encrypted ")
    assert sealed["spec"]["encryptedData"]["x"].startswith("<encrypted ")
    assert is_masked(secret)
    assert is_masked(sealed)


def test_the_digest_does_not_depend_on_the_order_of_objects() -> None:
    one, two = manifest(name="one"), manifest(name="two")
    assert masked(one, two).digest == masked(two, one).digest
    assert masked(one).digest != masked(two).digest


def test_the_rendering_itself_keeps_its_values() -> None:
    secret = manifest("Secret", stringData={"x": SECRET})
    masked(secret)
    assert secret["stringData"] == {"x": SECRET}


def test_what_is_not_secret_is_not_masked() -> None:
    plain = manifest("Deployment", spec={"replicas": 3, "image": "ghcr.io/acme/web:1.2.3", "args": ["-v"]})
    assert only(plain) == plain
    assert not is_masked(only(plain))


@pytest.mark.parametrize("spelling", [SECRET, encoded(SECRET), encoded(SECRET).rstrip("=")])
def test_scrubs_a_renderings_own_secrets_out_of_messages(spelling: str) -> None:
    secret = rendering(manifest("Secret", data={"x": encoded(SECRET)}))
    shown = MASK.scrub(f"cannot parse {spelling}: bad", secret)
    assert spelling not in shown
    assert shown == f"cannot parse {only(secret.objects[0].manifest)['data']['x']}: bad"


def test_diagnostics_are_scrubbed_along() -> None:
    secret = rendering(manifest("Secret", stringData={"x": SECRET}))
    remark = Diagnostic(Severity.WARNING, f"odd value {SECRET}", "a.yaml", 3)
    shown = MASK.mask(Rendering(secret.objects, (remark,))).diagnostics[0]
    assert SECRET not in shown.message
    assert (shown.file, shown.line, shown.severity) == ("a.yaml", 3, Severity.WARNING)


def test_a_secret_spelled_like_a_mark_does_not_break_other_marks() -> None:
    secret = rendering(manifest("Secret", stringData={"x": "masked", "y": SECRET}))
    shown = MASK.scrub(f"{SECRET} masked", secret)
    assert shown == " ".join(only(secret.objects[0].manifest)["data"][k] for k in ("y", "x"))


def test_an_absurdly_deep_value_is_masked_whole() -> None:
    deep: Any = SECRET
    for _ in range(230):
        deep = {"a": [deep]}
    assert SECRET not in repr(masked(manifest("HelmRelease", spec=deep)).objects)


@given(st.text(st.characters(codec="utf-8"), min_size=9))
@settings(deadline=None)
def test_no_value_of_a_secret_is_ever_shown(value: str) -> None:
    secret = rendering(manifest("Secret", stringData={"x": value}, data={"y": encoded(value)}))
    shown = MASK.mask(secret).objects[0].manifest["data"]
    assert shown["x"] == shown["y"]
    assert re.fullmatch("<masked [0-9a-f]{8}>", shown["x"])
    assert value not in MASK.scrub(f"a {value} b", secret)


def test_refuses_a_key_that_could_be_guessed() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Mask(b"short")
