"""Objects in which comments said what to encrypt. A build drops comments, so the ciphertext itself has to say it.

sops is given the ciphertext alone, under a rule that encrypts everything, and what it makes of it is laid over the rest.
"""

from typing import Any

from bot.model.objects import Manifest
from bot.render.sops.facts import METADATA, is_ciphertext

_RULES = frozenset({"encrypted_comment_regex", "unencrypted_comment_regex"})
_NOTHING_UNENCRYPTED = {"unencrypted_regex": "^$a"}


def only_ciphertext(manifest: Manifest) -> Manifest:
    """The object with an empty text, which sops leaves as it is, for everything else."""
    metadata = {name: value for name, value in manifest[METADATA].items() if name not in _RULES}
    rest = {key: _only(value) for key, value in manifest.items() if key != METADATA}
    return {**rest, METADATA: {**metadata, **_NOTHING_UNENCRYPTED}}


def laid_over(manifest: Manifest, plain: Manifest) -> Manifest:
    return {key: _over(value, plain[key]) for key, value in manifest.items() if key != METADATA}


def _only(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _only(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_only(item) for item in value]
    return value if is_ciphertext(value) else ""


def _over(value: Any, plain: Any) -> Any:
    if isinstance(value, dict):
        return {key: _over(item, plain[key]) for key, item in value.items()}
    if isinstance(value, list):
        return [_over(item, found) for item, found in zip(value, plain, strict=True)]
    return plain if is_ciphertext(value) else value
