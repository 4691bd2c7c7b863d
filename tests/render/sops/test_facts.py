"""What is said of encrypted things without a key."""

import base64
import json
import re
from typing import Any

import pytest

from bot.model.manifests import documents
from bot.render.errors import Unrenderable
from bot.render.sops.comparable import comparable
from bot.render.sops.facts import (
    Recipient,
    SopsFacts,
    describe,
    describe_object,
    describe_values,
    leaves,
)
from bot.render.sops.formats import (
    MAX_ENCRYPTED_BYTES,
    DecryptedInput,
    Format,
    decrypted_inputs,
    format_for,
    is_marked,
    marked_format,
)
from tests.render.agekeys import AgeKey, make_key
from tests.render.sopsfiles import encrypt

PLAIN = {
    Format.YAML: b"a: 1\nb:\n    - x\nc_unencrypted: open\n",
    Format.JSON: b'{"a": 1, "b": ["x"], "c_unencrypted": "open"}',
    Format.DOTENV: b"a=1\nb=x\nc_unencrypted=open\n",
    Format.INI: b"[s]\na = 1\nb = x\nc_unencrypted = open\n",
    Format.BINARY: b"any",
}
KEYS = {
    Format.YAML: ["a", "b[0]"],
    Format.JSON: ["a", "b[0]"],
    Format.DOTENV: ["a", "b"],
    Format.INI: ["s.a", "s.b"],
    Format.BINARY: ["data"],
}


@pytest.fixture(scope="module")
def key() -> AgeKey:
    return make_key()


@pytest.fixture(scope="module")
def encrypted(key: AgeKey) -> dict[Format, bytes]:
    return {as_format: encrypt(key, plain, as_format.value) for as_format, plain in PLAIN.items()}


def facts_of(data: bytes, as_format: Format = Format.YAML) -> SopsFacts:
    facts = describe(data, as_format, file="file")
    assert facts is not None
    return facts


def metadata(**changes: Any) -> dict[str, Any]:
    return {
        "mac": "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]",
        "lastmodified": "2026-01-01T00:00:00Z",
        **changes,
    }


def described(**changes: Any) -> SopsFacts:
    facts = describe_object({"x": "plain", "sops": metadata(**changes)})
    assert facts is not None
    return facts


@pytest.mark.parametrize("as_format", Format)
def test_every_format_is_described_the_same(
    key: AgeKey, encrypted: dict[Format, bytes], as_format: Format
) -> None:
    facts = facts_of(encrypted[as_format], as_format)
    assert [name for name, _ in facts.keys] == KEYS[as_format]
    assert facts.recipients == (Recipient("age", key.recipient),)
    assert facts.exposed == ()
    assert facts.last_modified.startswith("20")
    assert facts.version.startswith("3.")
    hidden = json.dumps(facts.view())
    assert all(len(found) == 8 for found in re.findall(r"ENC\[AES256_GCM,data:([^]]*)\]", hidden))
    assert hidden.count("ENC[") == len(facts.keys)


@pytest.mark.parametrize("as_format", Format)
def test_flux_finds_by_marker_what_sops_wrote(encrypted: dict[Format, bytes], as_format: Format) -> None:
    assert is_marked(encrypted[as_format], as_format)
    assert not is_marked(PLAIN[as_format], as_format)
    found = marked_format(encrypted[as_format])
    # JSON and binary are the same envelope.
    assert found == (Format.JSON if as_format is Format.BINARY else as_format)
    assert marked_format(PLAIN[as_format]) is None


@pytest.mark.parametrize("as_format", Format)
def test_what_sops_did_not_encrypt_has_no_facts(as_format: Format) -> None:
    assert describe(PLAIN[as_format], as_format, file="file") is None


def test_a_changed_value_shows_its_key_and_nothing_else(key: AgeKey, encrypted: dict[Format, bytes]) -> None:
    old = facts_of(encrypted[Format.YAML])
    new = facts_of(encrypt(key, b"a: 2\nz: new\n", "yaml"))
    assert set(new.view()["keys"]) == {"a", "z"}
    assert new.view()["keys"]["a"] != old.view()["keys"]["a"]
    assert new.metadata()["age"] == old.metadata()["age"] == [key.recipient]


def test_the_same_file_has_the_same_view(encrypted: dict[Format, bytes]) -> None:
    assert facts_of(encrypted[Format.YAML]).view() == facts_of(encrypted[Format.YAML]).view()


