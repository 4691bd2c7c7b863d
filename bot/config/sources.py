"""The part of `config.yaml` about what is fetched: from which hosts, and as whom."""

import re
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from bot.config.types import Model, SecretRef, SizeBytes
from bot.model.hosts import Credential, Credentials, Hosts

HostName = Annotated[str, StringConstraints(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$")]
_HOST_PATTERN = r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._*-]+)(:[0-9*]{1,5})?$"
HostPattern = Annotated[str, StringConstraints(pattern=_HOST_PATTERN)]


def host_pattern(text: str) -> str:
    """Raises ValueError for what is no pattern of hosts."""
    if not re.fullmatch(_HOST_PATTERN, text):
        raise ValueError(f"{text[:80]!r} is no HOST or HOST:PORT like charts.example.com or 10.0.0.7:5000")
    return text


class SourceCredential(Model):
    """Who to be at one host."""

    host: HostName = Field(examples=["registry.example.com"])
    """`HOST`, or `HOST:PORT` where it is not the usual one. No wildcard: a password goes to one host only. Over plain http
    it goes only to the port that is named here."""
    username: str | None = Field(default=None, examples=["robot"], min_length=1)
    """The user. Give this and `password`, or `token`."""
    password: SecretRef | None = Field(default=None, examples=["${env:REGISTRY_PASSWORD}"])
    """The user's password, or what stands for one."""
    token: SecretRef | None = Field(default=None, examples=["${env:REGISTRY_TOKEN}"])
    """A token that is sent as `Authorization: Bearer`, for hosts that take one without a user."""

    @model_validator(mode="after")
    def _one_way(self) -> "SourceCredential":
        is_user = self.username is not None and self.password is not None
        if (self.username is None) != (self.password is None) or is_user == (self.token is not None):
            raise ValueError("give `username` and `password`, or `token`")
        return self

    def read(self) -> Credential:
        """Raises SecretUnreadable."""
        secret = self.token or self.password
        assert secret is not None
        return Credential(self.host, self.username or "", secret.read())


class Sources(Model):
    """Where what a repository names beyond itself may be fetched from: charts, artifacts, other repositories."""

    hosts: tuple[HostPattern, ...] = Field(
        default=(), examples=[["charts.example.com", "registry.example.com", "*.githubusercontent.com"]]
    )
    """Hosts that may be asked: `HOST` or `HOST:PORT`, with `*` as a wildcard. Empty: nothing is fetched. Plain http, and
    addresses of private networks, want a host without wildcard."""
    credentials: tuple[SourceCredential, ...] = ()
    """Who to be at hosts that do not answer everybody."""
    cache: SizeBytes = Field(default=1 << 30, examples=["1Gi"])
    """Most disk for charts and artifacts that were fetched."""

    def allowed(self) -> Hosts:
        return Hosts(self.hosts)

    def secrets(self) -> Credentials:
        """Raises SecretUnreadable."""
        return Credentials(tuple(one.read() for one in self.credentials))
