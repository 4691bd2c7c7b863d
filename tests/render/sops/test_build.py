"""Whole targets with encrypted inputs: with the key they render as if nothing had ever been encrypted."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.diff.mask import Mask
from bot.model.objects import Object
from bot.model.rendering import Rendering, Severity
from bot.model.target import Decryption, Found, Target
from bot.proc.private import own_directory
from bot.render.brute import checkout
from bot.render.given import Given
from bot.render.key import content_key
from bot.render.render import render
from bot.render.sandbox import Sandbox
from bot.render.sops.inputs import Inputs, decrypt_inputs
from bot.render.sops.shown import shown
from bot.render.trace import trace
from tests.render.agekeys import AgeKey, make_key
from tests.render.sopsfiles import decryptor, encrypt
from tests.render.trees import Content, MemoryTree, target

PLANTED = "hunter2-planted-plain-text"
KUBERNETES = ("--encrypted-regex", "^(data|stringData)$")
TARGET = replace(target(found=Found.FLUX_KUSTOMIZATION), decryption=Decryption("sops", "sops-age"))
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata:\n    name: db\nstringData:\n    password: {PLANTED}-1\n"
PATCH = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n    name: plain\ndata:\n    url: {PLANTED}-2\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          envFrom: [{secretRef: {name: generated}}]
"""
KUSTOMIZATION = """resources: [db.yaml, plain.yaml, web.yaml, ../base]
patches: [{path: patch.yaml}]
secretGenerator:
  - {name: generated, files: [settings.ini, conf.yaml=deep/conf.txt, blob], envs: [app.env]}
"""
PLAIN: Mapping[str, bytes] = {
    "app/kustomization.yaml": KUSTOMIZATION.encode(),
    "app/plain.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\ndata:\n  a: b\n",
    "app/web.yaml": DEPLOYMENT.encode(),
    "base/kustomization.yaml": b"secretGenerator: [{name: below, envs: [below.env]}]\n",
}
SECRETS: Mapping[str, tuple[bytes, str, tuple[str, ...]]] = {
    "app/db.yaml": (SECRET.encode(), "yaml", KUBERNETES),
    "app/patch.yaml": (PATCH.encode(), "yaml", KUBERNETES),
    "app/settings.ini": (f"[s]\npw = {PLANTED}-3\n".encode(), "ini", ()),
    "app/deep/conf.txt": (f"pw: {PLANTED}-4\n".encode(), "yaml", ()),
    "app/blob": (f"\0{PLANTED}-5".encode(), "binary", ()),
    "app/app.env": (f"PW={PLANTED}-6\n".encode(), "dotenv", ()),
    "base/below.env": (f"PW={PLANTED}-7\n".encode(), "dotenv", ()),
}


@pytest.fixture(scope="module")
def key() -> AgeKey:
    return make_key()


@pytest.fixture(scope="module")
def encrypted(key: AgeKey) -> dict[str, Content]:
    hidden = {path: encrypt(key, *what[:2], *what[2]) for path, what in SECRETS.items()}
    return {**PLAIN, **hidden}


def plain() -> dict[str, Content]:
    return {**PLAIN, **{path: what[0] for path, what in SECRETS.items()}}


async def both(
    files: Mapping[str, Content], sandbox: Sandbox, *keys: AgeKey, wanted: Target = TARGET
) -> Rendering:
    """Rendered the quick and the slow way, which must agree; the slow one leaves its checkout as it was."""
    tree = MemoryTree(files)
    given = Given(decryptor=decryptor(*keys) if keys else None)
    quick = await render(tree, wanted, trace(tree, wanted), sandbox, given)
    async with checkout(tree) as everything:
        slow = await everything.render(wanted, sandbox, given)
        again = await everything.render(wanted, sandbox)
    assert not any(PLANTED in repr(o) for o in again.objects)
    assert (quick.objects, quick.secrets, quick.failed) == (slow.objects, slow.secrets, slow.failed)
    return quick


