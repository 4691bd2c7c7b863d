"""Which values are secret because they were encrypted: known from here on by what they are, wherever they end up."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from bot.model.manifests import ManifestError, documents
from bot.model.objects import Manifest, Object
from bot.render.sops.facts import METADATA, is_ciphertext, leaves
from bot.render.sops.flat import flat_document
from bot.render.sops.formats import Format


def secrets_of_file(encrypted: bytes, plain: bytes, as_format: Format) -> frozenset[str]:
    """The values that were ciphertext. All of them where the two cannot be laid side by side."""
    if as_format is Format.BINARY:
        return frozenset(_spellings(plain.decode("utf-8", "replace")))
    before = dict(_texts(encrypted, as_format))
    return frozenset(
        spelling
        for place, value in _texts(plain, as_format)
        if is_ciphertext(before.get(place, "ENC[AES256_GCM,data:]"))
        for spelling in _spellings(value)
    )


def secrets_of_object(encrypted: Any, plain: Any) -> frozenset[str]:
    before = dict(_scalars(encrypted))
    return frozenset(
        spelling
        for place, value in _scalars(plain)
        if is_ciphertext(before.get(place))
        for spelling in _spellings(value)
    )


def without_public(secrets: Iterable[str], objects: Iterable[Object]) -> frozenset[str]:
    """Those that are nowhere in objects made without a key: what stands there anyway is no secret worth hiding.

    A user called `postgres` would else hide the image of that name.
    """
    wanted = frozenset(secrets)
    if not wanted:
        return wanted
    text = "\n".join(leaf for found in objects for leaf in _public(found.manifest))
    return frozenset(secret for secret in wanted if secret not in text)


def _public(manifest: Manifest) -> Iterator[str]:
    """Keys and values in plain text, but for a Secret's own."""
    is_secret = manifest.get("kind") == "Secret"
    hidden = {METADATA, "data", "stringData"} if is_secret else {METADATA}
    for _, shown, leaf in leaves({key: value for key, value in manifest.items() if key not in hidden}):
        yield shown
        if leaf is not None and not is_ciphertext(leaf):
            yield str(leaf)


def _texts(data: bytes, as_format: Format) -> Iterator[tuple[str, str]]:
    if as_format in {Format.DOTENV, Format.INI}:
        yield from _scalars(flat_document(data, as_format))
        return
    try:
        parsed = documents(data, file="")
    except ManifestError:
        yield "", data.decode("utf-8", "replace")
        return
    for index, document in enumerate(parsed):
        for place, value in _scalars(document.value):
            yield f"{index} {place}", value


def _scalars(value: Any) -> Iterator[tuple[str, str]]:
    for keys, shown, leaf in leaves(value):
        if keys[:1] != (METADATA,) and leaf is not None and not isinstance(leaf, bool):
            yield shown, str(leaf)


def _spellings(value: str) -> Iterator[str]:
    """As it may stand in an object: whole, without the line break at its end, and in base64."""
    for text in {value, value.strip(), *value.splitlines()}:
        if text:
            yield text
    yield base64.b64encode(value.encode(errors="surrogatepass")).decode()
