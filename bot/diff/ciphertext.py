"""What is encrypted already, by SOPS or by whoever seals secrets: told by its look, and shown as `<encrypted 3f9a2c1b>`."""

import hashlib
import re
from typing import Any

_CIPHERTEXT = re.compile(
    r"ENC\[AES256_GCM,[^\]\n]{1,1048576}\]"
    r"|-----BEGIN (AGE ENCRYPTED FILE|PGP MESSAGE)-----[^-]{1,1048576}-----END \1-----"
)


def is_ciphertext(text: str) -> bool:
    return _CIPHERTEXT.fullmatch(text.strip()) is not None


def holds_ciphertext(text: str) -> bool:
    return _CIPHERTEXT.search(text) is not None


def encrypted(ciphertext: str) -> str:
    """The mark. It needs no key: nobody can try out guesses against a ciphertext."""
    return f"<encrypted {hashlib.sha256(ciphertext.encode(errors='surrogatepass')).hexdigest()[:8]}>"


def with_encrypted(text: str) -> str:
    """The text with a mark in place of every ciphertext."""
    if "ENC[" not in text and "-----BEGIN " not in text:
        return text
    return _CIPHERTEXT.sub(lambda match: encrypted(match[0]), text)


def all_encrypted(value: Any) -> Any:
    """The value with a mark in place of every string of its mappings: those of a SealedSecret."""
    if isinstance(value, dict):
        return {k: all_encrypted(v) for k, v in value.items()}
    return encrypted(value) if isinstance(value, str) else value
