"""Webhooks: how long a forge waits for its 202 when a thousand deliveries come at once.

The real web process with an embedded Valkey that has every write on disk before it answers. The client is a process
of its own with a bounded number of connections. Every delivery is about another pull request; afterwards the queue
must know every single one.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.burst import percentile
from bench.measure import Row, Runs, WrongResult
from bench.processes import Program, free_port
from bot.store.connection import Store
from bot.store.embedded import EmbeddedStore
from bot.store.queue import Queue

DELIVERIES, CONNECTIONS = 1000, 16
P99_S = 0.05
BURST_TIMEOUT_S = 120.0
SECRET = "the bench's own secret"  # noqa: S105 - made up
REPOSITORY = "bench/fleet"


def measure(directory: Path, rounds: int, say: Callable[[str], None]) -> list[Row]:
    return asyncio.run(_measure(directory, rounds, say))


async def _measure(directory: Path, rounds: int, say: Callable[[str], None]) -> list[Row]:
    runs = Runs()
    for number in range(rounds):
        say(f"intake: round {number + 1} of {rounds}, {DELIVERIES} deliveries over {CONNECTIONS} connections")
        async with _web(directory / str(number)) as web:
            waited_s = await burst(web.port)
            await _nothing_is_lost(web.store)
        for share in (50, 99, 100):
            runs.add(f"p{share}", percentile(waited_s, share))
    what = f"{DELIVERIES} signed deliveries at once, {CONNECTIONS} connections"
    return [
        Row("intake", f"{what}: p50", runs.of("p50")),
        Row("intake", f"{what}: p99", runs.of("p99"), at_most=P99_S),
        Row("intake", f"{what}: slowest", runs.of("p100")),
    ]


@dataclass(frozen=True, slots=True)
class _Web:
    pid: int
    port: int
    store: EmbeddedStore


@asynccontextmanager
async def _web(directory: Path) -> AsyncIterator[_Web]:
    port = free_port()
    config = {
        "dataDir": str(directory),
        "forges": {"hub": {"webhookSecrets": ["${env:HOOK_SECRET}"], "token": "${env:HOOK_SECRET}"}},
        "repositories": [{"forge": "hub", "repository": REPOSITORY}],
        "web": {"host": "127.0.0.1", "port": port},
    }
    store = EmbeddedStore(directory)
    await store.start()
    file = directory / "config.yaml"
    await asyncio.to_thread(file.write_text, yaml.safe_dump(config), encoding="utf-8")
    try:
        argv = ("-m", "bot.cli", "web", "--config", str(file), "--store-url", store.url)
        async with Program.running(argv, directory / "web.log", {"HOOK_SECRET": SECRET}) as program:
            await program.until_it_answers(port, "/healthz")
            yield _Web(program.pid, port, store)
    finally:
        await store.stop()


async def burst(port: int, *, secret: str = SECRET, repository: str = REPOSITORY) -> list[float]:
    """Send them all from another process; how long each waited for its 202."""
    url = f"http://127.0.0.1:{port}/hooks/hub"
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.burst", url, repository, str(DELIVERIES), str(CONNECTIONS)),
        env={**os.environ, "HOOK_SECRET": secret},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(BURST_TIMEOUT_S):
        output, _ = await client.communicate()
    answer = json.loads(output)
    if answer["statuses"] != {"202": DELIVERIES}:
        raise WrongResult(f"not every delivery was accepted: {answer['statuses']}")
    return [float(waited) for waited in answer["waited_s"]]


async def _nothing_is_lost(server: EmbeddedStore) -> None:
    store = Store.open(server.url)
    try:
        status = await Queue(store).status()
    finally:
        await store.close()
    if status.due != DELIVERIES:
        raise WrongResult(f"the queue knows {status.due} of {DELIVERIES} pull requests")
