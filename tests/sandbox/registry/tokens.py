"""A place where tokens for a registry are had, and the certificate by which the registry knows them."""

import base64
import datetime as dt
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ISSUER, SERVICE = "desk", "registry"


@dataclass(slots=True)
class Desk:
    """`asked` has `(who, scope)` of each token given or refused; only `robot` gets one unless it is `open_to_all`."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    port: int = 0
    open_to_all: bool = False
    life_s: int = 300
    asked: list[tuple[str, str]] = field(default_factory=list)

    def auth(self, home: Path) -> dict[str, Any]:
        """The registry's configuration that sends its callers here."""
        bundle = home / "desk.pem"
        bundle.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return {
            "token": {
                "realm": f"http://127.0.0.1:{self.port}/token",
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(bundle),
            }
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        header = request.headers.get("Authorization", "")
        who = BasicAuth.decode(header) if header.startswith("Basic ") else None
        scope = request.query.get("scope", "")
        self.asked.append((who.login if who is not None else "", scope))
        is_robot = who is not None and (who.login, who.password) == ("robot", "hunter2")
        if not (is_robot or self.open_to_all):
            return web.Response(status=401)
        return web.json_response({"token": self.token(scope), "expires_in": self.life_s})

    def token(self, scope: str) -> str:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        access = [{"type": kind, "name": name, "actions": actions.split(",")}] if scope else []
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": SERVICE,
            "sub": "robot",
            "jti": "1",
            "access": access,
            "nbf": now - 60,
            "iat": now - 60,
            "exp": now + self.life_s,
        }
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        headers = {"x5c": [base64.b64encode(der).decode()]}
        return jwt.encode(claims, self.key, algorithm="ES256", headers=headers)


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    opened = Desk(key, certificate)
    app = web.Application()
    app.router.add_get("/token", opened.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    assert server.port is not None
    opened.port = server.port
    try:
        yield opened
    finally:
        await server.close()
