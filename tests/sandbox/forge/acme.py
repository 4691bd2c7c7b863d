"""A small company on the stand-in GitHub: one private repository, one App installed on it, and its client.

For tests of the stand-in itself; tests of the bot bring the bot's own client.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from gidgethub.aiohttp import GitHubAPI
from gidgethub.apps import get_jwt

from tests.sandbox.forge.core.conversations import Pull
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.github.apps import App, Installation
from tests.sandbox.forge.server import StandInGitHub


@dataclass(frozen=True, slots=True)
class Acme:
    github: StandInGitHub
    repository: Repository
    app: App
    installation: Installation
    session: aiohttp.ClientSession
    # Authenticated as the installation.
    bot: GitHubAPI

    def client(self, token: str | None = None) -> GitHubAPI:
        return GitHubAPI(self.session, "longshore", oauth_token=token, base_url=self.github.api_url)

    @classmethod
    @asynccontextmanager
    async def founded(cls, github: StandInGitHub) -> AsyncIterator["Acme"]:
        repository = await github.create_repo(
            "acme/fleet", files={"a.yaml": "a: 1\n", "dir/b.yaml": "b: 1\n"}
        )
        app = github.create_app()
        installation = github.install(app, "acme", [repository])
        async with aiohttp.ClientSession() as session:
            token = github.state.apps.mint(installation, None, None).text
            bot = GitHubAPI(session, "longshore", oauth_token=token, base_url=github.api_url)
            yield cls(github, repository, app, installation, session, bot)

    @property
    def jwt(self) -> str:
        return get_jwt(app_id=str(self.app.id), private_key=self.app.private_key)

    def minted(self) -> str:
        """An installation token without asking for it over HTTP: JWTs do not follow `forge.advance`."""
        return self.github.state.apps.mint(self.installation, None, None).text

    async def installation_token(self, **narrowed: object) -> str:
        url = f"/app/installations/{self.installation.id}/access_tokens"
        answer = await self.client().post(url, data=narrowed, jwt=self.jwt)
        return str(answer["token"])

    async def pull(self, branch: str = "change") -> Pull:
        """An open pull request that changes one file."""
        await self.github.push(self.repository, branch, {"a.yaml": f"a: {branch}\n"})
        return await self.github.open_pull(self.repository, branch)
