"""Who is calling, and whether they may.

The invariant: what a caller may not see does not exist for them (404); what they see but may not do is 403.
"""

import base64
import binascii
from dataclasses import dataclass

from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.errors import (
    forbidden,
    insufficient_scope,
    invalid_token,
    not_found,
    unauthorized,
)
from tests.sandbox.forge.gitlab.members import Group, Level
from tests.sandbox.forge.gitlab.state import State
from tests.sandbox.forge.gitlab.tokens import AccessToken

EXPIRED = "Token is expired. You can either do re-authorization or token refresh."
REVOKED = "Token was revoked. You have to re-authorize from the user."


@dataclass(frozen=True, slots=True)
class Principal:
    """`user` None is somebody without a token: they see what is public."""

    state: State
    user: User | None = None
    token: AccessToken | None = None

    @property
    def key(self) -> str:
        """Whom rate limits count."""
        return f"user:{self.user.id}" if self.user else "nobody"

    @property
    def known(self) -> User:
        if self.user is None:
            raise unauthorized()
        return self.user

    def level_in(self, repository: Repository) -> Level:
        if self.user is None:
            return Level.NONE
        return self.state.members.level_of(self.user, repository)

    def sees(self, repository: Repository) -> bool:
        return not repository.is_private or self.level_in(repository) >= Level.GUEST

    def level_in_group(self, group: Group) -> Level:
        return self.state.members.level_in_group(self.user, group) if self.user else Level.NONE

    def sees_group(self, group: Group) -> bool:
        if not group.is_private or self.level_in_group(group) >= Level.GUEST:
            return True
        # Whoever sees a project, however deep below, sees the groups above it.
        members = self.state.members
        below = [
            k for k in self.state.forge.repositories if (g := members.group_of(k)) and group in g.lineage
        ]
        return self.user is not None and any(self.sees(known) for known in below)


@dataclass(frozen=True, slots=True)
class Need:
    """What a route asks for: a level in the project or group, and a scope of the token."""

    level: Level
    scopes: tuple[str, ...]

    def refuse(self, principal: Principal, repository: Repository) -> None:
        """What everybody may read of a public project, nobody needs a level for."""
        if not principal.sees(repository):
            raise not_found("Project")
        held = principal.level_in(repository)
        if not repository.is_private and "read_api" in self.scopes:
            held = max(held, Level.REPORTER)
        if held < self.level:
            raise unauthorized() if principal.user is None else forbidden()

    def refuse_scope(self, principal: Principal) -> None:
        if principal.token is not None and not {"api", *self.scopes} & set(principal.token.scopes):
            raise insufficient_scope("api", *self.scopes)


def authenticate(state: State, private_token: str | None, authorization: str | None) -> Principal:
    """`PRIVATE-TOKEN: x` or `Authorization: Bearer x`; nothing at all is somebody unknown."""
    kind, _, text = (authorization or "").partition(" ")
    given = private_token or (text if kind.lower() == "bearer" else None)
    return Principal(state) if given is None else of_text(state, given)


def of_text(state: State, text: str) -> Principal:
    token = state.forge.tokens.find(text)
    if token is None or not isinstance(token.source, AccessToken):
        raise unauthorized()
    known, now = token.source, state.forge.now()
    if known.is_revoked:
        if known.successor is not None:
            state.tokens.revoke_family(known)
        raise invalid_token(REVOKED)
    if not known.is_active_at(now):
        raise invalid_token(EXPIRED)
    known.last_used_at = now
    return Principal(state, token.user, known)


def of_basic(state: State, authorization: str | None) -> Principal:
    """Git sends a token as the password of any user."""
    kind, _, text = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        return Principal(state)
    try:
        password = base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise unauthorized() from error
    return of_text(state, password)
