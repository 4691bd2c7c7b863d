"""Secrets that SOPS encrypted for an age key, which the cluster holds and a delivery of ours is given."""

import functools

import yaml

from oracles.flux.app import App
from tests.render.agekeys import AgeKey, make_key
from tests.render.sopsfiles import encrypt

_ONLY_DATA = ("--encrypted-regex", "^(data|stringData)$")
_DECRYPTION = {"provider": "sops", "secretRef": {"name": "sops-age"}}


@functools.cache
def key() -> AgeKey:
    """One for all scenes of a run, and another one in every run."""
    return make_key()


_encrypted = functools.cache(encrypt)
"""The same text for the same input: it is also faster, where a hundred files are to be written."""


def give_key(app: App) -> None:
    """The cluster has it, and Git does not."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sops-age", "namespace": app.home},
              "stringData": {"run.agekey": key().secret}}  # fmt: skip
    if secret not in app.script.given:
        app.script.given.append(secret)
    app.spec["decryption"] = _DECRYPTION


def encrypted_secret(app: App) -> None:
    give_key(app)
    app.resources("locked.yaml", _encrypted(key(), _secret(app, "locked").encode(), "yaml", *_ONLY_DATA))


def encrypted_and_unannounced(app: App) -> None:
    """Nobody says that it is encrypted: the cluster gets what stands there."""
    app.resources("closed.yaml", _encrypted(key(), _secret(app, "closed").encode(), "yaml", *_ONLY_DATA))
    app.spec.pop("decryption", None)


def encrypted_generator_inputs(app: App) -> None:
    """Files of a secretGenerator, in every format that SOPS has."""
    give_key(app)
    overlay = app.need_overlay()
    files = {
        "one.env": (b"USER=somebody\nPASSWORD=pa ss\n", "dotenv"),
        "two.yaml": (b"a: 1\nb: [x, y]\n", "yaml"),
        "three.json": (b'{"a": "x", "n": 1.5}\n', "json"),
        "four.bin": (b"\x00\x01binary\xff", "binary"),
    }
    for name, (content, form) in files.items():
        app.files[name] = _encrypted(key(), content, form)
    entry = {"name": f"{app.name}-opened", "namespace": app.home, "envs": ["one.env"],
             "files": ["two.yaml", "three.json", "four.bin"]}  # fmt: skip
    overlay["secretGenerator"] = [*overlay.get("secretGenerator", ()), entry]


def _secret(app: App, name: str) -> str:
    metadata = {"name": f"{app.name}-{name}", "namespace": app.home}
    values = {"password": "p4ss", "number": "0123", "lines": "one\ntwo\n", "empty": ""}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values})


FEATURES = {
    "decryption: Secret": encrypted_secret,
    "a SOPS Secret without decryption": encrypted_and_unannounced,
    "decryption: inputs of a secretGenerator": encrypted_generator_inputs,
}
