"""A person's plain token, in place of an App."""

from collections.abc import Sequence
from datetime import datetime

from bot.forge.github.auth import MAX_REPOSITORIES, Access
from bot.forge.github.client import GitHubClient
from bot.forge.github.pages import Listing, items
from bot.forge.github.shapes import Repository, User
from bot.forge.shaped import shaped
from bot.model.repo import Actor, RepoId


class TokenAuth:
    """A plain token: the same for everything, and it cannot write check runs."""

    def __init__(self, client: GitHubClient, token: str) -> None:
        self._client = client
        self._access = Access(client, token)
        self._user: User | None = None

    async def app_id(self) -> int | None:
        return None

    async def access(self, _repo: RepoId) -> Access:
        return self._access

    async def git_access(self, _repo: RepoId) -> Access:
        return self._access

    async def renewed_git_access(self, _repo: RepoId, _refused: str) -> Access | None:
        return None

    async def expires_at(self) -> datetime | None:
        return await self._client.token_expires_at()

    async def commit_access(self, _repo: RepoId) -> Access:
        return self._access

    def renew(self, _repo: RepoId, _refused: Access) -> bool:
        return False

    async def owner_access(self, _owner: str) -> Access:
        return self._access

    def renew_owner(self, _owner: str, _refused: Access) -> bool:
        return False

    async def identity(self) -> Actor:
        if self._user is None:
            answer, _ = await self._client.call("GET", "/user")
            self._user = shaped(answer, User)
        return self._user.actor

    async def repository_paths(self) -> Sequence[str]:
        listing = Listing("/user/repos?per_page=100")
        found = await items(self._client, listing, Repository, limit=MAX_REPOSITORIES)
        return [repository.full_name for repository in found if not repository.archived]

    async def missing_permissions(self) -> Sequence[str]:
        # A token that is not taken at all has no scopes to read either.
        await self.identity()
        scopes = await self._client.scopes()
        if scopes is None or "repo" in scopes:
            return ()
        if "public_repo" in scopes:
            return ("the token has the scope public_repo only: private repositories need `repo`",)
        return ("the token lacks the scope `repo`: make one that has it under Settings, Developer settings",)
