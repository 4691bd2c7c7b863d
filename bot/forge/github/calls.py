"""Requests about one repository, made with a token for it and read into shapes.

The invariant: a token that GitHub no longer takes is renewed once, and once only.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.forge.errors import ForgeUnauthorized
from bot.forge.github.auth import Access, Auth
from bot.forge.github.client import NO_BODY
from bot.forge.github.pages import Listing, items
from bot.forge.github.paths import repo_variables
from bot.forge.shaped import shaped
from bot.model.repo import RepoId

T = TypeVar("T")
R = TypeVar("R")

ROOT = "/repos/{owner}/{repo}"


@dataclass(frozen=True, slots=True)
class Calls:
    """`path` is a URI template below the repository, starting with a slash or empty. `for_commits`: with a token that
    may write contents, and nothing else.
    """

    auth: Auth
    for_commits: bool = False

    async def get(self, repo: RepoId, path: str, shape: type[T], **variables: Any) -> T:
        return shaped(await self.send("GET", repo, path, variables), shape)

    async def list(self, repo: RepoId, listing: Listing, shape: type[T], *, limit: int) -> Sequence[T]:
        """The first `limit` items of a list below the repository."""
        variables = {**listing.variables, **repo_variables(repo)}
        below = replace(listing, url=ROOT + listing.url, variables=variables)
        return await self._authorized(
            repo, lambda access: items(access.client, below, shape, limit=limit, token=access.token)
        )

    async def send(
        self,
        method: str,
        repo: RepoId,
        path: str,
        variables: Mapping[str, Any],
        *,
        data: Any = NO_BODY,
        repeatable: bool | None = None,
    ) -> Any:
        """The answer as it came; `repeatable` as in `GitHubClient.call`."""
        every = {**variables, **repo_variables(repo)}

        async def send(access: Access) -> Any:
            answer, _ = await access.client.call(
                method, ROOT + path, every, data=data, token=access.token, repeatable=repeatable
            )
            return answer

        return await self._authorized(repo, send)

    async def _authorized(self, repo: RepoId, act: Callable[[Access], Awaitable[R]]) -> R:
        return await authorized(lambda: self._access(repo), lambda refused: self._renew(repo, refused), act)

    async def _access(self, repo: RepoId) -> Access:
        return await (self.auth.commit_access(repo) if self.for_commits else self.auth.access(repo))

    def _renew(self, repo: RepoId, refused: Access) -> bool:
        return self.auth.renew(repo, refused)


async def authorized(
    access: Callable[[], Awaitable[Access]],
    renew: Callable[[Access], bool],
    act: Callable[[Access], Awaitable[R]],
) -> R:
    """Act with a token, and once more with another one where `renew` says of the refused one that this can help."""
    first = await access()
    try:
        return await act(first)
    except ForgeUnauthorized:
        if not renew(first):
            raise
    return await act(await access())
