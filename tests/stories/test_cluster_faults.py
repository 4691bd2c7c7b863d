"""The API server's bad days delay what they touch, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
import pytest_asyncio

from tests.sandbox.cluster import ClusterAccess, observe
from tests.sandbox.cluster.background import BackgroundPlane
from tests.stories.apiproxy import ApiProxy, api_proxy
from tests.stories.manifests import NS, config_map, target, team
from tests.stories.story import Story
from tests.stories.town import Plan, Town, cluster, founded

if TYPE_CHECKING:
    from tests.sandbox.forge.contract import Contract

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

BOTH = {
    ".longshore.yaml": team(target("near"), target("far", cluster="far")),
    "near/settings.yaml": config_map("settings", NS, level="1"),
    "far/settings.yaml": config_map("settings-far", NS, level="1"),
}
SECOND = {
    "near/settings.yaml": config_map("settings", NS, level="2"),
    "far/settings.yaml": config_map("settings-far", NS, level="2"),
}


@pytest_asyncio.fixture(loop_scope="session")
async def far_town(
    tmp_path: Path,
    github_contract: "Contract",
    control_plane: ClusterAccess,
    own_control_plane: BackgroundPlane,
) -> AsyncIterator[Town]:
    """`staging` is the plane of all tests, `far` one of its own, to be disturbed."""

    def clusters(town: Town) -> dict[str, object]:
        return {"far": cluster(town, "far", own_control_plane.access.admin_kubeconfig)}

    plan = Plan(clusters=clusters, settings={"schedules": {"sweep": "5s"}})
    async with founded(tmp_path, github_contract, control_plane, plan) as town:
        yield town
        await town.forge.settle()
        assert town.forge.take_violations() == []


@pytest_asyncio.fixture(loop_scope="session")
async def proxied_town(
    tmp_path: Path, github_contract: "Contract", control_plane: ClusterAccess
) -> AsyncIterator[tuple[Town, ApiProxy]]:
    """`far` is the plane of all tests as well, by a way on which faults strike."""
    async with api_proxy(control_plane) as proxy:

        def clusters(town: Town) -> dict[str, object]:
            return {"far": cluster(town, "far", proxy.kubeconfig(town.bot.directory / "proxy.kubeconfig"))}

        plan = Plan(clusters=clusters, settings={"schedules": {"sweep": "5s"}})
        async with founded(tmp_path, github_contract, control_plane, plan) as town:
            yield town, proxy


async def test_an_api_server_that_hangs_dies_and_comes_back_delays_only_its_own_targets(
    far_town: Town, own_control_plane: BackgroundPlane
) -> None:
    story = await far_town.story("far")
    async with own_control_plane.access.session() as far:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": story.name}}
        await observe.create(far, "/api/v1/namespaces", namespace)
        await story.push(BOTH)
        await story.delivered(within_s=60)

        own_control_plane.pause()
        try:
            sha = await story.push(SECOND)
            await story.comes_to(lambda: level(story, "2"), "the near one is delivered meanwhile")
        finally:
            own_control_plane.resume()
        await story.delivered(sha, within_s=90)
        assert await far_level(far, story) == "2"

        await asyncio.to_thread(own_control_plane.kill_apiserver)
        third = {path: text.replace("'2'", "'3'") for path, text in SECOND.items()}
        sha = await story.push(third)
        await story.comes_to(lambda: level(story, "3"), "the near one is delivered meanwhile")
        verdict = await story.delivered(sha, "failure", "cannot be")
        assert "1 delivered" in verdict.title
        await asyncio.to_thread(own_control_plane.restart_apiserver)
        await story.delivered(sha, within_s=90)
        assert await far_level(far, story) == "3"


@pytest.mark.parametrize(
    "fault", ["429", "500", "503 after it took effect", "broken", "broken after it took effect"]
)
async def test_a_fault_of_the_api_server_costs_time_and_nothing_else(
    proxied_town: tuple[Town, ApiProxy], fault: str
) -> None:
    town, proxy = proxied_town
    story = await town.story("wind")
    await story.push(BOTH)
    await story.delivered(within_s=60)
    at = "/configmaps/settings-far$"
    strikes = {
        "429": lambda: proxy.faults.rate_limit("PATCH", at, times=2),
        "500": lambda: proxy.faults.answer("PATCH", at, 500, times=2),
        "503 after it took effect": lambda: proxy.faults.answer("PATCH", at, 503, phase="after"),
        "broken": lambda: proxy.faults.reset("PATCH", at, times=2),
        "broken after it took effect": lambda: proxy.faults.reset("PATCH", at, phase="after"),
    }
    strikes[fault]()
    sha = await story.push(SECOND)
    await story.delivered(sha, within_s=60)
    assert proxy.faults.pending == 0
    assert (await story.data("settings-far"), await story.data("settings")) == (
        {"level": "2"},
        {"level": "2"},
    )


async def level(story: Story, value: str) -> bool:
    return await story.data("settings") == {"level": value}


async def far_level(session: aiohttp.ClientSession, story: Story) -> str:
    found = await observe.read(session, f"/api/v1/namespaces/{story.name}/configmaps/settings-far")
    assert found is not None
    return str(found["data"]["level"])
