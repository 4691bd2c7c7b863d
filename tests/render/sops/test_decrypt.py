"""Decryption with the real sops program and keys made here."""

import base64
import json
import logging
import pickle
import traceback
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import UserError
from bot.model.manifests import documents
from bot.model.rendering import Trust
from bot.proc.errors import ProgramError
from bot.render.errors import Unrenderable
from bot.render.sops.decrypt import (
    Decrypted,
    Decryptor,
    Encrypted,
    KeyNotHeld,
    Mac,
    MacMismatch,
    Malformed,
    NotTrusted,
    Undecryptable,
)
from bot.render.sops.formats import MAX_ENCRYPTED_BYTES, Format
from bot.render.sops.keys import AgeKeys
from tests.render.agekeys import AgeKey, make_key
from tests.render.sopsfiles import decryptor, encrypt

PLANTED = "hunter2-planted-plain-text"
KUBERNETES = ("--encrypted-regex", "^(data|stringData)$")
SECRET = f"""apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: app
stringData:
  user: admin
  password: {PLANTED}
"""


@pytest.fixture(scope="module")
def key() -> AgeKey:
    return make_key()


@pytest.fixture(scope="module")
def secret(key: AgeKey) -> bytes:
    return encrypt(key, SECRET.encode(), "yaml", *KUBERNETES)


def loaded(data: bytes) -> Any:
    return documents(data, file="file")[0].value


async def refused(decrypting: Decryptor, encrypted: Encrypted) -> Unrenderable:
    """The error, after a look at everything that a log could make of it."""
    with pytest.raises(Unrenderable) as caught:
        await decrypting.decrypt(encrypted)
    error = caught.value
    said = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert PLANTED not in said
    assert "AGE-SECRET-KEY" not in said
    assert error.__cause__ is None
    assert not isinstance(error.__context__, ProgramError)  # it would carry what sops said
    assert error.file == encrypted.file
    return error


@pytest.mark.parametrize(
    ("as_format", "plain"),
    [
        (Format.YAML, b"a: 1\nb:\n    - x\n    - two words\n"),
        (Format.JSON, b'{\n\t"a": 1,\n\t"b": "x"\n}\n'),
        (Format.DOTENV, b"A=1\nB=two words\n"),
        (Format.INI, b"[s]\na = 1\n"),
        (Format.BINARY, b"\x00\xff any bytes"),
    ],
)
async def test_gives_back_what_was_encrypted_in_every_format(
    key: AgeKey, as_format: Format, plain: bytes
) -> None:
    data = encrypt(key, plain, as_format.value)
    assert plain not in data
    decrypted = await decryptor(key).decrypt(Encrypted(data, as_format, "file"))
    assert decrypted.reveal() == plain


async def test_one_of_several_keys_is_enough(key: AgeKey, secret: bytes) -> None:
    decrypted = await decryptor(make_key(), key).decrypt(Encrypted(secret, Format.YAML, "file"))
    assert loaded(decrypted.reveal())["stringData"]["password"] == PLANTED


async def test_a_key_that_does_not_fit_is_said_with_the_recipients(key: AgeKey, secret: bytes) -> None:
    error = await refused(decryptor(make_key()), Encrypted(secret, Format.YAML, "app/db.yaml"))
    assert isinstance(error, KeyNotHeld)
    assert key.recipient in error.message


async def test_other_kinds_of_keys_are_not_tried(key: AgeKey, secret: bytes) -> None:
    document = loaded(secret)
    document["sops"]["pgp"] = [{"fp": "85D77543B3D624B63CEA9E6DBC17301B491B3F21", "enc": "x"}]
    del document["sops"]["age"]
    encrypted = Encrypted(json.dumps(document).encode(), Format.JSON, "file")
    nothing = replace(decryptor(key), timeout_s=0.0)  # a program that was started would run out of it
    error = await refused(nothing, encrypted)
    assert isinstance(error, KeyNotHeld)
    assert "needs a key we do not hold: it is encrypted for pgp 85D77543" in error.message
    assert "keys of age only; encrypt it for one of those too (`sops rotate --add-age" in error.message


async def test_a_file_edited_without_sops_is_refused(key: AgeKey, secret: bytes) -> None:
    edited = secret.replace(b"name: db", b"name: changed")
    error = await refused(decryptor(key), Encrypted(edited, Format.YAML, "file"))
    assert isinstance(error, MacMismatch)


async def test_the_mac_may_be_ignored_for_what_kustomize_has_changed(key: AgeKey, secret: bytes) -> None:
    edited = secret.replace(b"name: db", b"name: changed")
    decrypted = await decryptor(key).decrypt(Encrypted(edited, Format.YAML, "file", mac=Mac.IGNORED))
    assert loaded(decrypted.reveal())["metadata"]["name"] == "changed"


async def test_plain_text_among_ciphertext_is_named_by_key_and_not_quoted(key: AgeKey) -> None:
    data = encrypt(key, b"stringData:\n  user: admin\n", "yaml", *KUBERNETES)
    planted = data.replace(b"stringData:\n", f"stringData:\n    token: {PLANTED}\n".encode())
    error = await refused(decryptor(key), Encrypted(planted, Format.YAML, "file", mac=Mac.IGNORED))
    assert isinstance(error, Malformed)
    assert "stringData.token" in error.message


async def test_a_value_moved_to_another_key_is_refused(key: AgeKey, secret: bytes) -> None:
    document = loaded(secret)
    values = document["stringData"]
    values["user"], values["password"] = values["password"], values["user"]
    encrypted = Encrypted(json.dumps(document).encode(), Format.JSON, "file", mac=Mac.IGNORED)
    error = await refused(decryptor(key), encrypted)
    assert isinstance(error, Malformed)
    assert "moved" in error.message


