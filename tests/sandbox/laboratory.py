"""A project on the stand-in GitLab, and python-gitlab to ask it: a client that we did not write.

Its calls block; `ask` runs them beside the loop that answers them.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import gitlab as python_gitlab
import pytest

from tests.sandbox.forge import Level, StandInGitLab
from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.gitlab.tokens import AccessToken

T = TypeVar("T")
PATH = "acme/platform/fleet"
FILES = {"a.yaml": "a: 1\n", "dir/b.yaml": "b: 1\n"}


@dataclass
class Laboratory:
    """`bot` is python-gitlab with the project's token; its objects are of no type that says anything."""

    gitlab: StandInGitLab
    repository: Repository
    token: AccessToken
    bot: python_gitlab.Gitlab

    @classmethod
    async def opened(cls, gitlab: StandInGitLab) -> "Laboratory":
        repository = await gitlab.create_repo(PATH, files=FILES)
        gitlab.give_level(repository, "alice", Level.MAINTAINER)
        token = gitlab.project_token(repository)
        return cls(gitlab, repository, token, _client(gitlab, token.bearer.text))

    def client(self, text: str | None = None) -> python_gitlab.Gitlab:
        """With another token, or with none."""
        return _client(self.gitlab, text)

    @property
    def us(self) -> User:
        return self.token.user

    async def ask(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        return await asyncio.to_thread(call, *arguments, **named)

    async def get(self, path: str, **query: Any) -> Any:
        return await self.ask(self.bot.http_get, path, query)

    async def project(self, client: python_gitlab.Gitlab | None = None) -> Any:
        return await self.ask((client or self.bot).projects.get, PATH)

    async def pull(self, branch: str = "change") -> Pull:
        await self.gitlab.push(self.repository, branch, {"a.yaml": f"a: {branch}\n"})
        return await self.gitlab.open_pull(self.repository, branch)

    async def request(self, pull: Pull, *, is_ready: bool = True) -> Any:
        """The merge request as python-gitlab sees it, once what runs in the background has run."""
        project = await self.project()
        for _ in range(2 if is_ready else 0):
            await self.ask(project.mergerequests.get, pull.number)
        return await self.ask(project.mergerequests.get, pull.number)

    async def refused(self, status: int, call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
        """What GitLab says instead."""
        with pytest.raises(python_gitlab.GitlabError) as refusal:
            await self.ask(call, *arguments, **named)
        assert refusal.value.response_code == status, refusal.value
        return str(refusal.value.error_message)


def _client(gitlab: StandInGitLab, text: str | None) -> python_gitlab.Gitlab:
    return python_gitlab.Gitlab(gitlab.url, private_token=text, timeout=10, retry_transient_errors=False)
