"""What a `pullRequest` generator asks of which forge, in words that fit every forge."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.model.repo import PullState
from bot.render.applicationset.errors import NotKnown

_PROVIDERS = ("github", "gitlab", "gitea", "bitbucketServer", "bitbucket", "azuredevops")
"""In the order in which Argo CD looks for them."""
_STATES = {
    "": None,
    "all": None,
    "opened": PullState.OPEN,
    "closed": PullState.CLOSED,
    "merged": PullState.MERGED,
}
_API_PATHS = {"github": "/api/v3", "gitlab": "/api/v4"}
_PUBLIC = {"github": "https://api.github.com", "gitlab": "https://gitlab.com"}

ApiRoot = tuple[str, str, int | None, str]


@dataclass(frozen=True, slots=True)
class PullsAsked:
    """`kind` is the forge's, `api` its address as it is written, empty for the public one; `path` is the repository's.

    `state` is None for any. `fits` tells by its labels whether a pull request is meant.
    """

    kind: str
    api: str
    path: str
    state: PullState | None
    fits: Callable[[Iterable[str]], bool]


def pulls_asked(generator: Mapping[str, Any]) -> PullsAsked:
    """Raises `NotKnown` for a forge or a state that Longshore does not ask for."""
    kind = next((name for name in _PROVIDERS if name in generator), "")
    given: Mapping[str, Any] = generator.get(kind, {})
    labels, api = given.get("labels", ()), given.get("api", "")
    if kind == "github":
        owner, name = _written(given, "owner"), _written(given, "repo")
        return PullsAsked(kind, api, f"{owner}/{name}", PullState.OPEN, lambda has: set(labels) <= set(has))
    if kind == "gitlab":
        project = _written(given, "project")
        if project.isdecimal():
            raise NotKnown("its project is a number", hint="write its path, GROUP/NAME")
        state = given.get("pullRequestState", "")
        if state not in _STATES:
            raise NotKnown(
                "Longshore does not know its pullRequestState", hint="write opened, closed, merged or all"
            )
        return PullsAsked(kind, api, project, _STATES[state], _fits_on_gitlab(labels))
    raise NotKnown(f"it asks {kind or 'no forge at all'}, which Longshore does not do")


def _written(given: Mapping[str, Any], name: str) -> str:
    """What the API server does not ask for below another generator may be missing. Raises `NotKnown`."""
    found: str = given.get(name, "")
    if not found:
        raise NotKnown(f"its {name} is empty", hint=f"write {name}")
    return found


def _fits_on_gitlab(labels: Iterable[str]) -> Callable[[Iterable[str]], bool]:
    """GitLab is given them in one text, and takes `None` and `Any` for words of its own."""
    wanted = {name.strip() for name in ",".join(labels).split(",") if name.strip()}
    words = {name.lower() for name in wanted}
    if "none" in words:
        return lambda has: not set(has)
    if "any" in words:
        return lambda has: bool(set(has))
    return lambda has: wanted <= set(has)


def api_root(kind: str, written: str) -> ApiRoot | None:
    """What Argo CD makes of an API's address, so that two of them can be compared. None for what is no address."""
    try:
        url = urlsplit(written or _PUBLIC[kind])
        host, port = (url.hostname or "").lower(), url.port or {"http": 80, "https": 443}.get(url.scheme)
    except ValueError:
        return None
    path = url.path.rstrip("/")
    is_whole = kind == "github" and (host.startswith("api.") or ".api." in host)
    if not path.endswith(_API_PATHS[kind]) and not is_whole:
        path += _API_PATHS[kind]
    return url.scheme.lower(), host, port, path
