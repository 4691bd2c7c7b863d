"""The bot as it runs in production: its processes, on a configuration of a story, with what they log."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.stories.patience import until

PROJECT = Path(__file__).resolve().parents[2]
HOOK_SECRET = "the hook's own secret"
_READY_S = 90.0
_STOP_S = 45.0
_TAIL_LINES = 40
_LINE_CHARS = 600
_DULL = frozenset({"timestamp", "level", "logger", "event_ids", "run_id", "event_id"})

Event = dict[str, Any]


@dataclass(slots=True)
class Log:
    """What the bot's processes say, one JSON object a line; what is not one counts as `{"raw": line}`."""

    path: Path
    _events: list[Event] = field(default_factory=list)
    _offset: int = 0

    @property
    def events(self) -> list[Event]:
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                self._events.append(_event(line.decode(errors="replace").rstrip()))
        return self._events

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8", errors="replace")

    def tail(self, about: str = "") -> str:
        """The last words that tell anything, in one line each; those that name `about`, where that is given."""
        lines = [_brief(event) for event in self.events if event.get("event") != "request"]
        return "\n".join([line for line in lines if about in line][-_TAIL_LINES:])


def _brief(event: Event) -> str:
    rest = {k: v for k, v in event.items() if k not in _DULL and v not in ("", None, [])}
    return f"{str(event.get('timestamp', ''))[11:23]} {json.dumps(rest)[:_LINE_CHARS]}"


def _event(line: str) -> Event:
    with contextlib.suppress(json.JSONDecodeError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return {"raw": line}


@dataclass(slots=True)
class Process:
    """One program of the bot, started as a person would, in a session of its own."""

    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, *self.argv),
                env={**os.environ, **self.environment, "LONGSHORE_LOG_FORMAT": "json"},
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._process is None:
            return
        self.send(number)
        async with asyncio.timeout(_STOP_S):
            await self._process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Bot:
    """`longshore run` in a directory of its own. Make it, write its configuration, start it."""

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    log: Log = field(init=False)
    process: Process = field(init=False)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True)
        self.log = Log(self.directory / "bot.log")
        environment = {"HOOK_SECRET": HOOK_SECRET, **self.environment}
        self.process = Process(self.arguments, self.log.path, environment)

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("-m", "bot.cli", "run", "--config", str(self.config_file))

    @property
    def store_url(self) -> str:
        return f"unix://{self.data_dir / 'store' / 'valkey.sock'}"

    @property
    def config_file(self) -> Path:
        return self.directory / "config.yaml"

    @property
    def data_dir(self) -> Path:
        return self.directory / "data"

    @property
    def hook_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/hub"

    def configure(self, config: Mapping[str, Any]) -> None:
        """`config` lacks only where to listen and to keep data."""
        whole = {
            "dataDir": str(self.data_dir),
            "web": {"host": "127.0.0.1", "port": self.port},
            "worker": {"metricsPort": 0, "drain": "5s"},
            **config,
        }
        self.config_file.write_text(yaml.safe_dump(whole), encoding="utf-8")

    async def start(self) -> None:
        await self.process.start()
        await until(self._is_ready, "the bot is ready", within_s=_READY_S, dump=self.log.tail)

    async def stop(self) -> None:
        """End it in order."""
        await self.process.end()

    def worker_pid(self) -> int:
        """The worker that runs now, as the supervisor told it."""
        started = [e for e in self.log.events if e.get("event") == "role_started" and e["role"] == "worker"]
        return int(started[-1]["pid"])

    async def command(self, *words: str) -> str:
        """`longshore ...` as the operator would type it. Fails with what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", *words, "--config", str(self.config_file)),
            env={**os.environ, **self.process.environment, "LONGSHORE_STORE_URL": self.store_url},
            cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode(errors="replace")
        return output.decode(errors="replace")

    async def _is_ready(self) -> bool:
        """Ready to take webhooks, with a worker that lives."""
        assert self.process.is_running, f"the bot ended at once:\n{self.log.tail()}"
        return await answers(self.port, "/readyz")


@dataclass(slots=True)
class LoneWorker(Bot):
    """A worker alone, beside a store that somebody else keeps: to be killed, stopped and started at will.

    Its leases are short, so that its successor need not wait for as long as in real life.
    """

    url: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("-m", "tests.stories.impatient", str(self.config_file), self.store_url)

    @property
    def store_url(self) -> str:
        return self.url

    async def start(self) -> None:
        already = self._starts()
        await self.process.start()
        await until(lambda: self._starts() > already, "it works", within_s=_READY_S, dump=self.log.tail)

    async def kill(self) -> None:
        await self.process.end(signal.SIGKILL)

    def _starts(self) -> int:
        return sum(event.get("event") == "worker_ready" for event in self.log.events)


async def answers(port: int, path: str) -> bool:
    """Whether a GET is answered 200. Without a client library, so that it can be asked while all else is busy."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        await writer.drain()
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()


@asynccontextmanager
async def running_bot(bot: Bot, config: Callable[[Bot], Mapping[str, Any]]) -> AsyncIterator[Bot]:
    """Started with a configuration that may depend on where it is, and stopped in order."""
    bot.configure(config(bot))
    await bot.start()
    try:
        yield bot
    finally:
        await bot.stop()
