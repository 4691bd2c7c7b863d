"""Towns for the stories. A bot takes seconds to start, so the stories of one test process share one per kind."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.sandbox.cluster import ClusterAccess
from tests.stories.districts import districts, grant
from tests.stories.fluxfiles import FLEET_KEY
from tests.stories.town import Plan, Town, founded

if TYPE_CHECKING:
    from tests.sandbox.forge.contract import Contract

SWEEP = "3s"
RETRY = "2s"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's own, but short: the path of the store's socket has to fit into 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="story-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app_town(
    tmp_path_factory: pytest.TempPathFactory, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[Town]:
    """A bot that is a GitHub App, with clusters beside the usual two that not everything may be done to.

    It holds a key for what is encrypted, may fetch from this machine, and soon asks again for what it did not get.
    """
    directory = tmp_path_factory.mktemp("app")
    key = directory / "fleet.agekey"
    key.write_text(FLEET_KEY.secret, encoding="utf-8")
    served = {"forge": "hub", "repository": "*/fleet", "sops": {"ageKeys": [f"${{file:{key}}}"]}}
    settings = {
        "repositories": [served],
        "sources": {"hosts": ["127.0.0.1:*"]},
        "schedules": {"retry": RETRY},
    }
    plan = Plan(clusters=districts, settings=settings)
    async with founded(directory, github_contract, control_plane, plan) as town:
        await grant(town)
        yield town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def token_town(
    tmp_path_factory: pytest.TempPathFactory, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[Town]:
    """A bot with nothing but a plain token."""
    plan = Plan(is_app=False)
    async with founded(tmp_path_factory.mktemp("token"), github_contract, control_plane, plan) as town:
        yield town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _restless_town(
    tmp_path_factory: pytest.TempPathFactory, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[Town]:
    plan = Plan(settings={"schedules": {"sweep": SWEEP}, "sandbox": {"forks": "never"}})
    async with founded(tmp_path_factory.mktemp("rest"), github_contract, control_plane, plan) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def restless_town(_restless_town: Town) -> AsyncIterator[Town]:
    """A bot that looks at everything every few seconds, for stories in which events get lost. It plans no forks.

    Earlier stories are over: the App is uninstalled from them, so that no sweep comes by.
    """
    yield _restless_town
    await _hold_to_description(_restless_town)
    _restless_town.forget_stories()


@pytest_asyncio.fixture(loop_scope="session")
async def town(app_town: Town) -> AsyncIterator[Town]:
    """The App's town, held to the official description by every story."""
    yield app_town
    await _hold_to_description(app_town)


@pytest.fixture(params=["app", "token"])
def _either(request: pytest.FixtureRequest) -> Town:
    # NB: not in an async fixture, which cannot ask for another one.
    town: Town = request.getfixturevalue(f"{request.param}_town")
    return town


@pytest_asyncio.fixture(loop_scope="session")
async def either_town(_either: Town) -> AsyncIterator[Town]:
    """The same story with an App and with a token."""
    yield _either
    await _hold_to_description(_either)


async def _hold_to_description(town: Town) -> None:
    await town.github.settle()
    assert town.github.take_violations() == []
