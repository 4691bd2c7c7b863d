"""A repository and registries to fetch from, and `Downloads` that may."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.model.hosts import Credential, Credentials, Hosts
from bot.registry import Downloads, Limits
from tests.sandbox.registry.charts import pack, write_index
from tests.sandbox.registry.distribution import Distribution, distribution
from tests.sandbox.registry.shop import Shop, shop_in

Opening = Callable[..., Downloads]
QUICK = Limits(request_s=5.0, stall_s=2.0, fresh_s=0.0)
"""Nothing is remembered that may change."""
VERSIONS = ("1.0.0", "1.1.0", "1.10.0", "2.0.0-rc.1")


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Charts that Helm packed, with the index that it makes of them."""
    directory = tmp_path_factory.mktemp("packed")
    for version in VERSIONS:
        pack(directory, "web", version)
    pack(directory, "worker", "0.3.0+build.7")
    write_index(directory)
    return directory


@pytest.fixture
def shelf(packed: Path, tmp_path: Path) -> Path:
    """A copy of the charts and their index, to spoil."""
    directory = tmp_path / "shop"
    directory.mkdir()
    for file in packed.glob("*.*"):
        (directory / file.name).write_bytes(file.read_bytes())
    return directory


@pytest_asyncio.fixture
async def shop(shelf: Path) -> AsyncIterator[Shop]:
    async with shop_in(shelf) as opened:
        yield opened


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory, packed: Path) -> Iterator[Distribution]:
    """An open registry that holds the charts below `charts/`."""
    with distribution(tmp_path_factory.mktemp("registry")) as opened:
        for file in packed.glob("*.tgz"):
            opened.push_chart(file, "charts")
        yield opened


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opening]:
    """`opened(HOST, ..., **limits)`: charts that may be asked of these hosts, all with one cache."""
    async with AsyncExitStack() as stack:

        def make(
            *hosts: str,
            offline: bool = False,
            known: tuple[Credential, ...] = (),
            home: Path | None = None,
            **limits: Any,
        ) -> Downloads:
            charts = Downloads(
                home or tmp_path / "cache",
                Hosts(hosts),
                Credentials(known),
                replace(QUICK, **limits),
                offline=offline,
            )
            stack.push_async_callback(charts.close)
            return charts

        yield make
