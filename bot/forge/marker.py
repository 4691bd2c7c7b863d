"""Marks by which Longshore knows its own comments again, and the few facts they carry from one run to the next.

The invariant: a marker is believed only as the first line of a body, where no text of other people's can stand, and
only at the place it was made for: the seal covers repository, pull request, kind and payload. That the bot itself
wrote the comment is for the reader to check as well (`bot.forge.sticky`). What is written below the marker is not
covered: it is a view, made anew with every change. A record that people's words depend on needs another version.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from bot.model.repo import RepoId, Sha

MIN_SECRET_BYTES: Final = 16
MAX_PAYLOAD_BYTES: Final = 8 * 1024
PURPOSE: Final = b"longshore/marker/v1"

MARK: Final = "<!-- longshore:"
MARKER = re.compile(
    r"<!-- longshore:(?P<kind>[a-z-]{1,32}) v1 (?P<payload>[A-Za-z0-9+/=]{1,12288}) (?P<mac>[0-9a-f]{64}) -->\Z"
)


class MarkerKind(StrEnum):
    """What a marked comment is for; there is one comment of each kind on a pull request."""

    PLAN = "plan"
    DELIVERY = "delivery"
    FINDINGS = "findings"


@dataclass(frozen=True, slots=True)
class Place:
    """The conversation a marker belongs to; copied to another, it means nothing. With `commit`, the one about that
    commit, and no pull request's.
    """

    repo: RepoId
    number: int
    commit: Sha | None = None


class Seal:
    """Makes and reads markers. The first secret seals; every one of them is accepted, so that secrets can be rotated."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets or any(len(secret) < MIN_SECRET_BYTES for secret in secrets):
            raise ValueError(f"the secret behind markers needs at least {MIN_SECRET_BYTES} bytes")
        self._keys = [derive_key(secret, PURPOSE) for secret in secrets]

    def stamp(self, place: Place, kind: MarkerKind, payload: Mapping[str, str], body: str) -> str:
        """The body with its marker in front. Raises ValueError for a payload over `MAX_PAYLOAD_BYTES`."""
        raw = json.dumps(dict(payload), sort_keys=True, separators=(",", ":")).encode()
        if len(raw) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"a marker carries at most {MAX_PAYLOAD_BYTES} bytes, not {len(raw)}")
        # Standard Base64, since its alphabet has no "-" that could end an HTML comment.
        encoded = base64.b64encode(raw).decode()
        mac = _mac(self._keys[0], place, kind, encoded)
        return f"<!-- longshore:{kind} v1 {encoded} {mac} -->\n{body}"

    def read(self, place: Place, kind: MarkerKind, body: str) -> Mapping[str, str] | None:
        """The payload, or None where the body has no marker of this kind that we made for this place."""
        # Forges may hand bodies back with the line ends of the person who edited them.
        match = MARKER.match(body.partition("\n")[0].rstrip("\r"))
        if match is None or match["kind"] != kind:
            return None
        macs = [_mac(key, place, kind, match["payload"]) for key in self._keys]
        if not any(hmac.compare_digest(mac, match["mac"]) for mac in macs):
            return None
        try:
            return msgspec.json.decode(base64.b64decode(match["payload"], validate=True), type=dict[str, str])
        except (binascii.Error, msgspec.DecodeError):
            return None


def has_marker(body: str) -> bool:
    """Whether this claims to be a comment of ours. Proves nothing: good for what is not to be looked at, only."""
    return body.startswith(MARK)


def derive_key(secret: bytes, purpose: bytes) -> bytes:
    """One key of 32 bytes for one purpose (HKDF-SHA256 with an empty salt and one block)."""
    return hmac.digest(hmac.digest(bytes(32), secret, "sha256"), purpose + b"\x01", "sha256")


def _mac(key: bytes, place: Place, kind: MarkerKind, encoded: str) -> str:
    covered = [place.repo.forge, place.repo.path.lower(), place.number, kind.value, encoded]
    if place.commit is not None:
        covered.append(place.commit)
    return hmac.digest(key, json.dumps(covered).encode(), "sha256").hex()
