"""One control plane with Argo CD on it for all rules, and for each of them forges of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from bot.proc.sandbox import layers
from bot.render.applicationset import Templates
from oracles.argocd.controllers import argo_cluster
from oracles.asked.owner import Owner, on_github, on_gitlab
from oracles.cluster import Cluster
from tests.sandbox.forge import StandInGitHub, StandInGitLab
from tests.sandbox.forge.contract import Contract
from tests.sandbox.forge.gitlab.contract import Contract as GitLabContract
from tools.github import find_description

BRANCH_OF_NO_NAME = "/repository/branches/: GitLab has no such operation"
"""Argo CD asks for it where a project has no branch; that there is none is what either of us makes of the answer."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    async with argo_cluster(tmp_path_factory.mktemp("argocd")) as argo:
        yield argo.cluster


@pytest_asyncio.fixture(loop_scope="session", params=["github", "gitlab"])
async def owner(request: pytest.FixtureRequest, tmp_path: Path, cluster: Cluster) -> AsyncIterator[Owner]:
    """What neither forge describes fails the rule, whoever asked for it."""
    async with AsyncExitStack() as stack:
        if request.param == "github":
            description = find_description("openapi.json")
            assert description is not None
            github = await stack.enter_async_context(
                StandInGitHub.running(tmp_path, contract=Contract.load(description))
            )
            yield await on_github(github, cluster, stack)
            assert github.take_violations() == []
        else:
            gitlab = await stack.enter_async_context(
                StandInGitLab.running(tmp_path, contract=GitLabContract.load())
            )
            yield await on_gitlab(gitlab, cluster, stack)
            assert [each for each in gitlab.take_violations() if BRANCH_OF_NO_NAME not in each] == []


@pytest_asyncio.fixture(loop_scope="session")
async def group(tmp_path: Path, cluster: Cluster) -> AsyncIterator[Owner]:
    """What only GitLab has: groups below others, and projects that are shared."""
    async with (
        AsyncExitStack() as stack,
        StandInGitLab.running(tmp_path, contract=GitLabContract.load()) as gitlab,
    ):
        yield await on_gitlab(gitlab, cluster, stack)
        assert gitlab.take_violations() == []


@pytest_asyncio.fixture(loop_scope="session")
async def templates() -> AsyncIterator[Templates]:
    found = Templates.here(layers())
    assert found.builder is not None, "argocd-template is not installed: run `make tools`"
    yield found
    found.close()
