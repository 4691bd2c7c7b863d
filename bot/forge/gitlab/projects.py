"""Which project a repository is, and requests about it.

The invariant: in the life of a process, a project is asked for by its path once, and by its number from then on, so that
a rename changes nothing and another project that takes the old path is not taken for it. What the path leads to after
a restart may be another one: `bot.loops.identity` compares the numbers.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from bot.forge.base import Located
from bot.forge.caches import ExpiringCache
from bot.forge.errors import ForgeNotFound
from bot.forge.gitlab.client import NO_PARAMS, GitLabClient, Params
from bot.forge.gitlab.paths import part, project_path
from bot.forge.gitlab.shapes import Project, User
from bot.forge.shaped import shaped
from bot.model.repo import Actor, RepoId

T = TypeVar("T")

MAX_PROJECTS: Final = 5000
PATH_LIFETIME_S: Final = 10 * 60.0
IDENTITY_LIFETIME_S: Final = 60 * 60.0
REPORTER: Final = 20


@dataclass(frozen=True, slots=True)
class Projects:
    client: GitLabClient
    _numbers: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _paths: ExpiringCache[int, str] = field(default_factory=lambda: ExpiringCache(lifetime_s=PATH_LIFETIME_S))
    _users: ExpiringCache[str, Actor] = field(
        default_factory=lambda: ExpiringCache(lifetime_s=IDENTITY_LIFETIME_S)
    )

    async def identity(self) -> Actor:
        """Whose the token is: with another one it may be another bot."""
        token = await self.client.tokens.current()
        return await self._users.get(token, self._who)

    async def _who(self) -> Actor:
        return (await self.client.get("/user", User)).actor

    async def number(self, repo: RepoId) -> int:
        known = self._numbers.get(repo.path)
        return known if known is not None else (await self._find(repo)).id

    async def project(self, repo: RepoId) -> Project:
        """As it is now. What lies at the path of one that is gone is another one: it is not taken for it."""
        if (known := self._numbers.get(repo.path)) is None:
            return await self._find(repo)
        try:
            return await self.client.get(f"/projects/{known}", Project)
        except ForgeNotFound as error:
            raise ForgeNotFound(
                f"GitLab shows us project {known} no more, which was {repo.path}",
                hint="was it deleted, or is the token's user no member of it any more? If what lies at its path now is meant, "
                "restart the worker, and follow what it then says",
            ) from error

    async def locate(self, repo: RepoId) -> Located:
        project = await self.project(repo)
        return Located(project.id, project.path_with_namespace)

    async def path_of(self, number: int) -> str | None:
        """The path of any project; None for one that is gone, or not for us."""

        async def ask() -> str:
            try:
                return (await self.client.get(f"/projects/{number}", Project)).path_with_namespace
            except ForgeNotFound:
                return ""

        return await self._paths.get(number, ask) or None

    async def all_paths(self) -> Sequence[str]:
        params = {"membership": True, "archived": False, "simple": True, "min_access_level": REPORTER}
        keyset = {"pagination": "keyset", "order_by": "id", "sort": "asc"}
        found = await self.client.items("/projects", Project, {**params, **keyset}, limit=MAX_PROJECTS)
        return [project.path_with_namespace for project in found]

    async def get(self, repo: RepoId, path: str, shape: type[T], params: Params = NO_PARAMS) -> T:
        """`path` is below the project, starting with a slash or empty; its parts are encoded."""
        return shaped(await self.send("GET", repo, path, params=params), shape)

    async def list(
        self, repo: RepoId, path: str, shape: type[T], params: Params = NO_PARAMS, *, limit: int
    ) -> Sequence[T]:
        """The first `limit` items."""
        return await self.client.items(
            f"/projects/{await self.number(repo)}{path}", shape, params, limit=limit
        )

    async def send(
        self,
        method: str,
        repo: RepoId,
        path: str,
        *,
        params: Params = NO_PARAMS,
        data: Mapping[str, Any] | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        url = f"/projects/{await self.number(repo)}{path}"
        answer = await self.client.call(method, url, params, data=data, repeatable=repeatable)
        return answer.data

    async def _find(self, repo: RepoId) -> Project:
        path = project_path(repo)
        try:
            # An old path is answered with a redirect to the number.
            found = await self.client.get(f"/projects/{part(path)}", Project)
        except ForgeNotFound as error:
            raise ForgeNotFound(
                f"GitLab shows us no project {path}",
                hint="was it deleted, or is the token's user no member of it?",
            ) from error
        self._numbers[repo.path] = found.id
        while len(self._numbers) > MAX_PROJECTS:
            self._numbers.popitem(last=False)
        return found
