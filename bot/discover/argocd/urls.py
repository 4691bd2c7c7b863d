"""URLs as Argo CD reads them, which is how Go's `net/url` does."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_PORT = re.compile(r":(?![0-9]*$)[^\]]*$")
_SSH = re.compile(r"(ssh://)?[^/:]*@[^@]+")


def is_helm_oci(url: str) -> bool:
    """Whether a chart's repository is a registry: an URL in which no host can be told, because it has no scheme."""
    host = _host(url)
    return bool(url) and host == ""


def normal_git_url(url: str) -> str:
    """What two URLs of one repository have in common, for the rules of a project; empty for what is no URL."""
    spelled = url.strip().lower()
    if _SSH.fullmatch(spelled) and not spelled.startswith("ssh://"):
        spelled = f"ssh://{spelled.replace(':', '/', 1)}"
    spelled = spelled.removesuffix(".git")
    return "" if _host(spelled) is None else spelled.removeprefix("ssh://")


def _host(url: str) -> str | None:
    """None where it is no URL; empty where it has no host."""
    if _CONTROL.search(url):
        return None
    rest = url.partition("#")[0]
    scheme = _SCHEME.match(rest)
    if rest.startswith(":"):
        return None
    rest = (rest[scheme.end() :] if scheme else rest).partition("?")[0]
    if not rest.startswith("/"):
        if scheme:
            return ""
        return None if ":" in rest.partition("/")[0] or _BAD_ESCAPE.search(rest) else ""
    if not rest.startswith("//") or (not scheme and rest.startswith("///")):
        return None if _BAD_ESCAPE.search(rest) else ""
    authority, _, path = rest[2:].partition("/")
    host = authority.rpartition("@")[2]
    is_wrong = _BAD_ESCAPE.search(path) or _BAD_PORT.search(host) or re.search(r"[ <>\"\\^`{|}]", host)
    return None if is_wrong else host
