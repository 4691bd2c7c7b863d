"""GitHub Apps: who they are, where they are installed, and the tokens they may ask for.

The invariant: a token reaches no further than its installation, which reaches no further than was granted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sandbox.forge.core.deliveries import Hook
from tests.sandbox.forge.core.forge import Forge
from tests.sandbox.forge.core.people import Token, User, random_text
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.errors import ApiError, unprocessable

TOKEN_LIFETIME = timedelta(hours=1)
MAX_JWT_LIFETIME_S = 600
CLOCK_SKEW_S = 60

LEVELS = {"read": 1, "write": 2, "admin": 3}


@dataclass(eq=False, slots=True)
class App:
    id: int
    slug: str
    name: str
    owner: User
    bot: User
    private_key: str
    permissions: Mapping[str, str]
    hook: Hook | None
    created_at: datetime

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        key = serialization.load_pem_private_key(self.private_key.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("an App's key is an RSA key")
        return key.public_key()


@dataclass(eq=False, slots=True)
class Installation:
    id: int
    app: App
    account: User
    permissions: Mapping[str, str]
    created_at: datetime
    # None: all repositories of the account, also those to come.
    repositories: set[Repository] | None = None
    suspended_at: datetime | None = None

    @property
    def selection(self) -> str:
        return "all" if self.repositories is None else "selected"

    def covers(self, repository: Repository) -> bool:
        if self.repositories is None:
            return repository.owner is self.account
        return repository in self.repositories


@dataclass(slots=True)
class Apps:
    """All Apps of this GitHub."""

    forge: Forge
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)

    def of_repository(self, repository: Repository) -> list[Installation]:
        return [
            installation
            for installation in self.installations.values()
            if installation.covers(repository) and installation.suspended_at is None
        ]

    def repositories_of(self, installation: Installation) -> list[Repository]:
        return [known for known in self.forge.repositories if installation.covers(known)]

    def authenticate(self, text: str) -> App:
        """The App that signed this JWT, held to the limits that GitHub holds it to."""
        try:
            number = int(jwt.decode(text, options={"verify_signature": False})["iss"])
            app = self.apps[number]
            claims = jwt.decode(
                text,
                app.public_key,
                algorithms=["RS256"],
                options={"require": ["iat", "exp", "iss"], "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, KeyError, ValueError) as error:
            raise ApiError(401, "A JSON web token could not be decoded") from error
        now = self.forge.now().timestamp()
        issued, expires = int(claims["iat"]), int(claims["exp"])
        if expires <= now:
            raise ApiError(401, "'Expiration time' claim ('exp') must be a numeric value in the future")
        if expires - now > MAX_JWT_LIFETIME_S:
            raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
        if issued > now + CLOCK_SKEW_S:
            raise ApiError(
                401, "'Issued at' claim ('iat') must be an Integer representing a time in the past"
            )
        return app

    def mint(
        self,
        installation: Installation,
        permissions: Mapping[str, str] | None,
        repositories: Sequence[Repository] | None,
    ) -> Token:
        if installation.suspended_at is not None:
            raise ApiError(403, "This installation has been suspended")
        token = Token(
            random_text("ghs_"),
            installation.app.bot,
            expires_at=self.forge.now() + TOKEN_LIFETIME,
            permissions=_narrowed(installation, permissions),
            repositories=frozenset(repositories) if repositories is not None else None,
            source=installation,
        )
        return self.forge.tokens.add(token)


def _narrowed(installation: Installation, wanted: Mapping[str, str] | None) -> dict[str, str]:
    granted = dict(installation.permissions)
    if wanted is None:
        return granted
    for name, level in wanted.items():
        if LEVELS.get(level, 9) > LEVELS.get(granted.get(name, ""), 0):
            raise unprocessable("The permissions requested are not granted to this installation.")
    return {**wanted, "metadata": "read"}


def new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def signed_jwt(app: App, *, lifetime_s: int = 540, issued_ago_s: int = 60) -> str:
    """What an App would send: for tests that speak HTTP themselves."""
    now = int(datetime.now(UTC).timestamp())
    claims = {"iat": now - issued_ago_s, "exp": now + lifetime_s, "iss": str(app.id)}
    return jwt.encode(claims, app.private_key, algorithm="RS256")
