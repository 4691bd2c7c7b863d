"""An encrypted object as a plan compares it: facts in place of metadata, marks in place of ciphertext."""

from bot.model.objects import Manifest
from bot.render.sops.facts import (
    METADATA,
    SopsFacts,
    decoded_value,
    describe,
    describe_object,
    describe_values,
    stand_in,
)
from bot.render.sops.formats import Format

_FLAT = "sops_"
_FLAT_MAC = "sops_mac"


def comparable(manifest: Manifest) -> Manifest:
    """The object to compare in place of an encrypted one: metadata without noise, values as the ciphertext they are.

    A SOPS file inside a Secret's value is told under `sops`, by the value's key; the value counts as changed when one
    in it did. Of an encrypted file of variables kustomize makes a value for every line, sops's own included.
    """
    facts = describe_object(manifest)
    if facts is not None:
        manifest = {**manifest, METADATA: facts.metadata()}
    lines = _lines(manifest)
    if lines is not None:
        manifest = _with_lines(manifest, lines)
    values = describe_values(manifest)
    if values:
        told = {key: found.view() for key, found in values.items()}
        stand_ins = {key: found.stand_in() for key, found in values.items()}
        manifest = {
            **manifest,
            "data": {**manifest["data"], **stand_ins},
            METADATA: {**manifest.get(METADATA, {}), **told},
        }
    return manifest


def _lines(manifest: Manifest) -> SopsFacts | None:
    data = manifest.get("data")
    if manifest.get("kind") != "Secret" or not isinstance(data, dict) or _FLAT_MAC not in data:
        return None
    text = "\n".join(
        f"{key}={(decoded_value(value) or b'').decode(errors='replace')}" for key, value in data.items()
    )
    return describe(text.encode(errors="surrogatepass"), Format.DOTENV, file="")


def _with_lines(manifest: Manifest, lines: SopsFacts) -> Manifest:
    own = {key: value for key, value in manifest["data"].items() if not key.startswith(_FLAT)}
    return {
        **manifest,
        "data": {**own, **{key: stand_in(mark) for key, mark in lines.keys}},
        METADATA: lines.metadata(),
    }
