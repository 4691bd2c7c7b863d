"""Which repository an address in a manifest means, and how it is fetched: over HTTP, whatever it is spelt as.

A key for SSH is never used, so `ssh://git@HOST/PATH` and `git@HOST:PATH` are asked as `https://HOST/PATH`. A user or
password that somebody wrote into an address goes no further than here.
"""

import re
from dataclasses import dataclass, field

from bot.git.errors import BadRepositoryAddress
from bot.model.hosts import BadAddress, endpoint

_SCP = re.compile(r"(?:[^@/:]+@)?(?:\[[^\]]*\]|[^/:]+):(?P<path>.*)", re.DOTALL)
_PATH = re.compile(r"[^?#%\\\s\0]+")
_HTTPS_OF_SSH = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
}
_AZURE_SSH = re.compile(r"v3/(?P<organisation>[^/]+)/(?P<project>[^/]+)/(?P<repository>[^/]+)")


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`identity` is the same for every spelling of one repository; `url` is what is fetched."""

    identity: str
    url: str = field(compare=False)

    def __str__(self) -> str:
        return self.identity

    @classmethod
    def of(cls, text: str) -> "Address":
        """Raises `BadRepositoryAddress`."""
        try:
            asked = endpoint(text)
        except BadAddress as error:
            raise BadRepositoryAddress(f"the repository's address cannot be used: {error}") from None
        if asked.scheme not in {"http", "https", "ssh"}:
            raise BadRepositoryAddress(
                f"a repository at {asked.name} is not fetched by {asked.scheme}",
                hint="use its https address",
            )
        scheme, authority = asked.scheme, asked.name
        if scheme == "ssh":
            # The port is that of SSH; nothing is known of another one for HTTPS.
            host = f"[{asked.host}]" if ":" in asked.host else asked.host
            scheme, authority = "https", _HTTPS_OF_SSH.get(host, host)
        path = _path(text, authority)
        return cls(f"{scheme}://{authority}/{path.removesuffix('.git')}", f"{scheme}://{authority}/{path}")

    @property
    def with_suffix(self) -> str:
        """The URL that some forges redirect to where `.git` is left out."""
        return f"{self.identity}.git"


def _path(text: str, authority: str) -> str:
    """The path on the host, without slashes at its ends. Raises `BadRepositoryAddress`."""
    if "://" in text:
        path = text.partition("://")[2].partition("/")[2]
    else:
        match = _SCP.fullmatch(text)
        path = match["path"] if match else ""
    path = path.strip("/")
    names = path.split("/")
    if not _PATH.fullmatch(path) or any(name in ("", ".", "..") for name in names):
        raise BadRepositoryAddress(
            f"the address on {authority} names no repository",
            hint="it is of the form https://HOST/OWNER/NAME",
        )
    azure = _AZURE_SSH.fullmatch(path) if authority == "dev.azure.com" else None
    return azure.expand(r"\g<organisation>/\g<project>/_git/\g<repository>") if azure else path
