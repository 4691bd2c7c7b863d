"""A worker process for tests: real signals and real deaths need a process of their own.

`python -m tests.worker.program OPTIONS_JSON`: its one loop, `note`, appends a line to the file its key names, and does
what the key's verb says.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot import log
from bot.model.plan import Protection
from bot.model.steps import Again, Done, StepContext, StepKey, StepResult
from bot.store.connection import Store
from bot.worker.process import Work, WorkerOptions, serve
from bot.worker.runner import Limits
from bot.worker.verdict import Patience


def _append(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


async def note(context: StepContext, key: str) -> StepResult:
    verb, _, place = key.partition(" ")
    if verb == "park":
        raise ValueError("as the key says")
    path = Path(place)
    _append(path, f"begin {context.attempt}")
    try:
        if verb == "slow":
            await asyncio.sleep(1.0)
        elif verb == "stuck":
            await asyncio.sleep(60)
    except asyncio.CancelledError:
        _append(path, "cancelled")
        raise
    _append(path, "end")
    return Again.after(3600, datetime.now(UTC)) if verb == "again" else Done()


async def main(options: dict[str, object]) -> int:
    sweep = str(options.pop("sweep"))

    @asynccontextmanager
    async def open_work(_store: Store) -> AsyncIterator[Work]:
        yield Work(
            {"note": note}, (StepKey("note", f"quick {sweep}"),), (Protection("landlock", active=True),)
        )

    limits = Limits(patience=Patience(unexpected=1))
    return await serve(WorkerOptions(**options, limits=limits), open_work)  # type: ignore[arg-type] # as the test wrote them


if __name__ == "__main__":
    log.configure("info", "json")
    sys.exit(asyncio.run(main(json.loads(sys.argv[1]))))
