"""How manifests may call the repository at hand."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RepositoryIdentity:
    """How a manifest may call this repository: any of its URLs, in any spelling."""

    urls: frozenset[str] = frozenset()

    @classmethod
    def of(cls, urls: Iterable[str]) -> "RepositoryIdentity":
        return cls(frozenset(normal_url(url) for url in urls))


def normal_url(url: str) -> str:
    """One spelling for `https://HOST/PATH.git`, `ssh://git@HOST/PATH` and `git@HOST:PATH`: `host/path`."""
    spelled = url.strip()
    scp = re.fullmatch(r"(?:[^@/:]+@)?([^/:]+):(?!//)(.+)", spelled)
    if scp:
        host, path = scp.groups()
    else:
        _, _, rest = spelled.partition("://")
        authority, _, path = (rest or spelled).partition("/")
        host = authority.rpartition("@")[2].partition(":")[0]
    return f"{host}/{path.strip('/').removesuffix('.git')}".lower()


def without_login(url: str) -> str:
    """Without the password that some write into a URL; who logs in stays for SSH, where the address needs it."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    login, at, host = authority.rpartition("@")
    user = login.partition(":")[0] + at if scheme.lower() == "ssh" else ""
    return f"{scheme}{separator}{user}{host}{slash}{path}"
