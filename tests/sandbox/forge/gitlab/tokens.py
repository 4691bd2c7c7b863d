"""Access tokens: of a person, a project or a group; with scopes, a day they expire on, and rotation.

The invariant: a token's text is shown once, when it is made; using one that was rotated away revokes its whole family.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

from tests.sandbox.forge.core.people import Token, User, random_text
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.members import Group, Level

SCOPES = frozenset(
    {
        "api",
        "read_api",
        "read_user",
        "create_runner",
        "manage_runner",
        "k8s_proxy",
        "self_rotate",
        "read_repository",
        "write_repository",
        "read_registry",
        "write_registry",
        "ai_features",
    }
)
PREFIX = "glpat-"
# What GitLab gives a token for which no day was named, and the most that it gives.
DEFAULT_DAYS = 365
MAX_DAYS = 400
ROTATED_DAYS = 7


@dataclass(eq=False, slots=True)
class AccessToken:
    """`place` is the project or group that it belongs to; None for a person's own."""

    id: int
    name: str
    user: User
    scopes: tuple[str, ...]
    created_at: datetime
    expires_on: date
    bearer: Token
    place: Repository | Group | None = None
    level: Level = Level.NONE
    description: str | None = None
    is_revoked: bool = False
    last_used_at: datetime | None = None
    # What it was rotated into.
    successor: "AccessToken | None" = None

    def is_active_at(self, now: datetime) -> bool:
        return not self.is_revoked and now < _midnight(self.expires_on)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time_of_day(), UTC)


@dataclass(slots=True)
class AccessTokens:
    all: list[AccessToken] = field(default_factory=list)

    def make(
        self,
        number: int,
        user: User,
        name: str,
        scopes: tuple[str, ...],
        now: datetime,
        expires_on: date | None = None,
    ) -> AccessToken:
        day = expires_on or (now + timedelta(days=DEFAULT_DAYS)).date()
        bearer = Token(random_text(PREFIX), user, _midnight(day), scopes=scopes)
        made = AccessToken(number, name, user, scopes, now, day, bearer)
        bearer.source = made
        self.all.append(made)
        return made

    def rotate(self, old: AccessToken, number: int, now: datetime, expires_on: date | None) -> AccessToken:
        day = expires_on or (now + timedelta(days=ROTATED_DAYS)).date()
        new = self.make(number, old.user, old.name, old.scopes, now, day)
        new.place, new.level, new.description = old.place, old.level, old.description
        self.revoke(old)
        old.successor = new
        return new

    def revoke(self, token: AccessToken) -> None:
        token.is_revoked = token.bearer.is_revoked = True

    def revoke_family(self, token: AccessToken) -> None:
        """Somebody used what had been rotated away: GitLab takes it for stolen."""
        heir = token.successor
        while heir is not None:
            self.revoke(heir)
            heir = heir.successor

    def of(self, place: Repository | Group) -> list[AccessToken]:
        return [known for known in self.all if known.place is place]