def test_recipients_of_every_kind_are_named() -> None:
    facts = described(
        pgp=[{"fp": "85D7", "enc": "x"}],
        kms=[{"arn": "arn:aws:kms:x", "enc": "x"}],
        gcp_kms=[{"resource_id": "projects/p"}],
        azure_kv=[{"vault_url": "https://v.example", "name": "k", "version": "1"}],
        hc_vault=[{"vault_address": "https://h.example", "engine_path": "transit", "key_name": "k"}],
    )
    assert facts.metadata() | {"lastmodified": "", "version": ""} == {
        "pgp": ["85D7"],
        "kms": ["arn:aws:kms:x"],
        "gcp_kms": ["projects/p"],
        "azure_kv": ["https://v.example/k/1"],
        "hc_vault": ["https://h.example/transit/k"],
        "unencrypted_suffix": "_unencrypted",
        "lastmodified": "",
        "version": "",
    }
    assert not facts.opens_with("age")


def test_key_groups_are_told_apart_and_need_as_many_keys_as_the_threshold() -> None:
    groups = [{"age": [{"recipient": "age1a"}]}, {"pgp": [{"fp": "85D7"}]}]
    assert described(key_groups=groups).metadata()["age"] == ["age1a (key group 1)"]
    assert described(key_groups=groups).metadata()["pgp"] == ["85D7 (key group 2)"]
    assert not described(key_groups=groups).opens_with("age")
    assert described(key_groups=groups, shamir_threshold=1).opens_with("age")


def test_a_private_key_in_a_recipients_place_is_not_shown() -> None:
    facts = described(age=[{"recipient": make_key().secret}])
    assert "AGE-SECRET-KEY" not in repr(facts) + json.dumps(facts.view())


@pytest.mark.parametrize(
    "changes",
    [
        {"age": "text"},
        {"age": [1, None, {"recipient": ["x"]}]},
        {"key_groups": [1, {"age": 2}]},
        {"encrypted_regex": "("},
        {"encrypted_regex": ["x"]},
        {"encrypted_regex": "a", "unencrypted_suffix": "b"},
        {"shamir_threshold": "many"},
        {"lastmodified": {"a": 1}},
        {"mac": 1},
    ],
)
def test_metadata_of_any_shape_is_described(changes: dict[str, Any]) -> None:
    assert described(**changes).view()


@pytest.mark.parametrize("sops", [None, "x", [], {}, {"mac": ""}])
def test_an_object_without_a_mac_is_not_sopss(sops: Any) -> None:
    assert describe_object({"kind": "Secret", "sops": sops}) is None


@pytest.mark.parametrize(
    ("rule", "exposed"),
    [
        ({"encrypted_regex": "^(data|stringData)$"}, ("stringData.token", "stringData.list[0].a")),
        ({"unencrypted_regex": "^(kind|stringData)$"}, ()),
        ({"encrypted_suffix": "oken"}, ("stringData.token",)),
        ({"encrypted_comment_regex": "secret"}, ()),
    ],
)
def test_plain_text_where_the_rule_wants_ciphertext_is_exposed(
    rule: dict[str, str], exposed: tuple[str, ...]
) -> None:
    content = {"token": "plain", "empty": "", "none": None, "list": [{"a": 1}]}
    facts = describe_object({"kind": "Secret", "stringData": content, "sops": metadata(**rule)})
    assert facts is not None
    assert facts.exposed == exposed


@pytest.mark.parametrize(
    "option",
    [
        ("--encrypted-regex", "^(data|token)$"),
        ("--unencrypted-regex", "^da"),
        ("--encrypted-suffix", "ta"),
        ("--unencrypted-suffix", "oken"),
        (),
    ],
)
def test_the_rule_means_what_it_means_to_sops(key: AgeKey, option: tuple[str, ...]) -> None:
    value = {"data": {"a": "x", "token": "x"}, "list": [{"data": "x"}, "x"], "b_unencrypted": {"c": "x"}}
    facts = facts_of(encrypt(key, json.dumps(value).encode(), "json", *option), Format.JSON)
    assert facts.scope is not None
    predicted = [shown for keys, shown, _ in leaves(value) if facts.scope.encrypts(keys)]
    assert [name for name, _ in facts.keys] == predicted
    assert facts.exposed == ()