async def test_with_the_key_it_is_as_if_nothing_were_encrypted(
    key: AgeKey, encrypted: dict[str, Content], sandbox: Sandbox
) -> None:
    found = await both(encrypted, sandbox, key)
    tree = MemoryTree(plain())
    expected = await render(tree, TARGET, trace(tree, TARGET), sandbox)
    assert not found.failed, found.diagnostics
    assert found.objects == expected.objects
    assert found.diagnostics == ()
    assert all(f"{PLANTED}-{n}" in repr(found.secrets) for n in range(1, 8))


async def test_what_was_decrypted_is_in_no_masked_rendering_and_no_repr(
    key: AgeKey, encrypted: dict[str, Content], sandbox: Sandbox
) -> None:
    found = await both(encrypted, sandbox, key)
    assert PLANTED in repr(found.objects)
    masked = Mask(b"m" * 32).mask(shown(found))
    assert PLANTED not in repr(masked)
    assert "secrets" not in repr(found)


async def test_without_a_key_it_is_ciphertext(encrypted: dict[str, Content], sandbox: Sandbox) -> None:
    found = await both(encrypted, sandbox)
    assert not found.failed, found.diagnostics
    assert PLANTED not in repr(found)
    assert found.secrets == frozenset()


async def test_a_target_that_does_not_ask_is_not_decrypted_and_flux_refuses_it(
    key: AgeKey, encrypted: dict[str, Content], sandbox: Sandbox
) -> None:
    found = await both(encrypted, sandbox, key, wanted=replace(TARGET, decryption=None))
    assert PLANTED not in repr(found)
    (remark,) = found.diagnostics
    assert remark.severity is Severity.WARNING
    assert "Secret db is encrypted with SOPS and spec.decryption is not set" in remark.message


