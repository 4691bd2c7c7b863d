"""A way to the API server on which every request can be seen, counted, cut off or answered otherwise.

Invariant: what passes is neither changed nor sent twice.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

from tests.sandbox.cluster import ClusterAccess
from tests.sandbox.forge import Seen
from tests.sandbox.forge.core.faults import Faults

_READS = frozenset({"GET", "HEAD"})
# Those of one hop, and of the encoding, which the session opens.
_DROPPED = frozenset(
    {
        *("host", "connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"),
        *("accept-encoding", "content-encoding"),
    }
)


@dataclass(slots=True)
class ApiProxy:
    """`faults` strike here as they do on the stand-in forge."""

    session: aiohttp.ClientSession
    faults: Faults = field(default_factory=Faults)
    address: str = ""

    def kubeconfig(self, path: Path) -> Path:
        """For a client that goes this way; who it is the proxy says for it."""
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "clusters": [{"name": "proxy", "cluster": {"server": self.address}}],
            "users": [{"name": "proxy", "user": {}}],
        }
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return path

    async def handle(self, request: web.Request) -> web.StreamResponse:
        is_write = request.method not in _READS and "dryRun" not in request.query
        number, body = self.faults.count_request(), await request.read()
        try:
            await self.faults.tell(Seen(number, request.method, request.path, is_write, "before"))
            fault = self.faults.next_for_request(request.method, request.path)
            if fault is not None and fault.phase == "before" and (fault.status or fault.is_reset):
                return _struck(request, fault.status, fault.headers, fault.message)
            answer = await self._forward(request, body)
            await self.faults.tell(Seen(number, request.method, request.path, is_write, "after"))
        except ConnectionError:
            return _struck(request)
        if fault is not None:
            return _struck(request, fault.status, fault.headers, fault.message)
        return answer

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        url = URL(request.raw_path, encoded=True)
        async with self.session.request(request.method, url, data=body, headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _DROPPED}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


def _struck(
    request: web.Request, status: int | None = None, headers: dict[str, str] | None = None, message: str = ""
) -> web.Response:
    if status is None and request.transport is not None:
        request.transport.abort()
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status}
    return web.json_response(body, status=status or 500, headers=headers)


@asynccontextmanager
async def api_proxy(access: ClusterAccess) -> AsyncIterator[ApiProxy]:
    session = access.session()
    proxy = ApiProxy(session)
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, auto_decompress=False, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    proxy.address = f"http://127.0.0.1:{listener.port}"
    try:
        yield proxy
    finally:
        await runner.cleanup()
        await session.close()
