"""What `pullRequest` and `scmProvider` ask of which forge, in words that fit every forge."""

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
_OWNERS = ("github", "gitlab", "gitea", "bitbucketServer", "azureDevOps", "bitbucket", "awsCodeCommit")
"""The same for those that list repositories."""
_NO_PROVIDER = "no forge at all"
_API_PATHS = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}
_MAX_TOPIC = 255
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
    if kind == "gitea":
        api = _written(given, "api")
    if kind in ("github", "gitea"):
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
    raise NotKnown(f"it asks {kind or _NO_PROVIDER}, which Longshore does not do")


@dataclass(frozen=True, slots=True)
class OwnerAsked:
    """`kind` and `api` as of `PullsAsked`; `owner` as it is written. The other fields are as the forge takes them."""

    kind: str
    api: str
    owner: str
    with_below: bool = False
    with_shared: bool = False
    topic: str = ""
    archived_only: bool = False


@dataclass(frozen=True, slots=True)
class RepositoriesAsked:
    """`of` is what is listed. Of each repository every branch or, without `all_branches`, the default one is meant;
    one that has none is an error where `needs_branch`.
    """

    of: OwnerAsked
    all_branches: bool = False
    without_archived: bool = False
    needs_branch: bool = False


def repositories_asked(generator: Mapping[str, Any]) -> RepositoriesAsked:
    """Raises `NotKnown` for a forge that Longshore does not ask for the repositories of an owner."""
    kind = next((name for name in _OWNERS if name in generator), "")
    given: Mapping[str, Any] = generator.get(kind, {})
    api, every = given.get("api", ""), given.get("allBranches", False)
    without_archived = given.get("excludeArchivedRepos", False)
    if kind == "github":
        of = OwnerAsked(kind, api, _written(given, "organization"))
        return RepositoriesAsked(of, every, without_archived)
    if kind == "gitlab":
        return RepositoriesAsked(_group(given), every)
    if kind == "gitea":
        of = OwnerAsked(kind, _written(given, "api"), _written(given, "owner"))
        return RepositoriesAsked(of, every, without_archived, needs_branch=not every)
    raise NotKnown(f"it asks {kind or _NO_PROVIDER}, which Longshore does not do")


def _group(given: Mapping[str, Any]) -> OwnerAsked:
    group = _written(given, "group").strip("/")
    if group.isdecimal():
        raise NotKnown("its group is a number", hint="write its path, GROUP or GROUP/SUBGROUP")
    topic = given.get("topic", "")
    if not topic.isprintable() or len(topic) > _MAX_TOPIC:
        raise NotKnown("its topic is none that a project can have")
    return OwnerAsked(
        *("gitlab", given.get("api", ""), group),
        with_below=given.get("includeSubgroups", False),
        # Left out, it is on.
        with_shared=given.get("includeSharedProjects", True),
        topic=topic,
        archived_only=given.get("includeArchivedRepos", False),
    )


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
