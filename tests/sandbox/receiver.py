"""Where hooks point to in tests: keeps what arrives, answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MAX_BODY_BYTES = 26 * 1024 * 1024


@dataclass
class Receiver:
    """`received` has the headers, in small letters, and the body of each delivery."""

    url: str = ""
    status: int = 202
    delay_s: float = 0
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        await asyncio.sleep(self.delay_s)
        self.received.append(({name.lower(): value for name, value in request.headers.items()}, body))
        return web.Response(status=self.status)

    @property
    def names(self) -> list[str]:
        return [_name(headers, body) for headers, body in self.received]

    @property
    def last(self) -> tuple[dict[str, str], dict[str, Any]]:
        headers, body = self.received[-1]
        return headers, json.loads(body)

    def payload(self, name: str) -> dict[str, Any]:
        """The newest of that name: `pull_request.opened`, `Merge Request Hook.open`."""
        found = [json.loads(body) for headers, body in self.received if _name(headers, body) == name]
        assert found, f"no {name} among {self.names}"
        payload: dict[str, Any] = found[-1]
        return payload


def _name(headers: dict[str, str], body: bytes) -> str:
    payload = json.loads(body)
    action = payload.get("action") or (payload.get("object_attributes") or {}).get("action")
    event = headers.get("x-github-event") or headers["x-gitlab-event"]
    return event + (f".{action}" if action else "")


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{site.port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
