"""A repository to work on, and a strict little git server: real `git http-backend`, with a token and faults."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestServer

from bot.git.remote import Credentials, Remote
from tests.git.repos import Work

TOKEN = "ghs_averysecrettoken"
CREDENTIALS = Credentials("x-access-token", TOKEN)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work.init(tmp_path / "work")


@dataclass
class GitServer:
    """Serves every bare repository below `root`. `fault` may answer a request instead, or None to let it through."""

    root: Path
    requests: list[str] = field(default_factory=list)
    fault: Callable[[web.Request], Awaitable[web.StreamResponse | None]] | None = None
    address: str = ""

    def remote(self, name: str = "acme/fleet", credentials: Credentials | None = CREDENTIALS) -> Remote:
        return Remote(f"{self.address}/{name}.git", credentials)

    def publish(self, name: str = "acme/fleet") -> Path:
        """An empty repository of that name; returns what to push to."""
        bare = self.root / f"{name}.git"
        Work.init(bare, "--bare")
        return bare

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        if self.fault is not None and (answer := await self.fault(request)) is not None:
            return answer
        header = request.headers.get("Authorization")
        if header is None or BasicAuth.decode(header).password != TOKEN:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        if not (self.root / request.path.lstrip("/").partition(".git/")[0]).with_suffix(".git").is_dir():
            return web.Response(status=404)
        return await self._backend(request)

    async def _backend(self, request: web.Request) -> web.Response:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        process = await asyncio.create_subprocess_exec(
            *("git", "http-backend"),
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate(await request.read())
        head, _, body = output.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return web.Response(status=int(headers.pop("Status", "200")[:3]), headers=headers, body=body)


@pytest.fixture
async def server(
    tmp_path: Path, aiohttp_server: Callable[[web.Application], Awaitable[TestServer]]
) -> GitServer:
    git_server = GitServer(tmp_path / "forge")
    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_route("*", "/{tail:.*}", git_server.handle)
    started = await aiohttp_server(application)
    git_server.address = str(started.make_url("")).rstrip("/")
    return git_server