@pytest.mark.parametrize("field", ["lastmodified", "age", "encrypted_regex"])
async def test_metadata_of_a_wrong_type_is_an_error_of_ours(key: AgeKey, secret: bytes, field: str) -> None:
    document = loaded(secret)
    document["sops"][field] = {PLANTED: [PLANTED]}
    error = await refused(decryptor(key), Encrypted(json.dumps(document).encode(), Format.JSON, "file"))
    assert isinstance(error, Undecryptable)


@pytest.mark.parametrize("as_format", Format)
async def test_what_only_looks_encrypted_is_refused(key: AgeKey, as_format: Format) -> None:
    data = f"sops: [ENC[{PLANTED}".encode()
    await refused(decryptor(key), Encrypted(data, as_format, "file"))


async def test_what_is_too_large_is_refused_unread(key: AgeKey) -> None:
    error = await refused(decryptor(key), Encrypted(b"x" * (MAX_ENCRYPTED_BYTES + 1), Format.BINARY, "file"))
    assert "larger than 5 MiB" in error.message


async def test_output_and_time_are_capped(key: AgeKey) -> None:
    data = encrypt(key, b"x" * 4096, "binary")
    encrypted = Encrypted(data, Format.BINARY, "file")
    assert "wrote more" in (await refused(replace(decryptor(key), max_output_bytes=1024), encrypted)).message
    assert "took longer" in (await refused(replace(decryptor(key), timeout_s=0.001), encrypted)).message


@pytest.mark.parametrize("trust", [trust for trust in Trust if trust is not Trust.TRUSTED])
def test_nobody_decrypts_without_trust(key: AgeKey, trust: Trust) -> None:
    keys = AgeKeys.parse(key.secret)
    with pytest.raises(NotTrusted):
        Decryptor.here(keys, trust)
    with pytest.raises(NotTrusted):
        replace(decryptor(key), trust=trust)


async def test_plain_text_and_keys_do_not_show(
    key: AgeKey, secret: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    decrypting = decryptor(key)
    encrypted = Encrypted(secret, Format.YAML, "file")
    decrypted = await decrypting.decrypt(encrypted)
    shown = [repr(decrypted), str(decrypted), f"{decrypted}", repr(decrypting), repr(encrypted), caplog.text]
    shown += [*capfd.readouterr()]
    assert not any(PLANTED in text or "AGE-SECRET-KEY" in text or "ENC[" in text for text in shown)
    assert repr(decrypted) == f"<decrypted, {len(decrypted)} bytes>"


def test_plain_text_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(Decrypted(b"x"))


def test_key_files_have_comments_and_several_keys() -> None:
    one, two = make_key(), make_key()
    keys = AgeKeys.parse(f"# created: today\n{one.secret}\n\n{two.secret}\n", one.secret)
    assert keys.environment() == {"SOPS_AGE_KEY": f"{one.secret}\n{two.secret}"}


@pytest.mark.parametrize("text", ["", "# none\n", f"-----{PLANTED}-----", "AGE-SECRET-KEY-1SHORT"])
def test_what_is_no_key_of_age_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(UserError) as caught:
        AgeKeys.parse(text)
    assert not text or text.strip("#- \n") not in str(caught.value) or text == "# none\n"


async def test_a_built_object_is_decrypted_although_kustomize_changed_it(key: AgeKey, secret: bytes) -> None:
    manifest = loaded(secret)
    manifest["metadata"] |= {"namespace": "other", "labels": {"team": "a"}}
    assert await decryptor(key).decrypt_object(manifest) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "other", "labels": {"team": "a"}},
        "stringData": {"user": "admin", "password": PLANTED},
    }


async def test_every_document_of_a_stream_is_decrypted_by_itself(key: AgeKey) -> None:
    stream = encrypt(key, f"{SECRET}---\n{SECRET.replace('db', 'mq')}".encode(), "yaml", *KUBERNETES)
    for document in documents(stream, file="file"):
        plain = await decryptor(key).decrypt_object(document.value)
        assert plain["stringData"]["password"] == PLANTED
        assert "sops" not in plain


@pytest.mark.parametrize(
    ("name", "as_format", "plain"),
    [
        ("app.env", "dotenv", b"A=1\n"),
        ("app.ini", "ini", b"[s]\na = 1\n"),
        ("app.yaml", "yaml", b"a: 1\n"),
        ("tls.key", "binary", b"\x00bytes"),
        (".dockerconfigjson", "json", b'{\n\t"auths": {}\n}\n'),
    ],
)
async def test_files_in_a_secrets_values_are_decrypted(
    key: AgeKey, name: str, as_format: str, plain: bytes
) -> None:
    value = base64.b64encode(encrypt(key, plain, as_format)).decode()
    kept = base64.b64encode(b"plain").decode()
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    built = await decryptor(key).decrypt_object({**manifest, "data": {name: value, "kept": kept}})
    assert base64.b64decode(built["data"][name]) == plain
    assert built["data"]["kept"] == kept


async def test_objects_that_are_not_encrypted_or_ask_to_stay_so_are_left_alone(
    key: AgeKey, secret: bytes
) -> None:
    plain = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "!", "b": None}}
    assert await decryptor(key).decrypt_object(plain) is plain
    kept = loaded(secret)
    kept["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/decrypt": "Disabled"}
    assert await decryptor(key).decrypt_object(kept) is kept


async def test_the_object_is_named_where_it_cannot_be_decrypted(secret: bytes) -> None:
    with pytest.raises(KeyNotHeld) as caught:
        await decryptor(make_key()).decrypt_object(loaded(secret))
    assert caught.value.file == "Secret app/db"
