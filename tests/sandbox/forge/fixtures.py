"""The stand-in forges for tests: strict, fresh for each test, and not forgiving at the end.

Every test run loads this module: the judge, which is slow to import, is imported by the fixture that needs it.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.forge.acme import Acme
from tests.sandbox.forge.gitlab.server import StandInGitLab
from tests.sandbox.forge.server import StandInGitHub
from tools.github import find_description

if TYPE_CHECKING:
    from tests.sandbox.forge.contract import Contract
    from tests.sandbox.forge.gitlab.contract import Contract as GitLabContract


@pytest.fixture(scope="session")
def github_contract() -> "Contract":
    """GitHub's official description of its API."""
    from tests.sandbox.forge.contract import Contract  # noqa: PLC0415 - see the module's docstring

    path = find_description("openapi.json")
    if path is None:
        pytest.fail("GitHub's API description is missing: run `python tools/build.py github-description`")
    return Contract.load(path)


@pytest.fixture
async def github(tmp_path: Path, github_contract: "Contract") -> AsyncIterator[StandInGitHub]:
    """A running GitHub. A request, answer or webhook outside the official description fails the test.

    A test that means to break the rules takes what it caused with `github.take_violations()`.
    """
    async with StandInGitHub.running(tmp_path / "github", contract=github_contract) as running:
        yield running
        await running.settle()
        assert running.take_violations() == []


@pytest.fixture(scope="session")
def gitlab_contract() -> "GitLabContract":
    """What GitLab's documentation says of its API, written down beside the stand-in."""
    from tests.sandbox.forge.gitlab.contract import Contract  # noqa: PLC0415 - see the module's docstring

    return Contract.load()


@pytest.fixture
async def gitlab(tmp_path: Path, gitlab_contract: "GitLabContract") -> AsyncIterator[StandInGitLab]:
    """A running GitLab of the free tier. What is not written down fails the test, as for `github`."""
    async with StandInGitLab.running(tmp_path / "gitlab", contract=gitlab_contract) as running:
        yield running
        await running.settle()
        assert running.take_violations() == []


@pytest.fixture
async def acme(github: StandInGitHub) -> AsyncIterator[Acme]:
    """A private repository `acme/fleet` with an App installed on it, and the App's client."""
    async with Acme.founded(github) as acme:
        yield acme
