"""Flux's kinds, taught to a fresh API server."""

import asyncio
from pathlib import Path

import aiohttp
import yaml

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PATIENCE_S = 30.0
_POLL_S = 0.2


async def create_from_file(session: aiohttp.ClientSession, file: Path) -> None:
    definition = yaml.safe_load(await asyncio.to_thread(file.read_text, encoding="utf-8"))
    async with session.post(_DEFINITIONS, json=definition) as response:
        response.raise_for_status()


async def wait_for_definitions(session: aiohttp.ClientSession) -> None:
    """Until each is served: a controller that starts earlier ends at once."""
    async with asyncio.timeout(_PATIENCE_S):
        while not await _all_established(session):  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(_POLL_S)


async def _all_established(session: aiohttp.ClientSession) -> bool:
    async with session.get(_DEFINITIONS) as response:
        items = (await response.json())["items"]
    return all(
        any(
            c["type"] == "Established" and c["status"] == "True"
            for c in (i["status"].get("conditions") or ())
        )
        for i in items
    )
