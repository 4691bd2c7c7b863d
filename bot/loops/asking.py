"""What a repository may ask its forge for its ApplicationSets: of itself, and of what the operator lets it ask about.

The forge is asked as Longshore, whatever credentials a generator names, and what it answers shows in a plan.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from bot.config import RepositoryConfig
from bot.config.forges import Forge as ForgeSettings
from bot.forge.base import Forge, ListedPull
from bot.forge.errors import ForgeUnavailable
from bot.model.repo import PullState, RepoId
from bot.render.applicationset import NotKnown, PullRequest, Repository
from bot.render.applicationset.providers import PullsAsked, api_root, pulls_asked

MOST_PULLS = 500
_PATIENCE_S = 30.0


class Asking:
    """One repository's way to its own forge. Fulfils `bot.planning.asked.Forges`."""

    def __init__(self, repo: RepoId, entry: RepositoryConfig, settings: ForgeSettings, forge: Forge) -> None:
        self._repo = repo
        self._entry = entry
        self._settings = settings
        self._forge = forge

    async def pull_requests(self, generator: Mapping[str, Any]) -> tuple[PullRequest, ...]:
        asked = pulls_asked(generator)
        self._require_ours(asked)
        repo = self._granted(asked.path)
        found = await self._listed(repo, asked.state)
        if len(found) > MOST_PULLS:
            hint = "" if asked.state is PullState.OPEN else "ask for those that are open only"
            raise NotKnown(f"{repo.path} has more than {MOST_PULLS} such pull requests", hint=hint)
        return tuple(
            PullRequest(
                *(each.number, each.title, each.head_ref, each.base_ref, each.head_sha, each.author),
                each.labels,
            )
            for each in found
            if asked.fits(each.labels)
        )

    async def repositories(self, generator: Mapping[str, Any]) -> tuple[Repository, ...]:  # noqa: ARG002 - as the protocol has it
        raise NotKnown(
            "it asks a forge for all repositories of an owner, which Longshore does not do",
            hint="name them in a list or git generator, and each change of them is planned too",
        )

    def _require_ours(self, asked: PullsAsked) -> None:
        """Raises `NotKnown` for any other forge than the one that the repository lives on."""
        ours = self._settings
        roots = {
            api_root(asked.kind, root)
            # What manifests may name in place of ours: where the API is for all who know the address for Git.
            for root in (ours.api_root, ours.model_copy(update={"api_url": None}).api_root)
        }
        if asked.kind != ours.kind or api_root(asked.kind, asked.api) not in roots:
            raise NotKnown(
                "it asks another forge than the one that the repository lives on, and only that one is asked",
                hint=f"the `api` of the {ours.kind} at {ours.git_root} would be it",
            )

    def _granted(self, path: str) -> RepoId:
        """Raises `NotKnown` for a repository that this one may not ask about."""
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
