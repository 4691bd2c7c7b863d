"""Deployments on a strict GitHub: one for each key, moved on by its statuses."""

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from bot.forge.errors import ForgeUnavailable
from bot.forge.github.forge import open_github
from bot.forge.github.settings import GitHubSettings
from bot.forge.reports import CheckReport, CheckState, Conclusion, DeploymentReport, DeploymentState
from tests.forge.github.conftest import FLEET, World, rogue


async def make_report(world: World, **fields: object) -> DeploymentReport:
    report = DeploymentReport(
        "staging",
        await world.head(),
        "main",
        DeploymentState.RUNNING,
        "main/1",
        "3 of 5 targets",
        "https://longshore.example/log",
        "https://staging.example",
    )
    return replace(report, **fields)  # type: ignore[arg-type]


async def test_one_key_is_one_deployment_that_moves_on(world: World) -> None:
    ids = set()
    for state in DeploymentState:
        put = await world.forge.put_deployment(FLEET, await make_report(world, state=state))
        assert put.state is state
        ids.add(put.id)
        found = await world.forge.find_deployment(FLEET, put.sha, "staging", "main/1")
        assert found == put
    assert len(ids) == 1
    (deployment,) = world.fleet.deployments
    assert (deployment.sha, deployment.environment, len(deployment.statuses)) == (
        await world.head(),
        "staging",
        len(DeploymentState),
    )
    assert deployment.statuses[-1].log_url == "https://longshore.example/log"


async def test_a_report_twice_is_written_once(world: World) -> None:
    report = await make_report(world)
    put = await world.forge.put_deployment(FLEET, report)
    world.requests.clear()
    assert await world.forge.put_deployment(FLEET, report) == put
    assert world.writes == []


@pytest.mark.parametrize("other", [{"key": "main/2"}, {"environment": "production"}])
async def test_another_key_or_place_is_another_deployment(world: World, other: dict[str, object]) -> None:
    first = await world.forge.put_deployment(FLEET, await make_report(world))
    second = await world.forge.put_deployment(FLEET, await make_report(world, **other))
    assert first.id != second.id


async def test_github_does_not_wait_for_checks(world: World) -> None:
    failed = CheckReport("ci", await world.head(), CheckState.DONE, "Bad", conclusion=Conclusion.FAILURE)
    await world.forge.put_check(FLEET, failed)
    put = await world.forge.put_deployment(FLEET, await make_report(world))
    assert put.state is DeploymentState.RUNNING


async def test_github_is_told_not_to_merge_and_which_commit(with_token: World) -> None:
    behind = await with_token.github.push(with_token.fleet, "behind", {"a.yaml": b""})
    await with_token.github.push(with_token.fleet, "main", {"b.yaml": b""})
    report = await make_report(with_token, sha=behind, ref="behind")
    put = await with_token.forge.put_deployment(FLEET, report)
    assert put.sha == behind
    assert await with_token.github.head(with_token.fleet, "behind") == behind

    asked: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        if request.path.endswith("/user"):
            return web.json_response({"login": "bot", "id": 1})
        if request.method == "GET":
            return web.json_response([])
        asked.append(await request.json())
        held = {"id": 1, "sha": behind, "environment": "staging", "state": "queued"}
        return web.json_response(held, status=201)

    async with rogue(handler) as api_url, open_github(GitHubSettings("hub", None, "ghp_x", api_url)) as forge:
        await forge.put_deployment(FLEET, report)
    assert (asked[0]["auto_merge"], asked[0]["ref"]) == (False, behind)


async def test_a_long_description_is_cut(world: World) -> None:
    await world.forge.put_deployment(FLEET, await make_report(world, description="word " * 100))
    assert len(world.fleet.deployments[0].statuses[0].description) == 140


async def test_a_deployment_whose_answer_was_lost_is_not_made_twice(world: World) -> None:
    report = await make_report(world)
    world.github.faults.reset("POST", r"/deployments$", phase="after")
    with pytest.raises(ForgeUnavailable):
        await world.forge.put_deployment(FLEET, report)
    await world.forge.put_deployment(FLEET, report)
    assert len(world.fleet.deployments) == 1


async def test_nothing_is_found_where_nothing_was_put(world: World) -> None:
    assert await world.forge.find_deployment(FLEET, await world.head(), "staging", "x") is None
