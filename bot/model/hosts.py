"""Which hosts may be asked for what a repository names: charts, registries, other Git repositories.

A repository is untrusted input, so an address in it is too. What is read here is what the clients will do with it: an
address that two programs could read differently (white space, a backslash, a user, a percent sign in the host) is
refused, and a machine of this network is reached only where the operator wrote its name out.
"""

import fnmatch
import ipaddress
import re
import socket
from dataclasses import dataclass, field

_DEFAULT_PORTS = {"https": 443, "http": 80, "oci": 443, "ssh": 22, "git": 9418}
_IN_CLEAR = frozenset({"http", "git"})
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)")
_SCP = re.compile(r"(?:([^@/:\[\]]+)@)?(\[[0-9A-Fa-f:.]+\]|[^@/:\[\]]+):(?!:)(?!//)(.+)", re.DOTALL)
_AUTHORITY = re.compile(r"(?:[^\[\]]*@)?(\[[0-9A-Fa-f:.]+\]|[^@:\[\]]*)(?::([0-9]*))?")
_REFERENCE = re.compile(r"([^@/:]+(?::[0-9]+)?|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?)/[^:].*")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    # NAT64 of a network's own, IPv4 in old clothes (compatible, translated), site-local, and Azure's host.
    for text in ("64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96", "fec0::/10", "168.63.129.16/32")
)
_DOCKER_HUB = "docker.io"
_MOST_CHARS = 2_048


class BadAddress(ValueError):
    """The text is no address that anything could be fetched from; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is asked: `host` in lower case, an IPv6 address without brackets; `scheme` one of https, http, oci, ssh, git."""

    scheme: str
    host: str
    port: int

    @property
    def name(self) -> str:
        """As a pattern names it: without the port where that is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def endpoint(url: str) -> Endpoint:
    """Who would be asked for `url`: a URL, `USER@HOST:PATH`, or an OCI reference. Raises `BadAddress`."""
    if len(url) > _MOST_CHARS or not url.isprintable() or any(sign in url for sign in " \\"):
        raise BadAddress("the address has a character, or a length, that no address has")
    if (match := _URL.match(url)) is not None:
        scheme = match[1].lower().removeprefix("git+")
        if scheme not in _DEFAULT_PORTS:
            raise BadAddress(f"nothing is fetched by `{match[1]}`; use https, oci or ssh")
        return _endpoint(scheme, match[2])
    if "://" in url or "::" in url.split("[", maxsplit=1)[0] or url.startswith(("/", ".", "-", "~")):
        raise BadAddress("the address names no host")
    if (match := _REFERENCE.fullmatch(url)) is not None:
        first = match[1]
        is_host = "." in first or ":" in first or first == "localhost"
        return _endpoint("oci", first if is_host else _DOCKER_HUB)
    if (match := _SCP.fullmatch(url)) is not None:
        return _endpoint("ssh", match[2])
    raise BadAddress("the address names no host")


@dataclass(frozen=True, slots=True)
class Hosts:
    """What the operator allows: `HOST` (on its scheme's own port) or `HOST:PORT`, with `*` as a wildcard in both.

    `*` alone is every host on every port. Plain http, and addresses of this machine and its networks, are for
    patterns whose host has no wildcard.
    """

    patterns: tuple[str, ...] = ()
    way_in: str = "adding `{}` to `sources.hosts` in config.yaml would allow it"
    """How somebody allows one host more."""

    def why_not(self, url: str) -> str:
        """Empty where the host may be asked, else why not, as a sentence for people. It holds no user or password."""
        try:
            asked = endpoint(url)
        except BadAddress as error:
            return str(error)
        if any(_fits(pattern, asked) and not _is_wild(pattern) for pattern in self.patterns):
            return ""
        ways = self.way_in.format(asked.name)
        if _is_private(asked.host):
            return f"{asked.name} is an address of a private network, which must be named in full; {ways}"
        if not any(_fits(pattern, asked) for pattern in self.patterns):
            return f"{asked.name} is not among the hosts that may be asked; {ways}"
        if asked.scheme in _IN_CLEAR:
            return f"{asked.name} is asked without encryption, so it must be named in full; {ways}"
        return ""

    def wants_public_address(self, url: str) -> bool:
        """Whether only wildcards allow the host: its name may then not lead into a private network. Raises `BadAddress`."""
        asked = endpoint(url)
        return not any(_fits(pattern, asked) and not _is_wild(pattern) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Credential:
    """Who to be at `host` (`HOST` or `HOST:PORT`). `username` is empty where `secret` is a token that stands alone."""

    host: str
    username: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the operator knows of hosts that do not answer everybody; the first that names a host is its."""

    known: tuple[Credential, ...] = ()

    def of(self, url: str) -> Credential | None:
        """Who to be for `url`; None for nobody. In clear, only an entry that names the port counts. Raises `BadAddress`."""
        asked = endpoint(url)
        return next((one for one in self.known if _is_for(one.host, asked)), None)


def is_public(address: str) -> bool:
    """Whether an IP address, as a resolver gives it, is one of the public Internet. Raises ValueError."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _inner(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a gateway would go on to."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _endpoint(scheme: str, authority: str) -> Endpoint:
    match = _AUTHORITY.fullmatch(authority)
    if match is None or not match[1] or not authority.isascii():
        raise BadAddress("the address names no host")
    port = int(match[2]) if match[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise BadAddress(f"{port} is no port")
    return Endpoint(scheme, _host(match[1].lower()), port)


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise BadAddress("the host is no IPv6 address") from None
    name = text.removesuffix(".")
    if _NAME.fullmatch(name) is None:
        raise BadAddress("the host's name has a character that no host name has")
    if _NUMBER.fullmatch(name.rpartition(".")[2]) is None:
        return name
    # `127.1`, `0x7f000001` and `2130706433` are all 127.0.0.1 to the programs that connect.
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        raise BadAddress("the host is no IPv4 address") from None


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not is_public(host)
    except ValueError:
        return False


def _fits(pattern: str, asked: Endpoint) -> bool:
    if pattern == "*":
        return True
    host, port = _split(pattern)
    wanted = port or str(_DEFAULT_PORTS[asked.scheme])
    return fnmatch.fnmatchcase(asked.host, host) and fnmatch.fnmatchcase(str(asked.port), wanted)


def _is_for(entry: str, asked: Endpoint) -> bool:
    is_meant = asked.scheme not in _IN_CLEAR or _split(entry)[1] == str(asked.port)
    return is_meant and _fits(entry, asked) and not _is_wild(entry)


def _is_wild(pattern: str) -> bool:
    return any(sign in _split(pattern)[0] for sign in "*?[")


def _split(pattern: str) -> tuple[str, str]:
    """Host and port of a pattern; the port is empty where it names none."""
    text = pattern.lower()
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    return host.removesuffix("."), port
