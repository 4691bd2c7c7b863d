"""Who may call: people with tokens, and what a token may do.

The invariant: a token is looked up by its whole text and is worth nothing after its hour.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING

from tests.sandbox.forge.core.git_objects import Identity

if TYPE_CHECKING:
    from tests.sandbox.forge.core.repositories import Repository


class Role(IntEnum):
    """What a person may do in a repository; ordered, so that roles compare."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


@dataclass(eq=False, slots=True)
class User:
    id: int
    login: str
    name: str
    is_bot: bool = False
    is_organization: bool = False

    @property
    def email(self) -> str:
        return f"{self.id}+{self.login}@users.noreply.forge.test"

    @property
    def identity(self) -> Identity:
        return Identity(self.name, self.email)


@dataclass(eq=False, slots=True)
class Token:
    """A bearer token. `permissions` None means: whatever its user may do."""

    text: str
    user: User
    expires_at: datetime | None = None
    permissions: Mapping[str, str] | None = None
    repositories: "frozenset[Repository] | None" = None
    cap: Role = Role.ADMIN
    # Of a classic token; None where the kind of token has none.
    scopes: tuple[str, ...] | None = None
    source: object = None
    is_revoked: bool = False

    def is_valid_at(self, now: datetime) -> bool:
        return not self.is_revoked and (self.expires_at is None or now < self.expires_at)


@dataclass(slots=True)
class Tokens:
    _by_text: dict[str, Token] = field(default_factory=dict)

    def add(self, token: Token) -> Token:
        self._by_text[token.text] = token
        return token

    @property
    def all(self) -> list[Token]:
        return list(self._by_text.values())

    def find(self, text: str) -> Token | None:
        """Also one that is worth nothing any more."""
        return self._by_text.get(text)

    def valid(self, text: str, now: datetime) -> Token | None:
        token = self.find(text)
        return token if token is not None and token.is_valid_at(now) else None


def random_text(prefix: str) -> str:
    return prefix + secrets.token_hex(20)
