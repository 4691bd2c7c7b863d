"""Addresses: who is asked, whether that is allowed, and how an address is shown to people."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.model.hosts import BadAddress, Endpoint, Hosts, endpoint
from bot.registry.errors import BadSource, HostNotAllowed, Refused


@dataclass(frozen=True, slots=True)
class Place:
    """A repository of a registry: `home` as it was named (`oci://HOST/PATH`), `root` where its API is.

    `endpoint` is who is asked, as `sources.credentials` names hosts: what is sent in clear differs from what is not.
    """

    home: str
    root: str
    path: str
    endpoint: str


def shown(url: str) -> str:
    """The address as people may see it: without user, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:300]


def permit(url: str, home: str, hosts: Hosts) -> None:
    """Raises `HostNotAllowed`, or `BadSource` for what is no address of the kind."""
    asked, origin = endpoint_of(url), endpoint_of(home)
    if "@" in urlsplit(url).netloc:
        raise BadSource(
            f"{shown(url)}: a user or password does not belong in an address",
            hint="the operator gives them under `sources.credentials`",
        )
    if asked.scheme == "https" and asked.host.endswith(f".{origin.host}") and not hosts.why_not(home):
        return
    if why_not := hosts.why_not(url):
        raise HostNotAllowed(f"{shown(url)} may not be fetched: {why_not}")


def permit_redirect(url: str, asked: str, home: str, hosts: Hosts) -> None:
    """Raises as `permit` does, and `Refused` where what was asked over TLS would go on without."""
    if endpoint_of(asked).scheme == "https" and endpoint_of(url).scheme == "http":
        raise Refused(f"{shown(asked)} leads to {shown(url)}, which is not encrypted")
    try:
        permit(url, home, hosts)
    except HostNotAllowed as error:
        raise HostNotAllowed(f"{shown(asked)} leads elsewhere: {error.message}", hint=error.hint) from None


def endpoint_of(url: str) -> Endpoint:
    """Raises `BadSource`."""
    try:
        return endpoint(url)
    except BadAddress as error:
        raise BadSource(f"{shown(url)}: {error}") from None


def index_url(url: str) -> str:
    """Where the index of the Helm repository at `url` is."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/index.yaml", fragment="").geturl()


def document_key(url: str, *, is_shown_to_us: bool) -> str:
    """What is shown to the operator is not what is shown to everybody, under the same address."""
    return f"known here {url}" if is_shown_to_us else url
