"""The private keys that files are decrypted with. Keys of age only: every other kind needs a network or a keyring."""

import hmac
import re
from dataclasses import dataclass, field

from bot.errors import UserError

MAX_KEYS = 100
_IDENTITY = re.compile(r"AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{50,4000}")
_PURPOSE = b"longshore identity of age keys"


@dataclass(frozen=True, slots=True)
class AgeKeys:
    """Private keys of age, as the `*.agekey` entries of a Secret hold them."""

    _identities: tuple[str, ...] = field(repr=False)

    @classmethod
    def parse(cls, *texts: str) -> "AgeKeys":
        """Read key files: one key per line, comments and empty lines between. Raises `UserError`."""
        found: list[str] = []
        for text in texts:
            for number, raw in enumerate(text.splitlines(), 1):
                line = raw.strip()
                if not line or line.startswith("#"):
                    continue
                if not _IDENTITY.fullmatch(line):
                    raise UserError(
                        f"line {number} of an age key file is not a key of age",
                        hint="a key starts with AGE-SECRET-KEY-1; keys of SSH and of plugins are not used",
                    )
                found.append(line)
        if not 0 < len(found) <= MAX_KEYS:
            raise UserError(f"an age key file holds 1 to {MAX_KEYS} keys, not {len(found)}")
        return cls(tuple(dict.fromkeys(found)))

    @property
    def identity(self) -> str:
        """Tells one set of keys from another, and leads back to none."""
        return hmac.digest(_PURPOSE, "\n".join(sorted(self._identities)).encode(), "sha256").hex()[:16]

    def environment(self) -> dict[str, str]:
        """For the one process that decrypts."""
        return {"SOPS_AGE_KEY": "\n".join(self._identities)}