def test_an_edit_without_sops_changes_the_keys_and_not_the_mac(
    key: AgeKey, encrypted: dict[Format, bytes]
) -> None:
    old = facts_of(encrypted[Format.YAML])
    edited = facts_of(encrypted[Format.YAML].replace(b"\na:", b"\nrenamed:").replace(b"a: ENC", b"q: ENC", 1))
    assert (edited.mac == old.mac, edited.keys == old.keys) == (True, False)
    anew = facts_of(encrypt(key, b"a: 2\n", "yaml"))
    assert anew.mac != old.mac


def test_streams_number_their_documents(key: AgeKey) -> None:
    facts = facts_of(encrypt(key, b"a: 1\n---\nb: 2\n", "yaml"))
    assert [name for name, _ in facts.keys] == ["documents[0].a", "documents[1].b"]


def test_a_file_that_is_too_large_or_broken_is_said_so() -> None:
    with pytest.raises(Unrenderable, match="larger than 5 MiB"):
        describe(b"sops ENC[" + b"x" * MAX_ENCRYPTED_BYTES, Format.YAML, file="file")
    with pytest.raises(Unrenderable):
        describe(b"sops: [ENC[", Format.YAML, file="file")


def test_flat_metadata_of_any_shape_is_read() -> None:
    lines = "sops_mac=ENC[x\nsops_age__list_0__map_recipient=age1x\nsops_age=y\nno line\nsops___list_=\n"
    lines += "sops_" + "__map_a" * 500 + "=deep\n"
    assert facts_of(lines.encode(), Format.DOTENV).recipients == ()


def test_comparable_objects_differ_where_a_person_cares(key: AgeKey) -> None:
    plain = b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  a: x\n"
    once, again = (
        documents(encrypt(key, plain, "yaml", "--encrypted-regex", "^stringData$"), file="f")[0].value
        for _ in range(2)
    )
    shown = comparable(once)
    assert shown["stringData"] == once["stringData"]
    assert shown["sops"] == {
        "age": [key.recipient],
        "encrypted_regex": "^stringData$",
        "lastmodified": once["sops"]["lastmodified"],
        "version": once["sops"]["version"],
    }
    again["stringData"], again["sops"]["lastmodified"] = once["stringData"], once["sops"]["lastmodified"]
    assert again != once
    assert comparable(again) == shown
    plain_object = {"kind": "ConfigMap", "data": {"sops": "ENC["}}
    assert comparable(plain_object) is plain_object


def test_files_in_values_are_described_and_compared_by_their_facts(
    key: AgeKey, encrypted: dict[Format, bytes]
) -> None:
    def secret(data: bytes) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "data": {"app.yaml": base64.b64encode(data).decode(), "x": 1},
        }

    once = secret(encrypted[Format.YAML])
    assert list(describe_values(once)) == ["app.yaml"]
    resigned = secret(
        encrypted[Format.YAML].replace(b"mac: ENC[AES256_GCM,data:", b"mac: ENC[AES256_GCM,data:Z")
    )
    assert resigned != once
    assert comparable(resigned) == comparable(once)
    assert comparable(secret(encrypt(key, b"a: 2\n", "yaml"))) != comparable(once)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b.yaml", Format.YAML),
        ("b.yml", Format.YAML),
        ("b.json", Format.JSON),
        (".env", Format.DOTENV),
        ("b.ini", Format.INI),
        ("b.yaml.enc", Format.BINARY),
        (".dockerconfigjson", Format.JSON),
    ],
)
def test_the_ending_decides_the_format(path: str, expected: Format) -> None:
    assert format_for(path) is expected


def test_flux_decrypts_inputs_of_secret_generators_and_patches_only() -> None:
    kustomization = {
        "secretGenerator": [
            {"files": ["tls.key", "app.yaml=files/x.enc", 1], "envs": ["prod.env", "vars"], "env": "old.env"},
            "x",
        ],
        "configMapGenerator": [{"files": ["c.yaml"]}],
        "patches": [{"path": "p.yaml"}, {"patch": "inline"}, {"path": "p.sops"}],
        "patchesStrategicMerge": ["q.yaml"],
    }
    assert list(decrypted_inputs(kustomization)) == [
        DecryptedInput("tls.key", Format.BINARY),
        DecryptedInput("files/x.enc", Format.YAML),
        DecryptedInput("prod.env", Format.DOTENV),
        DecryptedInput("vars", Format.DOTENV),
        DecryptedInput("p.yaml", Format.YAML),
        DecryptedInput("p.sops", Format.BINARY),
    ]
    assert list(decrypted_inputs({"secretGenerator": "x", "patches": {"a": 1}})) == []
