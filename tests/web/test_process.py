"""The web process: an orderly end, and no patience with connections that say nothing."""

import asyncio
import os
import signal
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot.web import process
from bot.web.app import WebOptions


async def ready_port(logs: list[Any]) -> int:
    async with asyncio.timeout(5):
        while True:
            for line in logs:
                if line["event"] == "web_ready":
                    return int(line["port"])
            await asyncio.sleep(0.01)


async def test_sigterm_ends_it_in_order(options: WebOptions) -> None:
    with structlog.testing.capture_logs() as logs:
        serving = asyncio.create_task(process.serve(replace(options, port=0)))
        port = await ready_port(logs)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(serving, 5) == 0


async def test_a_head_that_trickles_is_cut_off(options: WebOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "IDLE_TIMEOUT_S", 0.3)
    with structlog.testing.capture_logs() as logs:
        serving = asyncio.create_task(process.serve(replace(options, port=0)))
        reader, writer = await asyncio.open_connection("127.0.0.1", await ready_port(logs))
        writer.write(b"POST /hooks/gh HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 5)
