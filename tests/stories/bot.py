"""The bot as it runs in production: `longshore run` as a process, with its own store, on a configuration of a story."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_READY_S = 30.0
_STOP_S = 45.0


@dataclass(slots=True)
class Bot:
    """One running bot. `log` grows while it runs."""

    directory: Path
    port: int
    environment: Mapping[str, str]
    process: asyncio.subprocess.Process | None = field(default=None)

    @property
    def hook_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/hub"

    @property
    def log(self) -> str:
        return (self.directory / "bot.log").read_text(encoding="utf-8", errors="replace")

    @property
    def events(self) -> list[dict[str, Any]]:
        found = []
        for line in self.log.splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return found

    async def start(self) -> None:
        with (self.directory / "bot.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot.cli", "run", "--config", str(self.directory / "config.yaml")),
                env={**os.environ, **self.environment, "LONGSHORE_LOG_FORMAT": "json"},
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_READY_S):
                while not await self._answers():
                    if self.process.returncode is not None:
                        raise RuntimeError(f"the bot ended at once:\n{self.log[-4000:]}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise RuntimeError(f"the bot is not ready:\n{self.log[-4000:]}") from None

    async def stop(self) -> None:
        """End it in order."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End everything of it at once, as a power cut would."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(number)
        async with asyncio.timeout(_STOP_S):
            await process.wait()

    async def _answers(self) -> bool:
        """Ready to take webhooks, with a worker that lives."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            writer.write(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            await writer.drain()
            return b" 200 " in await reader.readline()
        except OSError:
            return False
        finally:
            writer.close()


@asynccontextmanager
async def running_bot(
    directory: Path, config: Mapping[str, Any], environment: Mapping[str, str]
) -> AsyncIterator[Bot]:
    """`config` lacks only where to listen and to keep data."""
    directory.mkdir(parents=True)
    bot = Bot(directory, free_port(), environment)
    whole = {
        "dataDir": str(directory / "data"),
        "web": {"host": "127.0.0.1", "port": bot.port},
        "worker": {"metricsPort": 0, "drain": "5s"},
        **config,
    }
    (directory / "config.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    await bot.start()
    try:
        yield bot
    finally:
        await bot.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
