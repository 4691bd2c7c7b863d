"""What a repository may ask its forge for its ApplicationSets: of itself, and of what the operator lets it ask about.

The forge is asked as Longshore, whatever credentials a generator names, and what it answers shows in a plan.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.config import RepositoryConfig
from bot.config.forges import Forge as ForgeSettings
from bot.forge.base import Forge, ListedPull
from bot.forge.errors import ForgeUnavailable
from bot.model.repo import PullState, RepoId
from bot.render.applicationset import NotKnown, PullRequest, Repository

MOST_PULLS = 500
_PATIENCE_S = 30.0
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

_Fields = Mapping[str, Any]


class Asking:
    """One repository's way to its own forge. Fulfils `bot.planning.asked.Forges`."""

    def __init__(self, repo: RepoId, entry: RepositoryConfig, settings: ForgeSettings, forge: Forge) -> None:
        self._repo = repo
        self._entry = entry
        self._settings = settings
        self._forge = forge

    async def pull_requests(self, generator: _Fields) -> tuple[PullRequest, ...]:
        asked = self._provider(generator)
        is_gitlab = self._settings.kind == "gitlab"
        repo = self._granted(asked["project"] if is_gitlab else f"{asked['owner']}/{asked['repo']}")
        text = asked.get("pullRequestState", "") if is_gitlab else "opened"
        if text not in _STATES:
            raise NotKnown(
                "Longshore does not know its pullRequestState",
                hint="write opened, closed, merged or all",
            )
        found = await self._listed(repo, _STATES[text])
        if len(found) > MOST_PULLS:
            hint = "" if text == "opened" else "write `pullRequestState: opened`"
            raise NotKnown(f"{repo.path} has more than {MOST_PULLS} such pull requests", hint=hint)
        labels = asked.get("labels", ())
        chosen = _labelled_on_gitlab(found, labels) if is_gitlab else _labelled(found, labels)
        return tuple(
            PullRequest(
                *(each.number, each.title, each.head_ref, each.base_ref, each.head_sha, each.author),
                each.labels,
            )
            for each in chosen
        )

    async def repositories(self, generator: _Fields) -> tuple[Repository, ...]:
        self._provider(generator)
        raise NotKnown(
            "it asks for all repositories of an owner, which Longshore does not ask a forge for",
            hint="name them in a list or git generator, and each change of them is planned too",
        )

    def _provider(self, generator: _Fields) -> _Fields:
        """What is asked of the forge that the repository lives on. Raises `NotKnown` for any other."""
        kind = next((name for name in _PROVIDERS if name in generator), "")
        ours = self._settings
        if kind != ours.kind:
            raise NotKnown(
                f"it asks {kind or 'no forge that Longshore knows'}, and only the forge that the repository lives on "
                f"is asked, which is a {ours.kind}"
            )
        asked: _Fields = generator[kind]
        roots = {_api_root(kind, root) for root in (ours.api_root, _derived(ours))}
        if _api_root(kind, asked.get("api", "")) not in roots:
            raise NotKnown(
                "its `api` is another forge than the one that the repository lives on, and only that one is asked",
                hint=f"the API of {self._repo.forge} is {ours.api_root}",
            )
        return asked

    def _granted(self, path: str) -> RepoId:
        """Raises `NotKnown` for a repository that this one may not ask about."""
        if path.isdecimal():
            raise NotKnown("its project is a number", hint="write its path, GROUP/NAME")
        repo = RepoId(self._repo.forge, path)
        if repo != self._repo and not self._entry.argocd.lets_ask(repo.path):
            raise NotKnown(
                f"it asks about another repository, which the operator does not let {self._repo.path} do",
                hint="the operator can add that one to repositories[].argocd.asks",
            )
        return repo

    async def _listed(self, repo: RepoId, state: PullState | None) -> Sequence[ListedPull]:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._forge.listed_pulls(repo, state=state, limit=MOST_PULLS + 1)
        except TimeoutError:
            raise ForgeUnavailable(
                f"{self._repo.forge} did not list the pull requests of {repo.path} within {_PATIENCE_S:.0f} s"
            ) from None


def _labelled(pulls: Sequence[ListedPull], labels: Sequence[str]) -> list[ListedPull]:
    return [each for each in pulls if set(labels) <= set(each.labels)]


def _labelled_on_gitlab(pulls: Sequence[ListedPull], labels: Sequence[str]) -> list[ListedPull]:
    """GitLab takes them in one text, and `None` and `Any` for words of its own."""
    wanted = [name.strip() for name in ",".join(labels).split(",") if name.strip()]
    words = {name.lower() for name in wanted}
    if "none" in words:
        return [each for each in pulls if not each.labels]
    if "any" in words:
        return [each for each in pulls if each.labels]
    return _labelled(pulls, wanted)


def _derived(settings: ForgeSettings) -> str:
    """Where the API is when nothing but the address for Git is known: what manifests may name, in place of ours."""
    return settings.model_copy(update={"api_url": None}).api_root


def _api_root(kind: str, written: str) -> tuple[str, str, int | None, str] | None:
    """What Argo CD makes of an API's address, so that two of them can be compared. None for what is none."""
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
