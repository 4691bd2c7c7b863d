"""Looking at the cluster with eyes other than the bot's: the API as it is, and waiting for what others do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

PATIENCE_S = 20.0


async def create(session: aiohttp.ClientSession, collection: str, body: dict[str, Any]) -> str:
    async with session.post(collection, json=body) as response:
        assert response.status == 201, await response.text()
    return f"{collection}/{body['metadata']['name']}"


async def read(session: aiohttp.ClientSession, path: str) -> dict[str, Any] | None:
    async with session.get(path) as response:
        if response.status == 404:
            return None
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.05)
