"""Which keys of a file SOPS encrypts: one rule, written in the file's own metadata or in `.sops.yaml`.

A rule that looks at comments cannot be answered here, because comments are gone once a file is parsed: its scope is
`None` for every key, which counts as neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import UserError
from bot.render.go_regex import go_regex

_DEFAULT_FIELD, _DEFAULT_VALUE = "unencrypted_suffix", "_unencrypted"
_FIELDS = (
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
    "unencrypted_comment_regex",
    "encrypted_comment_regex",
)


class BadScope(UserError):
    """SOPS refuses the rule."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`field` is the rule's name in SOPS, `value` what it is set to."""

    field: str = _DEFAULT_FIELD
    value: str = _DEFAULT_VALUE

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> "Scope":
        """Read it off the metadata or a creation rule. Raises `BadScope`, `BadPattern`."""
        found = [(name, mapping[name]) for name in _FIELDS if mapping.get(name)]
        if not found:
            return cls()
        if len(found) > 1:
            raise BadScope(f"only one of {' and '.join(name for name, _ in found)} may be set")
        name, value = found[0]
        if not isinstance(value, str):
            raise BadScope(f"{name} must be text")
        if name.endswith("_regex"):
            go_regex(value)
        return cls(name, value)

    @property
    def is_by_comment(self) -> bool:
        return "comment" in self.field

    def encrypts(self, keys: tuple[str, ...]) -> bool | None:
        """Whether a value below these keys is to be encrypted; positions in lists do not count."""
        if self.is_by_comment:
            return None
        if self.field.endswith("suffix"):
            hit = any(key.endswith(self.value) for key in keys)
        else:
            regex = go_regex(self.value)
            hit = any(regex.matches(key) for key in keys)
        return hit != self.field.startswith("un")
