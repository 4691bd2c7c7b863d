"""URLs as Argo CD reads them, which is how Go's `net/url` does."""

import re
import string
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_PORT = re.compile(r":(?![0-9]*$)[^\]]*$")
_BAD_HOST = re.compile(r"[ %\\^`{|}]")
_USER = re.compile(r"[-A-Za-z0-9._:~!$&'()*+,;=%@]*")
_SSH = re.compile(r"(ssh://)?[^/:]*@[^@]+")
_KEPT_IN_PATH = "$&+,/:;=@"
_KEPT_IN_USER = "$&+,;="
_AS_WRITTEN = frozenset(f"{string.ascii_letters}{string.digits}-_.~%!'()*[]{_KEPT_IN_PATH}")
"""A path of nothing else stays as it is written; any other is spelled anew."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """`lead` is all that stands before the path, `tail` the query and fragment; an opaque URL is all `lead`."""

    lead: str
    host: str
    path: str
    tail: str


def is_helm_oci(url: str) -> bool:
    """Whether a chart's repository is a registry: a URL in which no host can be told, because it has no scheme."""
    parts = _parts(url) if url else None
    return parts is not None and not parts.host


def normal_git_url(url: str) -> str:
    """What two spellings of one repository have in common, for the rules of a project; empty for what is no URL."""
    spelled = url.strip().lower()
    if _SSH.fullmatch(spelled) and not spelled.startswith("ssh://"):
        spelled = f"ssh://{spelled.replace(':', '/', 1)}"
    parts = _parts(spelled.removesuffix(".git"))
    if parts is None:
        return ""
    path = parts.path
    if not _AS_WRITTEN.issuperset(path):
        path = _spelled(path, _KEPT_IN_PATH)
    return f"{parts.lead}{path}{parts.tail}".removeprefix("ssh://")


def _parts(url: str) -> _Parts | None:
    """None where it is no URL."""
    if _CONTROL.search(url) or url.startswith(":"):
        return None
    if url == "*":
        return _Parts("", "", url, "")
    body = re.split(r"[?#]", url, maxsplit=1)[0]
    tail = url[len(body) :]
    scheme = _SCHEME.match(body)
    lead = scheme[0] if scheme else ""
    rest = body[len(lead) :]
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        return _with_authority(lead, rest, tail)
    if scheme and not rest.startswith("/"):
        return _Parts(url, "", "", "")
    is_wrong = _BAD_ESCAPE.search(rest) or (not scheme and ":" in rest.partition("/")[0])
    return None if is_wrong else _Parts(lead, "", rest, tail)


def _with_authority(lead: str, rest: str, tail: str) -> _Parts | None:
    authority = rest[2:].partition("/")[0]
    user, at, host = authority.rpartition("@")
    path = rest[2 + len(authority) :]
    if not _USER.fullmatch(user) or _BAD_ESCAPE.search(user + path) or _is_no_host(host):
        return None
    return _Parts(f"{lead}//{_user(user)}{at}{host}", host, path, tail)


def _is_no_host(host: str) -> bool:
    is_open = host.startswith("[") and "]" not in host
    return is_open or bool(_BAD_PORT.search(host) or _BAD_HOST.search(host))


def _user(written: str) -> str:
    name, colon, password = written.partition(":")
    return f"{_spelled(name, _KEPT_IN_USER)}{colon}{_spelled(password, _KEPT_IN_USER)}"


def _spelled(text: str, kept: str) -> str:
    return quote(unquote_to_bytes(text.encode(errors="surrogateescape")), safe=kept)
