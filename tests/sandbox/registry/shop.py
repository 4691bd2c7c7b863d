"""An HTTP server on loopback that serves a directory, and does whatever a test says at any path instead."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Shop:
    """`asked` lists `METHOD PATH` in order; `headers` are those of the last request to each path."""

    directory: Path
    url: str = ""
    instead: dict[str, Answering] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.url.removeprefix("http://")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        self.headers[request.path] = dict(request.headers)
        if (special := self.instead.get(request.path)) is not None:
            return await special(request)
        file = self.directory / request.path.lstrip("/")
        return web.FileResponse(file) if file.is_file() else web.Response(status=404)


@asynccontextmanager
async def shop_in(directory: Path) -> AsyncIterator[Shop]:
    """Open the shop; its files may change while it is."""
    shop = Shop(directory)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", shop.answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    shop.url = f"http://127.0.0.1:{server.port}"
    try:
        yield shop
    finally:
        await server.close()


def saying(
    status: int, body: bytes | str = b"", *, headers: dict[str, str] | None = None, times: int = -1
) -> Answering:
    """Always this answer; with `times`, that often, and 200 with the body afterwards."""
    left = times

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal left
        data = body.encode() if isinstance(body, str) else body
        if left == 0:
            return web.Response(body=data)
        left -= 1
        return web.Response(status=status, body=data if times < 0 else b"", headers=headers)

    return answer