@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: 7\ncomponents: [{a: b}, 3]\n",
        "resources: ['../../..', /etc, \"a\\0b\", 'https://example.test/x.yaml']\n",
        f"secretGenerator: [{{name: s, files: ['../../../etc/passwd', {'x' * 5000}]}}]\n",
        "patches: text\nsecretGenerator: {}\n",
        "patches: [{path: 5}, 6]\nsecretGenerator: [1, {files: no, envs: [[]]}]\n",
        "- a list\n",
        "a: [\n",
    ],
)
async def test_a_kustomization_that_is_none_decrypts_nothing(
    key: AgeKey, kustomization: str, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    (root / "app").mkdir(parents=True)
    (root / "app" / "kustomization.yaml").write_text(kustomization)
    (root / "app" / "loop").symlink_to("loop")
    inputs = Inputs()
    await decrypt_inputs(root, "app", decryptor(key), inputs)
    assert inputs.before == {}


async def test_a_mac_that_does_not_fit_is_a_warning(
    key: AgeKey, encrypted: dict[str, Content], sandbox: Sandbox
) -> None:
    patch = encrypted["app/patch.yaml"]
    assert isinstance(patch, bytes)
    edited = {
        **encrypted,
        "app/patch.yaml": patch.replace(b"kind: ConfigMap", b"kind: ConfigMap\nimmutable: true"),
    }
    found = await both(edited, sandbox, key)
    (remark,) = found.diagnostics
    assert (remark.severity, remark.file) == (Severity.WARNING, "app/patch.yaml")
    assert "Flux does not look at the MAC" in remark.message
    assert f"{PLANTED}-2" in repr(found.objects)
    # Flux checks the MAC of no object at all.
    secret = encrypted["app/db.yaml"]
    assert isinstance(secret, bytes)
    labelled = secret.replace(b"name: db", b"name: db\n    labels: {a: b}")
    assert (await both({**encrypted, "app/db.yaml": labelled}, sandbox, key)).diagnostics == ()


@pytest.mark.parametrize("path", sorted(SECRETS))
async def test_what_no_key_opens_makes_the_target_unknown_with_its_file(
    key: AgeKey, encrypted: dict[str, Content], sandbox: Sandbox, path: str
) -> None:
    other = make_key()
    data, as_format, options = SECRETS[path]
    found = await both({**encrypted, path: encrypt(other, data, as_format, *options)}, sandbox, key)
    (reason,) = found.diagnostics
    assert (reason.severity, reason.file) == (Severity.ERROR, path)
    assert other.recipient in reason.message
    assert PLANTED not in repr(found)


async def test_a_generator_input_that_flux_finds_too_large_makes_the_target_unknown(
    key: AgeKey, sandbox: Sandbox
) -> None:
    files: dict[str, Content] = {
        "app/kustomization.yaml": "secretGenerator: [{name: s, files: [large]}]\n",
        "app/large": b"x" * (3 * 1024 * 1024),
    }
    assert not (await both(files, sandbox, key)).failed
    tree = MemoryTree(files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.render.sops.inputs.MAX_ENCRYPTED_BYTES", 2 * 1024 * 1024)
        given = Given(decryptor=decryptor(key))
        found = await render(tree, TARGET, trace(tree, TARGET), sandbox, given)
    assert [(d.file, "larger than 2 MiB" in d.message) for d in found.diagnostics] == [("app/large", True)]


async def test_a_secret_is_masked_wherever_a_kustomization_copies_it(key: AgeKey, sandbox: Sandbox) -> None:
    replacement = """
replacements:
  - source: {kind: ConfigMap, name: hidden, fieldPath: data.%s}
    targets: [{select: {kind: ConfigMap, name: plain}, fieldPaths: [%s], options: {create: true}}]
"""
    patch = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n    name: hidden\ndata:\n    note: {PLANTED}\n    user: nginx\n"
    hidden = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hidden}\ndata: {}\n"
    bare = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata: {image: 'nginx:1'}\n"
    files: dict[str, Content] = {
        "app/kustomization.yaml": "resources: [plain.yaml, hidden.yaml]\npatches: [{path: patch.yaml}]"
        + replacement % ("note", "data.copy"),
        "app/plain.yaml": bare,
        "app/hidden.yaml": hidden,
        "app/patch.yaml": encrypt(key, patch.encode(), "yaml", *KUBERNETES),
    }
    found = await both(files, sandbox, key)
    assert repr(found.objects).count(PLANTED) == 2
    masked = {o.id.name: o.manifest for o in Mask(b"m" * 32).mask(shown(found)).objects}
    assert PLANTED not in repr(masked)
    assert masked["plain"]["data"]["copy"] == masked["hidden"]["data"]["note"]
    # What stands there in plain text anyway stays readable.
    assert masked["plain"]["data"]["image"] == "nginx:1"


async def test_nothing_decrypted_is_left_on_disk(
    key: AgeKey, encrypted: dict[str, Content], sandbox: Sandbox
) -> None:
    lying_about = sorted(own_directory().iterdir())
    broken = {**encrypted, "app/web.yaml": b"kind: [\n"}
    for files in (encrypted, broken):
        await both(files, sandbox, key)
    assert sorted(own_directory().iterdir()) == lying_about


async def test_an_encrypted_file_in_the_value_of_a_secret_is_decrypted(key: AgeKey, sandbox: Sandbox) -> None:
    """Kustomize folds such long values; line breaks in base64 do not count for Flux."""
    inner = base64.b64encode(encrypt(key, f"pw: {PLANTED}\n".encode(), "yaml")).decode()
    files: dict[str, Content] = {
        "app/kustomization.yaml": "resources: [s.yaml]\n",
        "app/s.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{conf.yaml: {inner}}}\n",
    }
    (found,) = (await both(files, sandbox, key)).objects
    assert base64.b64decode(found.manifest["data"]["conf.yaml"]) == f"pw: {PLANTED}\n".encode()
    (told,) = shown(await both(files, sandbox)).objects
    assert told.manifest["sops"]["conf.yaml"]["age"] == [key.recipient]


async def test_an_object_may_ask_to_stay_encrypted(key: AgeKey, sandbox: Sandbox) -> None:
    asks = SECRET.replace(
        "name: db", "name: db\n    annotations: {kustomize.toolkit.fluxcd.io/decrypt: Disabled}"
    )
    files: dict[str, Content] = {
        "app/kustomization.yaml": "resources: [db.yaml]\n",
        "app/db.yaml": encrypt(key, asks.encode(), "yaml", *KUBERNETES),
    }
    assert PLANTED not in repr(await both(files, sandbox, key))


async def test_an_object_whose_name_is_encrypted_is_refused(key: AgeKey, sandbox: Sandbox) -> None:
    files: dict[str, Content] = {
        "app/kustomization.yaml": "resources: [db.yaml]\n",
        "app/db.yaml": encrypt(key, SECRET.encode(), "yaml", "--encrypted-regex", "^(name|stringData)$"),
    }
    found = await both(files, sandbox, key)
    assert "has its kind, name or namespace encrypted" in found.diagnostics[0].message


@pytest.mark.parametrize("scope", ["encrypted", "unencrypted"])
async def test_what_comments_told_to_encrypt_is_found_by_its_ciphertext(
    key: AgeKey, sandbox: Sandbox, scope: str, tmp_path: Path
) -> None:
    """Kustomize drops the comments, so sops cannot know any more what it encrypted."""
    text = (
        "apiVersion: v1 # open\nkind: ConfigMap # open\nmetadata: # open\n    name: c # open\n"
        f"data:\n    # hide\n    note: {PLANTED}\n    # open\n    count: '7'\n    # open\n    empty: ''\n"
    )
    rules = tmp_path / "rules.yaml"
    pattern = "hide" if scope == "encrypted" else "open"
    rules.write_text(f"creation_rules: [{{age: {key.recipient}, {scope}_comment_regex: {pattern}}}]")
    data = encrypt(key, text.encode(), "yaml", rules=rules)
    assert PLANTED.encode() not in data
    assert f"{scope}_comment_regex".encode() in data
    files: dict[str, Content] = {"app/kustomization.yaml": "resources: [c.yaml]\n", "app/c.yaml": data}
    found = await both(files, sandbox, key)
    assert not found.failed, found.diagnostics
    (item,) = found.objects
    assert item.manifest["data"] == {"note": PLANTED, "count": "7", "empty": ""}


def test_the_content_key_tells_keys_apart(key: AgeKey, encrypted: dict[str, Content]) -> None:
    tree = MemoryTree(encrypted)
    found = trace(tree, TARGET)
    identities = ["", decryptor(key).identity, decryptor(make_key()).identity]
    identities.append(replace(decryptor(key), version="9.9.9").identity)
    keys = {content_key(found, TARGET, {}, decryption=identity) for identity in identities}
    assert len(keys) == 4
    assert content_key(found, TARGET, {}) != content_key(found, replace(TARGET, decryption=None), {})
    undecrypted = replace(TARGET, decryption=None)
    assert len({content_key(found, undecrypted, {}, decryption=i) for i in identities}) == 1
    assert decryptor(key, make_key()).identity != decryptor(key).identity
    assert not any(part in repr(identities) for part in (key.secret, key.secret[-20:]))


def test_a_mask_hides_a_short_secret_only_where_it_is_the_whole_field() -> None:
    data = {
        "port": 5432,
        "whole": "abc",
        "part": "xabcx",
        "long": f"it is {PLANTED}",
        "two": "ab",
        "on": True,
    }
    made = Object.of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})
    found = Rendering((made,), secrets=frozenset({"abc", "5432", "ab", "True", PLANTED}))
    veil = Mask(b"m" * 32)
    hidden = veil.mask(found).objects[0].manifest["data"]
    assert {name for name, value in hidden.items() if value != data[name]} == {"port", "whole", "long"}
    assert hidden["long"].startswith("it is <masked ")
    assert PLANTED not in veil.scrub(f"it says {PLANTED}!", found)
