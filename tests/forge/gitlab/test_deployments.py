"""Deployments on a strict GitLab: one for a commit and a place, and its status is what was put last."""

from dataclasses import replace

import pytest

from bot.forge.errors import ForgeForbidden, ForgeUnavailable
from bot.forge.gitlab.settings import Tier
from bot.forge.reports import DeploymentReport, DeploymentState
from tests.forge.gitlab.conftest import FLEET, World
from tests.sandbox.forge import Level
from tests.sandbox.forge import Tier as Paid

STATES = [
    (DeploymentState.RUNNING, "running"),
    (DeploymentState.SUCCESS, "success"),
    (DeploymentState.FAILURE, "failed"),
    (DeploymentState.ERROR, "failed"),
    (DeploymentState.INACTIVE, "canceled"),
    (DeploymentState.QUEUED, "running"),
]


async def report(world: World, state: DeploymentState = DeploymentState.RUNNING) -> DeploymentReport:
    return DeploymentReport("staging", await world.head(), "main", state, "main/staging", "Two of three")


@pytest.mark.parametrize(("first", "word"), STATES)
@pytest.mark.parametrize(("second", "then"), STATES)
async def test_from_every_state_every_other_is_reached(
    world: World, first: DeploymentState, word: str, second: DeploymentState, then: str
) -> None:
    await world.forge.put_deployment(FLEET, await report(world, first))
    assert [known.state for known in world.fleet.deployments] == [word]
    put = await world.forge.put_deployment(FLEET, await report(world, second))
    assert world.fleet.deployments[-1].state == then
    # Only what was over and begins anew is another deployment.
    is_anew = then == "running" and word != "running"
    assert len(world.fleet.deployments) == 1 + is_anew
    found = await world.forge.find_deployment(FLEET, put.sha, "staging", "main/staging")
    assert found == put


async def test_what_is_said_already_is_not_said_again(world: World) -> None:
    await world.forge.put_deployment(FLEET, await report(world))
    world.requests.clear()
    await world.forge.put_deployment(FLEET, await report(world))
    assert world.writes == []


async def test_a_deployment_that_may_have_been_made_is_not_made_again(world: World) -> None:
    world.gitlab.faults.answer("POST", "/deployments$", 502, phase="after")
    with pytest.raises(ForgeUnavailable):
        await world.forge.put_deployment(FLEET, await report(world))
    await world.forge.put_deployment(FLEET, await report(world, DeploymentState.SUCCESS))
    assert [known.state for known in world.fleet.deployments] == ["success"]


async def test_another_place_commit_or_branch_is_another_deployment(world: World) -> None:
    first = await report(world)
    await world.gitlab.push(world.fleet, "other", {"b.yaml": b""})
    await world.gitlab.push(world.fleet, "main", {"c.yaml": b""})
    for other in (
        first,
        replace(first, environment="prod/eu 1"),
        replace(first, ref="other"),
        replace(first, sha=await world.head()),
    ):
        await world.forge.put_deployment(FLEET, other)
    assert len(world.fleet.deployments) == 4


async def test_somebody_elses_deployment_is_not_ours(world: World) -> None:
    other = world.gitlab.project_token(world.fleet, "other")
    theirs = await world.open(world.settings(read=lambda: other.bearer.text))
    put = await theirs.put_deployment(FLEET, await report(world))
    assert await world.forge.find_deployment(FLEET, put.sha, "staging", "main/staging") is None


async def test_a_protected_environment_that_is_not_ours_says_whom_to_ask(world: World) -> None:
    world.gitlab.tier = Paid.PREMIUM
    poor = world.gitlab.project_token(world.fleet, "poor", level=Level.DEVELOPER)
    async with world.gitlab_client() as admin:
        await admin.call(
            "POST",
            f"/projects/{world.fleet.id}/protected_environments",
            data={"name": "staging", "deploy_access_levels": [{"access_level": 40}]},
        )
    forge = await world.open(world.settings(read=lambda: poor.bearer.text, tier=Tier.PREMIUM))
    with pytest.raises(ForgeForbidden, match="allow the token's user to deploy"):
        await forge.put_deployment(FLEET, await report(world))
