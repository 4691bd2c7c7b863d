"""A Flux repository whose plans may fetch, and what lies elsewhere: a Helm repository, a registry, a Git repository."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.git.conftest import GitServer
from tests.git.repos import Work
from tests.planning.conftest import Bench, config_map, kustomization
from tests.planning.elsewhere.declared import elsewhere
from tests.planning.test_flux import flux
from tests.sandbox.registry.charts import pack, write_index
from tests.sandbox.registry.distribution import Distribution, distribution
from tests.sandbox.registry.shop import Shop, shop_in


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    directory = tmp_path / "shop"
    directory.mkdir()
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        pack(directory, "web", version)
    write_index(directory)
    async with shop_in(directory) as opened:
        yield opened


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distribution]:
    with distribution(tmp_path_factory.mktemp("registry")) as opened:
        yield opened


@pytest_asyncio.fixture
async def fleet(bench: Bench, tmp_path: Path) -> AsyncIterator[Bench]:
    bench.elsewhere = elsewhere(tmp_path)
    bench.work.commit(
        {
            "clusters/staging/flux-system/gotk-sync.yaml": flux("flux-system", "clusters/staging"),
            "clusters/staging/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
            "clusters/staging/apps.yaml": flux("apps", "apps"),
            "apps/own.yaml": config_map("own", namespace="shop"),
        }
    )
    yield bench
    await bench.elsewhere.close()


@pytest.fixture
def other(git_server: GitServer, tmp_path: Path) -> Work:
    """A repository of somebody else: `main` and `v1.0.0`."""
    bare = git_server.publish("acme/platform")
    work = Work.init(tmp_path / "other")
    work.git("remote", "add", "origin", str(bare))
    Work(bare).git("config", "uploadpack.allowFilter", "true")
    work.commit(
        {"base/kustomization.yaml": kustomization("cm.yaml"), "base/cm.yaml": config_map("theirs", "1")}
    )
    work.git("tag", "v1.0.0")
    work.commit({"base/cm.yaml": config_map("theirs", "2")})
    work.git("push", "-q", "origin", "main", "--tags")
    return work
