"""Who is calling, and whether they may.

The invariant: what a caller may not see does not exist for them (404); what they see but may not do is 403.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.people import Role, Token, User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import LEVELS, App, Apps, Installation
from tests.sandbox.forge.github.errors import ApiError, bad_credentials, forbidden, not_found

APP_PREFIX = "ghs_"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person's token, an installation's token, or an App in its own name (a JWT; no token)."""

    user: User
    token: Token | None
    app: App | None = None
    installation: Installation | None = None

    @property
    def key(self) -> str:
        """Whom rate limits count."""
        return f"installation:{self.installation.id}" if self.installation else f"user:{self.user.id}"

    def role_in(self, repository: Repository) -> Role:
        if self.token is None:
            return Role.NONE
        if self.installation is not None:
            return Role.WRITE if self.reaches(repository) else repository.role_of(self.user)
        return min(repository.role_of(self.user), self.token.cap, _role_in_scope(self.token, repository))

    def reaches(self, repository: Repository) -> bool:
        """Whether the installation behind the token, and the token itself, cover the repository."""
        if self.installation is None or self.token is None or not self.installation.covers(repository):
            return False
        return self.token.repositories is None or repository in self.token.repositories

    def sees(self, repository: Repository) -> bool:
        return self.role_in(repository) >= Role.READ


@dataclass(frozen=True, slots=True)
class Need:
    """What a route asks for: one of these permissions of an App, at least this role of a person."""

    permissions: tuple[str, ...]
    level: str
    role: Role
    apps_only: bool = False

    @classmethod
    def parse(cls, text: str, role: Role | None, *, apps_only: bool = False) -> "Need":
        """`"issues|pull_requests:write"`; the role follows from the level where none is given."""
        names, _, level = text.partition(":")
        permissions = tuple(names.split("|"))
        if role is None:
            role = Role.WRITE if level == "write" else Role.READ
            if permissions[0] in {"administration", "repository_hooks"}:
                role = Role.ADMIN
        return cls(permissions, level, role, apps_only)

    def refuse(self, principal: Principal, repository: Repository) -> None:
        if not principal.sees(repository):
            raise not_found()
        if principal.installation is not None:
            self._refuse_installation(principal, repository)
        elif self.apps_only:
            raise forbidden("You must authenticate via a GitHub App.")
        elif principal.role_in(repository) < self.role:
            raise forbidden("Resource not accessible by personal access token")

    def _refuse_installation(self, principal: Principal, repository: Repository) -> None:
        if not principal.reaches(repository):
            if self.level == "read" and not repository.is_private:
                return
            raise forbidden("Resource not accessible by integration")
        granted = (principal.token.permissions if principal.token else None) or {}
        held = max(LEVELS.get(granted.get(name, ""), 0) for name in self.permissions)
        if self.permissions == ("metadata",) and self.level == "read":
            return
        if held < LEVELS[self.level]:
            raise forbidden("Resource not accessible by integration")


def _role_in_scope(token: Token, repository: Repository) -> Role:
    """A classic token reaches what is private by `repo`, and writes to what is public by `public_repo`."""
    if token.scopes is None or "repo" in token.scopes:
        return Role.ADMIN
    if repository.is_private:
        return Role.NONE
    return Role.ADMIN if "public_repo" in token.scopes else Role.READ


def authenticate(forge: Forge, apps: Apps, header: str | None) -> Principal:
    kind, _, text = (header or "").partition(" ")
    if kind.lower() == "basic":
        text = _basic_password(text)
    elif kind.lower() not in {"bearer", "token"}:
        raise ApiError(401, "Requires authentication")
    if text.count(".") == 2:
        app = apps.authenticate(text)
        return Principal(app.bot, None, app)
    token = forge.tokens.valid(text, forge.now())
    if token is None:
        raise bad_credentials()
    return of_token(token, forge.now())


def of_token(token: Token, now: datetime) -> Principal:
    installation = token.source if isinstance(token.source, Installation) else None
    if installation is None:
        return Principal(token.user, token)
    if installation.suspended_at is not None and installation.suspended_at <= now:
        raise forbidden("This installation has been suspended")
    return Principal(token.user, token, installation.app, installation)


def _basic_password(text: str) -> str:
    """Git sends a token as the password of any user; `x-access-token` by custom."""
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_credentials() from error
