"""A Helm repository on loopback, with charts in several versions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.sandbox.registry.charts import pack, write_index
from tests.sandbox.registry.shop import shop_in

CHART = "web"
VERSIONS = ("1.0.0", "1.2.0", "1.10.1", "2.0.0", "2.1.0-rc.1")
"""The last one is none that a range means."""


@asynccontextmanager
async def charts_in(directory: Path) -> AsyncIterator[str]:
    """The repository's URL. Its charts are written below the directory."""
    await asyncio.to_thread(_write, directory)
    async with shop_in(directory) as shop:
        yield shop.url


def _write(directory: Path) -> None:
    directory.mkdir()
    for version in VERSIONS:
        pack(directory, CHART, version, {"extra.yaml": "greeting: of the chart\n"})
    write_index(directory)
