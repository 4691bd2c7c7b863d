"""Bare repositories over smart HTTP on loopback, as the controllers fetch them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from oracles.documents import Content
from tests.sandbox.cluster.ports import LOOPBACK
from tests.sandbox.forge.core.git import GitStore
from tests.sandbox.forge.core.git_objects import Identity
from tests.sandbox.forge.core.people import User
from tests.sandbox.forge.core.repositories import Repository
from tests.sandbox.forge.core.smart_http import serve

BRANCH = "main"
_OWNER = User(1, "oracles", "Oracles")
_AUTHOR = Identity("Oracles", "oracles@example.invalid")


class GitServer:
    """Serves what was put into it as `http://127.0.0.1:PORT/NAME.git`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._repositories: dict[str, Repository] = {}
        self._port = 0

    @classmethod
    @asynccontextmanager
    async def running(cls, directory: Path) -> "AsyncIterator[GitServer]":
        server = cls(directory)
        application = web.Application()
        application.router.add_route("*", "/{name}.git/{rest:.*}", server._answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, LOOPBACK, 0)
            await site.start()
            server._port = runner.addresses[0][1]
            yield server
        finally:
            await runner.cleanup()

    def url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self._port}/{name}.git"

    def path(self, name: str) -> Path:
        return self._directory / f"{name}.git"

    async def put(self, name: str, files: Mapping[str, Content]) -> None:
        """One commit that holds the files."""
        store = await GitStore.create(self.path(name), BRANCH, "refs/none")
        sha = await store.commit_files(files, name, _AUTHOR, parent=None)
        await store.set_ref(f"refs/heads/{BRANCH}", sha)
        now = datetime.now(UTC)
        number = len(self._repositories) + 1
        self._repositories[name] = Repository(
            number, _OWNER, name, is_private=False, default_branch=BRANCH, store=store,
            created_at=now, pushed_at=now,
        )  # fmt: skip

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        repository = self._repositories.get(request.match_info["name"])
        if repository is None:
            raise web.HTTPNotFound
        return await serve(request, repository, f"/{request.match_info['rest']}")
