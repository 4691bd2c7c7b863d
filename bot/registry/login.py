"""How to be known to a registry: the challenge it answers with, and the token that it wants in return.

A secret goes to the registry it is for, or to the place of tokens that this registry names, and only when that place
is allowed as any other host.
"""

import asyncio
import re
import time
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit
from weakref import WeakValueDictionary

import msgspec

from bot.model.hosts import Credential, Credentials
from bot.registry.address import Place, endpoint_of, shown
from bot.registry.errors import BadSource, Corrupt, Refused, Unauthorised
from bot.registry.limits import Limits
from bot.registry.transport import Ask, Transport

SHORTEST_LIFE_S = 30.0
DEFAULT_LIFE_S = 60.0
_CHALLENGE = re.compile(r'(?i)\b(bearer|basic)\s+((?:[a-z_]+="[^"]*"(?:\s*,\s*)?)+)')
_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Challenge:
    """What `WWW-Authenticate` asks for; `realm` is where a token is had, for `is_bearer`."""

    is_bearer: bool
    realm: str = ""
    service: str = ""
    scope: str = ""


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""
    expires_in: float = DEFAULT_LIFE_S


def challenge_of(header: str) -> Challenge | None:
    """The first challenge that we can answer; a bearer's is preferred."""
    found: list[Challenge] = []
    for kind, text in _CHALLENGE.findall(header[:4096]):
        given = {name.lower(): value for name, value in _PARAMETER.findall(text)}
        if kind.lower() == "basic":
            found.append(Challenge(is_bearer=False))
        elif given.get("realm"):
            found.insert(
                0,
                Challenge(
                    is_bearer=True,
                    realm=given["realm"],
                    service=given.get("service", ""),
                    scope=given.get("scope", ""),
                ),
            )
    return found[0] if found else None


def basic(credential: Credential) -> str:
    pair = f"{credential.username}:{credential.secret}".encode()
    return f"Basic {b64encode(pair).decode('ascii')}"


def authorization(credential: Credential) -> str:
    """The header for a host that is asked directly."""
    return basic(credential) if credential.username else f"Bearer {credential.secret}"


class Login:
    """Tokens of one process, by registry and repository, for as long as they are good."""

    def __init__(self, transport: Transport, credentials: Credentials, limits: Limits) -> None:
        self._transport = transport
        self._credentials = credentials
        self._limits = limits
        self._known: dict[str, tuple[float, str]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def known(self, where: Place) -> str:
        """The header that served last for this repository, or that needs no challenge; may be empty."""
        until, header = self._known.get(_key(where), (0.0, ""))
        if time.monotonic() < until:
            return header
        credential = self._credentials.of(where.endpoint)
        return authorization(credential) if credential is not None and not credential.username else ""

    async def answer(self, header: str, where: Place, *, tried: str) -> str:
        """The `Authorization` for `WWW-Authenticate`, after `tried` did not do. Raises `Unauthorised`, and what asking raises.

        Many who come at once get one token.
        """
        async with self._locks.setdefault(_key(where), asyncio.Lock()):
            known = self.known(where)
            return known if known != tried and known else await self._answer(header, where)

    async def _answer(self, header: str, where: Place) -> str:
        challenge, credential = challenge_of(header), self._credentials.of(where.endpoint)
        if challenge is None or (credential is not None and not credential.username):
            raise self.refused(where)
        if not challenge.is_bearer:
            if credential is None:
                raise self.refused(where)
            return self._keep(where, basic(credential), float("inf"))
        token = await self._token(challenge, credential, where)
        return self._keep(where, f"Bearer {token[0]}", time.monotonic() + token[1])

    def refused(self, where: Place) -> Unauthorised:
        home = where.home
        self._known.pop(_key(where), None)
        if self._credentials.of(where.endpoint) is None:
            return Unauthorised(
                f"{shown(home)} is not shown to everybody, or does not exist",
                hint="`sources.credentials` in config.yaml says who to be at a host",
            )
        return Unauthorised(
            f"{shown(home)} is not shown to who we are there, or does not exist",
            hint="is the host's entry under `sources.credentials` in config.yaml still good?",
        )

    def _keep(self, where: Place, header: str, until_s: float) -> str:
        self._known[_key(where)] = (until_s, header)
        return header

    def _basic_at(self, realm: str, credential: Credential, where: Place) -> str:
        """Raises `Refused` where it would go in clear to a port that no entry names."""
        at_realm = self._credentials.of(realm)
        is_meant = at_realm is not None and basic(at_realm) == basic(credential)
        if endpoint_of(realm).scheme != "https" and not is_meant:
            raise Refused(
                f"{shown(where.home)} wants its password sent to {shown(realm)}, which is not encrypted",
                hint="an entry of `sources.credentials` that names that host and port would allow it",
            )
        return basic(credential)

    async def _token(
        self, challenge: Challenge, credential: Credential | None, where: Place
    ) -> tuple[str, float]:
        home = where.home
        if endpoint_of(challenge.realm).scheme not in {"http", "https"}:
            raise BadSource(f"{shown(home)} sends its callers for tokens to no address that can be asked")
        parts = urlsplit(challenge.realm)
        asked = {
            "service": challenge.service,
            "scope": challenge.scope or f"repository:{where.path}:pull",
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        url = parts._replace(query="&".join(filter(None, (parts.query, query))), fragment="").geturl()
        header = self._basic_at(url, credential, where) if credential is not None else ""
        ask = Ask(url, home, self._limits.document_bytes, accept="application/json", authorization=header)
        answer = await self._transport.get(ask)
        if answer.status != 200:
            raise self.refused(where)
        try:
            token = msgspec.json.decode(answer.body, type=_Token)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Corrupt(f"{shown(challenge.realm)} gives no token") from None
        text = token.token or token.access_token
        if not text or not text.isascii() or not text.isprintable():
            raise Corrupt(f"{shown(challenge.realm)} gives no token")
        # A little less than its life, so that it does not end under way.
        return text, max(SHORTEST_LIFE_S, token.expires_in) - SHORTEST_LIFE_S / 2


def _key(where: Place) -> str:
    return f"{where.endpoint}/{where.path}"
