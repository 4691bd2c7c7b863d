"""Towns for the stories. A bot takes seconds to start, so the stories of one test process share one per kind."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.sandbox.cluster import ClusterAccess
from tests.stories.districts import districts, grant
from tests.stories.fluxfiles import FLEET_KEY
from tests.stories.town import Forge, Plan, Town, founded

if TYPE_CHECKING:
    from tests.sandbox.forge.contract import Contract

SWEEP = "3s"
RETRY = "2s"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's own, but short: the path of the store's socket has to fit into 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="story-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def _keyed(directory: Path) -> Plan:
    """Clusters beside the usual two that not everything may be done to, a key for what is encrypted, leave to fetch
    from this machine and to list the owners of catalogs, and little patience with what was not got.
    """
    key = directory / "fleet.agekey"
    key.write_text(FLEET_KEY.secret, encoding="utf-8")
    served = {
        "forge": "hub",
        "repository": "*/fleet",
        "argocd": {"asks": ["*catalog-*/*"]},
        "sops": {"ageKeys": [f"${{file:{key}}}"]},
    }
    settings = {
        "repositories": [served],
        "sources": {"hosts": ["127.0.0.1:*"]},
        "schedules": {"retry": RETRY},
    }
    return Plan(clusters=districts, settings=settings)


RESTLESS = {"schedules": {"sweep": SWEEP}, "sandbox": {"forks": "never"}}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app_town(
    tmp_path_factory: pytest.TempPathFactory, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[Town]:
    """A bot that is a GitHub App."""
    directory = tmp_path_factory.mktemp("app")
    async with founded(directory, github_contract, control_plane, _keyed(directory)) as town:
        await grant(town)
        yield town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gitlab_town(
    tmp_path_factory: pytest.TempPathFactory, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[Town]:
    """The same on GitLab: a bot with the access token of the group above all projects."""
    directory = tmp_path_factory.mktemp("lab")
    plan = replace(_keyed(directory), is_gitlab=True)
    async with founded(directory, github_contract, control_plane, plan) as town:
        await grant(town)
        yield town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def token_town(
    tmp_path_factory: pytest.TempPathFactory, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[Town]:
    """A bot with nothing but a plain token of GitHub."""
    plan = Plan(is_app=False)
    async with founded(tmp_path_factory.mktemp("token"), github_contract, control_plane, plan) as town:
        yield town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _restless_github(
    tmp_path_factory: pytest.TempPathFactory, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[Town]:
    plan = Plan(settings=RESTLESS)
    async with founded(tmp_path_factory.mktemp("rest"), github_contract, control_plane, plan) as town:
        yield town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _restless_gitlab(
    tmp_path_factory: pytest.TempPathFactory, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[Town]:
    plan = Plan(is_gitlab=True, settings=RESTLESS)
    async with founded(tmp_path_factory.mktemp("labrest"), github_contract, control_plane, plan) as town:
        yield town


# NB: a fixture that is chosen by its name is asked for by a plain one: an async one cannot ask for another.


@pytest.fixture(params=["github", "gitlab"])
def _restless(request: pytest.FixtureRequest) -> Town:
    town: Town = request.getfixturevalue(f"_restless_{request.param}")
    return town


@pytest_asyncio.fixture(loop_scope="session")
async def restless_town(_restless: Town) -> AsyncIterator[Town]:
    """A bot that looks at everything every few seconds, for stories in which events get lost. It plans no forks.

    Earlier stories are over: they are taken from the bot, so that no sweep comes by.
    """
    yield _restless
    await _hold_to_description(_restless)
    _restless.forget_stories()


@pytest.fixture(params=["app", "gitlab"])
def _chosen(request: pytest.FixtureRequest) -> Town:
    town: Town = request.getfixturevalue(f"{request.param}_town")
    return town


@pytest_asyncio.fixture(loop_scope="session")
async def town(_chosen: Town) -> AsyncIterator[Town]:
    """The same story on either forge, each held to its description."""
    yield _chosen
    await _hold_to_description(_chosen)


@pytest_asyncio.fixture(loop_scope="session")
async def github_town(app_town: Town) -> AsyncIterator[Town]:
    """For what there is on GitHub only: check runs, and asking for them again."""
    yield app_town
    await _hold_to_description(app_town)


@pytest.fixture(params=["app", "token", "gitlab"])
def _either(request: pytest.FixtureRequest) -> Town:
    town: Town = request.getfixturevalue(f"{request.param}_town")
    return town


@pytest_asyncio.fixture(loop_scope="session")
async def either_town(_either: Town) -> AsyncIterator[Town]:
    """The same story with an App, with a token of GitHub, and on GitLab."""
    yield _either
    await _hold_to_description(_either)


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest) -> Forge:
    """A forge of the test's own."""
    running: Forge = request.getfixturevalue(request.param)
    return running


async def _hold_to_description(town: Town) -> None:
    await town.forge.settle()
    assert town.forge.take_violations() == []
