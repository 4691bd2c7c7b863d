"""What the tests of the stand-in world share."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.faces import Face, of_github, of_gitlab
from tests.sandbox.forge import StandInGitHub, StandInGitLab
from tests.sandbox.laboratory import Laboratory
from tests.sandbox.receiver import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture(params=["github", "gitlab"])
def _standin(request: pytest.FixtureRequest) -> StandInGitHub | StandInGitLab:
    # NB: not in an async fixture, which cannot ask for another one.
    running: StandInGitHub | StandInGitLab = request.getfixturevalue(request.param)
    return running


@pytest.fixture
async def face(_standin: StandInGitHub | StandInGitLab) -> Face:
    """The same rule on both forges: a private repository in which alice may do everything."""
    return await (of_github(_standin) if isinstance(_standin, StandInGitHub) else of_gitlab(_standin))


@pytest.fixture
async def lab(gitlab: StandInGitLab) -> Laboratory:
    """A project of a subgroup, a project access token, and python-gitlab with it."""
    return await Laboratory.opened(gitlab)
